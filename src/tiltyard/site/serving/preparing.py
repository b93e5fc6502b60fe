"""What a site needs before its processes start: packages, a folder of its own, a free port, a database with tables."""

import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from tiltyard.contest.names import one_line
from tiltyard.errors import TiltyardError
from tiltyard.site.places import DATABASE, FOLDER, Places, database_settings

SETTINGS = "tiltyard.site.settings"
Result = TypeVar("Result")


def need_packages() -> None:
    """TiltyardError where the extra is not installed."""
    try:
        import argon2  # noqa: F401
        import django  # noqa: F401
        import granian  # noqa: F401
    except ImportError as error:
        raise TiltyardError(f'the site needs more packages ({error.name}): pip install "tiltyard[site]"') from None


def point_to(folder: Path, database: str) -> Places:
    """Makes the data folder, and tells this process and those it starts where it and the database are."""
    places = Places(folder.absolute())
    database_settings(database, places)
    places.make()
    (places.folder / "static").mkdir(exist_ok=True)
    os.environ.update({FOLDER: str(places.folder), DATABASE: database})
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    return places


def claim(places: Places) -> BinaryIO:
    """A lock on the data folder, held while the file is open. TiltyardError where another process has it."""
    file = (places.folder / "serve.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise TiltyardError(f"{places.folder}: is served already: stop that, or choose another --data") from None
    return file


def check_port(host: str, port: int) -> None:
    """TiltyardError where nobody could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise TiltyardError(f"port {port} of {host}: {error.strerror}: choose another --port or --host") from None


def check_ray(address: str | None) -> None:
    """TiltyardError where a cluster is named and does not answer, or Ray is not installed."""
    if address is not None:
        from tiltyard.contest.ray_executor import RayExecutor

        RayExecutor(address)


def migrate() -> None:
    """Makes or renews the tables. TiltyardError where the database cannot be reached."""
    from django.core.management import call_command

    _with_database(lambda: call_command("migrate", verbosity=0, interactive=False))


def check_tables() -> None:
    """TiltyardError unless the database is a site's."""
    from django.db import connection

    from tiltyard.site.models import Worker

    if Worker._meta.db_table not in _with_database(connection.introspection.table_names):
        raise TiltyardError("the database is no site's yet: start `tiltyard serve` on it first")


def _with_database(work: Callable[[], Result]) -> Result:
    from django.db import OperationalError, connection

    try:
        return work()
    except OperationalError as error:
        raise TiltyardError(f"the database cannot be used ({one_line(error, 200)}): check --database") from None
    finally:
        connection.close()
