"""A control group for one guest: limits on memory, processes and processor time, by cgroup v1 or v2."""

import errno
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tiltyard.errors import JailUnavailable
from tiltyard.jail.group_files import count, kill_members, lock, members, remove_group, write
from tiltyard.jail.hierarchy import LEAF, Hierarchy, hierarchies, words
from tiltyard.jail.limits import Limits

CURE = (
    "run as root, or as a user by `systemd-run --user --scope -p Delegate=yes tiltyard …`; "
    "in a container give it writable control groups (`docker run --privileged`)"
)
OWN_PROCESSES = 2
"""bubblewrap's monitor and its first process in the new PID namespace: the guest's limit comes on top."""
PERIOD = 100_000
"""Microseconds over which a processor quota is counted."""
OUR_WEIGHT = "1000"
"""Of the group in which our own processes live, beside guests that weigh 100 each: ours serve them all."""


class Cgroup:
    """One guest's group; as a context manager it leaves neither a process nor a folder behind."""

    def __init__(self, folders: Mapping[str, Path], *, version: int) -> None:
        self._folders = dict(folders)
        self.version = version
        self._locks = ExitStack()
        for folder in self._unique:
            self._locks.callback(os.close, lock(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def procs_files(self) -> tuple[Path, ...]:
        """The files into which a process writes its number to enter."""
        return tuple(folder / "cgroup.procs" for folder in self._unique)

    @property
    def shares_processor(self) -> bool:
        """Whether all members together weigh as much as one process, or another group, where processors are short."""
        return "cpu" in self._folders

    def memory_exceeded(self) -> bool:
        """Whether the kernel has killed a member for want of memory."""
        file = "memory.oom_control" if self.version == 1 else "memory.events"
        return count(self._folders["memory"] / file, "oom_kill") > 0

    def processes_refused(self) -> bool:
        """Whether a fork has failed at the process limit."""
        return count(self._folders["pids"] / "pids.events", "max") > 0

    def cpu_seconds(self) -> float | None:
        """Processor time of all members, living and dead; None where this host does not count it."""
        folder = self._folders.get("cpuacct")
        if folder is None:
            return None
        if self.version == 1:
            return int((folder / "cpuacct.usage").read_text()) / 1e9
        return count(folder / "cpu.stat", "usage_usec") / 1e6

    def peak_memory(self) -> int | None:
        """The most bytes that were in use at once; None where the kernel does not say (v2 before 5.19)."""
        file = "memory.max_usage_in_bytes" if self.version == 1 else "memory.peak"
        with suppress(FileNotFoundError):
            return int((self._folders["memory"] / file).read_text())
        return None

    def kill(self) -> None:
        """Kills every member and returns when none is left; after this nothing can be started in the group."""
        for folder in self._unique:
            kill_members(folder)

    def remove(self) -> None:
        self.kill()
        for folder in self._unique:
            remove_group(folder)
        self._folders.clear()
        self._locks.close()

    @property
    def _unique(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(self._folders.values()))


def create(limits: Limits, *, proc: Path = Path("/proc/self")) -> Cgroup:
    """A new, empty group under `limits`.

    Raises JailUnavailable where memory, processes or a wanted processor quota cannot be limited.
    """
    found = hierarchies(proc)
    wanted = ("memory", "pids", *(("cpu",) if limits.cpus > 0 else ()))
    owners = {controller: _owner(controller, found) for controller in wanted}
    name = f"tiltyard-{os.getpid()}-{os.urandom(4).hex()}"
    made: dict[Hierarchy, Path] = {}
    try:
        for hierarchy in dict.fromkeys(owners.values()):
            made[hierarchy] = _make(name, hierarchy, wanted)
        if (counting := _counting(found)) and counting not in made:
            with suppress(OSError):  # processor time is good to know and no limit
                made[counting] = _make(name, counting, wanted)
        folders = {controller: made[owner] for controller, owner in owners.items()}
        if counting in made:
            folders["cpuacct"] = made[counting]
        with suppress(OSError):  # fair shares are good to have and no limit
            folders["cpu"] = _sharing(name, found, made)
        _write_limits(folders, limits, version=owners["memory"].version)
        return Cgroup(folders, version=owners["memory"].version)
    except BaseException as error:
        for folder in made.values():
            remove_group(folder)
        if isinstance(error, OSError):
            raise JailUnavailable(f"control groups cannot be made ({_brief(error)}): {CURE}") from error
        raise


def _owner(controller: str, found: Sequence[Hierarchy]) -> Hierarchy:
    for hierarchy in sorted(found, key=_version):
        if controller in hierarchy.controllers:
            return hierarchy
    raise JailUnavailable(f"no control group limits `{controller}` on this host: {CURE}")


def _version(hierarchy: Hierarchy) -> int:
    return hierarchy.version


def _counting(found: Sequence[Hierarchy]) -> Hierarchy | None:
    """v2 counts processor time in every group, v1 in a hierarchy of its own."""
    memory = _owner("memory", found)
    if memory.version == 2:
        return memory
    return next((each for each in found if "cpuacct" in each.controllers), None)


def _sharing(name: str, found: Sequence[Hierarchy], made: dict[Hierarchy, Path]) -> Path:
    """The group by which processor time is shared out, made or enabled if need be. OSError where there is none."""
    owner = next((each for each in sorted(found, key=_version) if "cpu" in each.controllers), None)
    if owner is None or (owner not in made and owner.version == 2):
        raise FileNotFoundError(errno.ENOENT, "no group shares processor time")
    if owner not in made:
        made[owner] = _make(name, owner, ())
    elif owner.version == 2:
        place = made[owner].parent
        _enable(place, ("cpu",))
        if (place / LEAF / "cpu.weight").exists():
            write(place / LEAF / "cpu.weight", OUR_WEIGHT)
    return made[owner]


def _make(name: str, hierarchy: Hierarchy, wanted: Sequence[str]) -> Path:
    places = hierarchy.places() if hierarchy.version == 1 else _v2_places(hierarchy, wanted)
    refusals: list[OSError] = []
    for place in places:
        try:
            (place / name).mkdir(mode=0o755, exist_ok=True)
            return place / name
        except OSError as error:
            refusals.append(error)
    raise refusals[0]


def _v2_places(hierarchy: Hierarchy, wanted: Sequence[str]) -> tuple[Path]:
    """The one place whose children can be limited, enabled if need be.

    Processes are moved only where nothing else helps: first the own group as it is, then the top, then the own
    group with its processes in a leaf.
    """
    own, *others = hierarchy.places()
    refusals: list[OSError] = []
    for place, move in [(own, False), *((other, False) for other in others), (own, True)]:
        try:
            if move:
                _move_to_leaf(place)
            _enable(place, wanted)
            return (place,)
        except OSError as error:
            refusals.append(error)
    raise refusals[-1]


def _enable(place: Path, wanted: Sequence[str]) -> None:
    switch = place / "cgroup.subtree_control"
    if missing := [each for each in wanted if each not in words(switch)]:
        write(switch, " ".join(f"+{each}" for each in missing))
    if not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))


def _move_to_leaf(place: Path) -> None:
    leaf = place / LEAF
    leaf.mkdir(exist_ok=True)
    for _ in range(10):  # processes may fork while they are moved
        left = members(place)
        if not left:
            return
        for pid in left:
            with suppress(ProcessLookupError):
                write(leaf / "cgroup.procs", str(pid))


def _write_limits(folders: Mapping[str, Path], limits: Limits, *, version: int) -> None:
    memory, pids = folders["memory"], folders["pids"]
    if version == 1:
        write(memory / "memory.limit_in_bytes", str(limits.memory))
        _limit_swap(memory, limits)
    else:
        write(memory / "memory.max", str(limits.memory))
        write(memory / "memory.oom.group", "1")
        if (memory / "memory.swap.max").exists():
            write(memory / "memory.swap.max", "0")
    write(pids / "pids.max", str(limits.processes + OWN_PROCESSES))
    if limits.cpus > 0:
        cpu = folders["cpu"]
        quota = max(1000, round(limits.cpus * PERIOD))
        if (cpu / "cpu.cfs_quota_us").exists():
            write(cpu / "cpu.cfs_period_us", str(PERIOD))
            write(cpu / "cpu.cfs_quota_us", str(quota))
        else:
            write(cpu / "cpu.max", f"{quota} {PERIOD}")


def _limit_swap(memory: Path, limits: Limits) -> None:
    """v1 counts swap only where the kernel was started with swapaccount; elsewhere the group is kept out of swap."""
    together = memory / "memory.memsw.limit_in_bytes"
    if together.exists():
        write(together, str(limits.memory))
    else:
        write(memory / "memory.swappiness", "0")


def _brief(error: OSError) -> str:
    return f"{error.filename or 'cgroup'}: {error.strerror}"
