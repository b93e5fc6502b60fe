"""The files of a control group: who is in it, what it counts, its lock, and how it ends."""

import errno
import fcntl
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from tiltyard.errors import JailUnavailable

PATIENCE = 10.0
"""Seconds that killed processes get to disappear."""


def lock(folder: Path) -> int:
    """A descriptor that holds the group for its maker; BlockingIOError where somebody else does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def members(folder: Path) -> list[int]:
    """The numbers of its processes."""
    return [int(line) for line in (folder / "cgroup.procs").read_text().split()]


def count(file: Path, key: str) -> int:
    """One figure of a file of `key value` lines."""
    pairs = (line.split() for line in file.read_text().splitlines())
    return next((int(value) for name, value in pairs if name == key), 0)


def write(file: Path, text: str) -> None:
    """OSError names the file."""
    try:
        file.write_text(text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error  # a failed flush knows no name


def kill_members(folder: Path) -> None:
    """Kills every member and returns when none is left; after this nothing can be started in the group."""
    if not folder.exists():
        return
    if (folder / "pids.max").exists():
        write(folder / "pids.max", "0")  # nobody forks away from what follows
    if (folder / "cgroup.kill").exists():
        write(folder / "cgroup.kill", "1")
    deadline = time.monotonic() + PATIENCE
    while left := members(folder):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise JailUnavailable(f"process {left[0]} in {folder} does not die: see `ps {left[0]}`")
        time.sleep(0.001)


def remove_group(folder: Path) -> None:
    """Removes an empty group, as soon as the kernel lets go of it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            folder.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError as error:
            # The kernel lets go of a group a moment after its last process.
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.001)
