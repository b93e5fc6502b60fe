"""Entries on disk for as long as a guest needs them, and the folders that killed evaluators left."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiltyard.contest.entry import Entry

UNPACKED = "tiltyard-entry-"


@contextmanager
def unpacked(entry: Entry) -> Iterator[Path]:
    """A folder with the entry's members, gone on leaving."""
    with _folder() as folder:
        entry.unpack(folder)
        yield folder


@contextmanager
def unpacked_attack(entry: Entry) -> Iterator[Path]:
    """The same in a form that `attacker` can be imported from, where the entry is that package's content too."""
    with _folder() as folder:
        target = folder / "attacker" if "__init__.py" in entry.members else folder
        target.mkdir(exist_ok=True)
        entry.unpack(target)
        yield folder


@contextmanager
def _folder() -> Iterator[Path]:
    remove_left_behind()
    with tempfile.TemporaryDirectory(prefix=f"{UNPACKED}{os.getpid()}-") as name:
        yield Path(name)


def remove_left_behind() -> None:
    """The unpacked entries of evaluators that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{UNPACKED}*-*"):
        owner = folder.name.removeprefix(UNPACKED).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists() and folder.lstat().st_uid == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)
