"""A PostgreSQL of the tests' own, in a folder that is gone afterwards."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SYSTEM = Path("/usr/lib/postgresql")
"""Where Debian has the server's programs."""
USER = "postgres"
"""The server does not run as root: then as this user."""
NEEDED = ("initdb", "postgres", "pg_isready")
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@contextmanager
def postgres(*, quick: bool = True) -> Iterator[str]:
    """The address of an empty database, as `--database` takes it. Skips where there is no PostgreSQL.

    `quick`: without what saves data when the machine itself fails.
    """
    programs = _programs()
    as_user = USER if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if as_user:
            shutil.chown(folder, as_user)
        _run(
            [programs / "initdb", "-A", "trust", "-U", "tiltyard", "-E", "UTF8", "--no-sync", "-D", folder / "data"],
            as_user,
        )
        with _server(programs, folder, as_user, QUICK if quick else ()) as port:
            yield f"postgresql://tiltyard@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(programs: Path, folder: Path, user: str | None, settings: tuple[str, ...]) -> Iterator[int]:
    port = _free_port()
    command = [programs / "postgres", "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", folder]
    for setting in (*settings, "max_connections=200"):
        command += ["-c", setting]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=folder)
    try:
        _wait(programs, port, server, folder / "log")
        yield port
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(30)


def _programs() -> Path:
    on_path = shutil.which("postgres")
    places = [*sorted(SYSTEM.glob("*/bin"), reverse=True), *([Path(on_path).resolve().parent] if on_path else [])]
    whole = [place for place in places if all((place / name).is_file() for name in NEEDED)]
    if not whole:
        pytest.skip("no PostgreSQL server here: sh tools/install-postgresql.sh")
    if os.geteuid() == 0 and USER not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip(f"root needs a user {USER} for the PostgreSQL server")
    return whole[0]


def _run(command: list[str | Path], user: str | None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, user=user, cwd="/")
    assert done.returncode == 0, done.stderr


def _wait(programs: Path, port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 60
    while subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode:
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
