"""The argument vector of `bwrap`: what a guest sees of the host."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tiltyard.jail.limits import Limits

SYSTEM_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/alternatives",
    "/sys/devices/system/cpu",
)
"""What the loader, the clock and torch's count of the processors read."""
UNREADABLE_PROC = ("kcore", "keys", "kmsg", "kpagecount", "kpageflags", "kpagecgroup", "sysrq-trigger", "timer_list")
"""A root evaluator's guest owns these files, whatever its capabilities."""
PACKAGE_PARTS = ("__init__.py", "errors.py", "contest", "jail", "attacks", "vision")
"""All of this package that a guest sees: no weights, tracks or answers."""
NOBODY = "65534"


def arguments(
    *,
    program: Sequence[str],
    readable: Sequence[Path],
    hidden: Sequence[Path],
    mounts: Mapping[str, Path],
    environment: Mapping[str, str],
    limits: Limits,
    seccomp_fd: int,
    status_fd: int | None = None,
    executable: str = "bwrap",
) -> list[str]:
    """The command that runs `program` in a jail.

    `readable` folders appear read-only under their own names; `mounts` maps a path inside to a folder or file
    outside, read-only too. `hidden` files and folders are masked wherever they would show, save where a mount names
    them or a part of them. Only `/tmp`, the working directory, and `/dev/shm` can be written, up to `limits.disk`
    bytes each. bubblewrap reports on `status_fd` whether the program was reached.
    """
    shown = [(folder.resolve(), name) for folder in readable for name in _names(folder) if not _in_system(name)]
    mounted = [(source.resolve(), Path(inside)) for inside, source in mounts.items()]
    masked = [path.resolve() for path in hidden if path.exists()]
    under_system = [(Path("/usr"), Path("/usr")), *shown]
    emptied = list(_masks(masked, under_system))
    command = [executable, *_isolation(seccomp_fd), *_environment(environment)]
    if status_fd is not None:
        command += ["--json-status-fd", str(status_fd)]
    command += _system(limits)
    for source, inside in shown:
        command += ["--ro-bind", str(source), str(inside)]
    command += _mask(emptied)
    for source, inside in mounted:
        command += ["--ro-bind", str(source), str(inside)]
    late = list(_masks([path for path in masked if path not in {source for source, _ in mounted}], mounted))
    command += _mask(late)
    for path in (inside for source, inside in emptied + late if source.is_dir()):
        command += ["--remount-ro", str(path)]
    return [*command, "--chdir", "/tmp", "--remount-ro", "/", "--", *program]  # noqa: S108 (the guest's own)


def private_places() -> list[Path]:
    """What lies below `/usr` and is no system: sources and settings, save where this interpreter lives in them."""
    needed = [folder.resolve() for folder in python_readable()]
    places = (Path("/usr", name) for name in ("src", "local/src", "local/etc", "local/share/ca-certificates"))
    return [place for place in places if place.is_dir() and not any(each.is_relative_to(place) for each in needed)]


def python_readable() -> list[Path]:
    """The folders that this interpreter and its packages live in."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    packages = {entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")}
    folders = sorted(path for path in map(Path, prefixes | packages) if path.is_dir())
    return [path for path in folders if not any(parent in folders for parent in path.parents)]


def package_folder() -> Path:
    return Path(__file__).resolve().parent.parent


def package_mounts() -> dict[str, Path]:
    """This package as a guest sees it, under its own path; `package_folder()` belongs into `hidden` with it."""
    names = _names(Path(__file__).absolute().parent.parent)
    parts = (folder / part for folder in names for part in PACKAGE_PARTS)
    return {str(part): part for part in parts if part.exists()}


def _isolation(seccomp_fd: int) -> list[str]:
    return [
        "--unshare-user",
        "--unshare-all",
        "--disable-userns",
        "--die-with-parent",
        "--new-session",
        *("--uid", NOBODY, "--gid", NOBODY),
        *("--cap-drop", "ALL"),
        *("--hostname", "guest"),
        *("--seccomp", str(seccomp_fd)),
    ]


def _environment(environment: Mapping[str, str]) -> list[str]:
    pairs = (("--setenv", name, value) for name, value in environment.items())
    return ["--clearenv", *(word for pair in pairs for word in pair)]


def _system(limits: Limits) -> list[str]:
    command = ["--ro-bind", "/usr", "/usr"]
    for path in (Path("/", name) for name in SYSTEM_LINKS):
        if path.is_symlink():
            command += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            command += ["--ro-bind", str(path), str(path)]
    for file in SYSTEM_FILES:
        command += ["--ro-bind-try", file, file]
    return [*command, *_kernel_folders(), *_writable("/dev/shm", limits), *_writable("/tmp", limits)]  # noqa: S108


def _kernel_folders() -> Iterator[str]:
    """`/proc` and `/dev`, closed to writing: a root evaluator's guest owns what the host's root owns there."""
    yield from ("--proc", "/proc")
    for name in UNREADABLE_PROC:
        if Path("/proc", name).exists():
            yield from ("--ro-bind", "/dev/null", f"/proc/{name}")
    yield from ("--remount-ro", "/proc", "--dev", "/dev", "--remount-ro", "/dev")


def _writable(folder: str, limits: Limits) -> list[str]:
    return ["--size", str(limits.disk), "--tmpfs", folder]


def _names(folder: Path) -> tuple[Path, ...]:
    """The path as Python knows it and, where links lead elsewhere, the real one, at which links will look for it."""
    return tuple(dict.fromkeys((folder.absolute(), folder.resolve())))


def _in_system(path: Path) -> bool:
    return path.is_relative_to("/usr") or (len(path.parts) > 1 and path.parts[1] in SYSTEM_LINKS)


def _masks(hidden: Sequence[Path], visible: Sequence[tuple[Path, Path]]) -> Iterator[tuple[Path, Path]]:
    """Each hidden path with every name under which the guest would find it."""
    for path in hidden:
        for source, inside in visible:
            if path.is_relative_to(source):
                yield path, inside / path.relative_to(source)


def _mask(masks: Sequence[tuple[Path, Path]]) -> list[str]:
    """A hidden folder becomes an empty one; a hidden file becomes a device that a bound mount will not open."""
    command: list[str] = []
    for path, inside in masks:
        command += ["--tmpfs", str(inside)] if path.is_dir() else ["--ro-bind", "/dev/null", str(inside)]
    return command
