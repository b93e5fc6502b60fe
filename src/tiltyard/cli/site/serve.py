"""`tiltyard serve`: the challenge site, one command."""

import socket
from collections.abc import Callable
from typing import Annotated

import typer

from tiltyard.cli.site.options import DATA, Data, Database, Ray, Workers
from tiltyard.errors import TiltyardError

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
ADDRESS = (
    "How people reach the site, behind a proxy: https://…; it answers under this name and this machine's own. "
    "Without it, on 0.0.0.0, under every name. More names: TILTYARD_HOSTS, with commas."
)


def serve(
    data: Data = DATA,
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 for every network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Workers = None,
    database: Database = "",
    ray: Ray = None,
    address: Annotated[str, typer.Option(help=ADDRESS)] = "",
) -> None:
    """Serve the challenge site: pages, workers and scheduler in one process tree, until Ctrl-C.

    Example: tiltyard serve --data contest --port 8000
    """
    import os

    from tiltyard.site.serving import preparing
    from tiltyard.site.serving.parts import cores, site_parts
    from tiltyard.site.serving.supervisor import Supervisor
    from tiltyard.site.serving.token import workers_token

    preparing.need_packages()
    if not address and host in EVERYWHERE:
        os.environ.setdefault("TILTYARD_HOSTS", "*")
    address = _address(address, host, port)
    places = preparing.point_to(data, database)
    os.environ["TILTYARD_ADDRESS"] = address
    with preparing.claim(places):
        preparing.check_port(host, port)
        preparing.check_ray(ray)
        link = _set_up(address)
        workers_token(places.folder)
        parts = site_parts(host, port, workers=cores() if workers is None else workers, ray=ray)
        Supervisor(parts).run(_announcing(host, port, address, link))


def _set_up(address: str) -> str | None:
    """The tables, and the link for an organiser where there is none yet."""
    import django

    from tiltyard.site.serving.preparing import migrate

    django.setup()
    migrate()
    from django.db import connection

    from tiltyard.site.serving.organiser_link import new_link

    try:
        return new_link(address)
    finally:
        connection.close()


def _address(wanted: str, host: str, port: int) -> str:
    if not wanted:
        reached = socket.gethostname() if host in EVERYWHERE else host
        return f"http://{f'[{reached}]' if ':' in reached else reached}:{port}"
    if not wanted.startswith(("https://", "http://")):
        raise TiltyardError(f"--address {wanted}: write https://HOST")
    return wanted.rstrip("/")


def _announcing(host: str, port: int, address: str, link: str | None) -> Callable[[], None]:
    """Says where the site is as soon as it answers."""
    waiting = [True]

    def look() -> None:
        if waiting and _answers(host, port):
            waiting.clear()
            typer.echo(f"Tiltyard is at {address}")
            if link:
                typer.echo(f"Become its organiser by this link, which works once: {link}")

    return look


def _answers(host: str, port: int) -> bool:
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    try:
        socket.create_connection((here, port), timeout=0.5).close()
    except OSError:
        return False
    return True
