"""Locks that living workers hold in the data folder: the kernel lets go of them when one dies, and others see it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tiltyard.site.places import Places

BOOT = Path("/proc/sys/kernel/random/boot_id")


def _folder(places: Places) -> Path:
    """One for each start of a machine: another machine that shares the folder sees no locks of this one."""
    boot = BOOT.read_text(encoding="ascii").strip() if BOOT.is_file() else os.uname().nodename
    return places.folder / "living" / boot


def live(places: Places, name: str) -> BinaryIO:
    """Takes the lock of that name; it holds while the file is open in this process and in none it started."""
    folder = _folder(places)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (folder / name).open("ab")
    fcntl.flock(file, fcntl.LOCK_EX)
    if not _stands(folder / name, file):
        file.close()
        return live(places, name)
    return file


def _stands(path: Path, file: BinaryIO) -> bool:
    """Whether it is still there: before it was locked it looked like a dead worker's."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def dead(places: Places) -> Iterator[str]:
    """Names of workers of this machine that live no more; each is forgotten once the next is asked for."""
    for path in sorted(_folder(places).glob("*")):
        if _is_free(path):
            yield path.name
            with suppress(FileNotFoundError):
                path.unlink()


def _is_free(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except (BlockingIOError, FileNotFoundError):
        return False
