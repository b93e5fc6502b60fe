"""Control groups that evaluators left when they died in mid-run."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiltyard.jail.group_files import kill_members, lock, remove_group
from tiltyard.jail.hierarchy import hierarchies

USED = frozenset({"memory", "pids", "cpu", "cpuacct"})
NAME = re.compile(r"tiltyard-(\d+)-[0-9a-f]{8}")


def sweep(*, proc: Path = Path("/proc/self")) -> int:
    """Kills and removes what evaluators that died in mid-run left; returns how many folders went."""
    places = {place for each in hierarchies(proc) if each.controllers & USED for place in each.neighbourhood()}
    return sum(_sweep_one(folder) for place in places for folder in _groups(place))


def _sweep_one(folder: Path) -> bool:
    with _stale(folder) as stale:
        if stale:
            kill_members(folder)
            remove_group(folder)
    return stale


@contextmanager
def _stale(folder: Path) -> Iterator[bool]:
    """Whether the maker is dead: its number is free, and so is its lock, which other PID namespaces see too."""
    match = NAME.fullmatch(folder.name)
    if match is None or _alive(int(match[1])) or not os.access(folder, os.W_OK):
        yield False
        return
    try:
        held = lock(folder)
    except (BlockingIOError, FileNotFoundError):
        yield False
        return
    try:
        yield True
    finally:
        os.close(held)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _groups(place: Path) -> list[Path]:
    try:
        return [entry for entry in place.iterdir() if NAME.fullmatch(entry.name)]
    except FileNotFoundError:  # another's group, gone since it was listed
        return []
