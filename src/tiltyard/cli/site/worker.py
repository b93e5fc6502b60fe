"""`tiltyard worker`: more workers for a site, here or on another machine."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tiltyard.cli.site.options import Database, Ray, Workers
from tiltyard.errors import TiltyardError

HOUR = 3600.0


def worker(
    database: Database = "",
    data: Annotated[Path | None, typer.Option(help="The site's data folder, where it is shared.")] = None,
    site: Annotated[str, typer.Option(help="Else: the site's address, from which files are fetched.")] = "",
    token: Annotated[Path | None, typer.Option(help="With --site: a copy of worker.token of its data folder.")] = None,
    cache: Annotated[Path | None, typer.Option(help="With --site: where fetched files are kept.")] = None,
    workers: Workers = None,
    ray: Ray = None,
) -> None:
    """Evaluate for a site that runs elsewhere, until Ctrl-C.

    Example: tiltyard worker --database postgresql://tiltyard:…@db/tiltyard --site https://site --token worker.token
    """
    from tiltyard.site.serving import preparing
    from tiltyard.site.serving.parts import cores, worker_parts
    from tiltyard.site.serving.supervisor import Supervisor

    preparing.need_packages()
    preparing.check_ray(ray)
    if data is not None and not site:
        _share(data, database)
    elif site and token is not None and data is None:
        _fetch(site, token, cache or _own_cache(), database)
    else:
        raise TiltyardError("name the site's files: --data FOLDER where it is shared, else --site URL --token FILE")
    _check_site()
    count = workers or cores()
    typer.echo(f"{count} workers; end with Ctrl-C")
    Supervisor(worker_parts(count, ray=ray)).run(_cleaning() if site else lambda: None)


def _share(data: Path, database: str) -> None:
    from tiltyard.site.serving.preparing import point_to

    if not data.is_dir():
        raise TiltyardError(f"{data}: no such folder: name the data folder of a site")
    point_to(data, database)


def _fetch(site: str, token: Path, cache: Path, database: str) -> None:
    import os

    from tiltyard.site.serving.preparing import point_to
    from tiltyard.site.serving.token import read_token
    from tiltyard.site.storing.remote import HttpStore
    from tiltyard.site.storing.store import SITE_URL, TOKEN

    if not database:
        raise TiltyardError("--site needs --database postgresql://…: workers elsewhere share the site's database")
    secret = read_token(token)
    places = point_to(cache, database)
    HttpStore(site, secret, places.cache / "files").check()
    os.environ.update({SITE_URL: site, TOKEN: secret})


def _cleaning() -> Callable[[], None]:
    """Forgets, every hour, fetched files that nobody used for a day; a site's own folder is cleaned by the site."""
    import time

    from tiltyard.site.scheduler.cleaning import clean_cache

    due = [time.monotonic()]

    def look() -> None:
        if time.monotonic() >= due[0]:
            due[0] += HOUR
            clean_cache()

    return look


def _own_cache() -> Path:
    import os

    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "tiltyard" / "worker"


def _check_site() -> None:
    import django

    from tiltyard.site.serving.preparing import check_tables

    django.setup()
    check_tables()
