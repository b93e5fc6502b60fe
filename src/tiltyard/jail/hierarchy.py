"""Which control-group hierarchies are mounted, and where in each of them this process stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

LEAF = "tiltyard-evaluator"
"""Where v2 needs our own process to live: a group with limited children holds no processes itself."""


@dataclass(frozen=True)
class Hierarchy:
    """One mounted cgroup hierarchy and this process's own folder in it."""

    version: int
    controllers: frozenset[str]
    top: Path
    own: Path

    def places(self) -> tuple[Path, ...]:
        """Where a guest's group may be made: the own group first, then the top."""
        own = self.own.parent if self.own.name == LEAF else self.own
        return tuple(dict.fromkeys((own, self.top)))

    def neighbourhood(self) -> set[Path]:
        """Where this user's earlier evaluators may have made theirs: session managers give each a group beside ours."""
        own, top = self.places()[0], self.top
        beside = set() if own == top else {entry for entry in own.parent.iterdir() if entry.is_dir()}
        return {own, top} | beside


def hierarchies(proc: Path = Path("/proc/self")) -> tuple[Hierarchy, ...]:
    """The mounted hierarchies of both versions."""
    own = _own_paths((proc / "cgroup").read_text())
    mounts = _cgroup_mounts((proc / "mountinfo").read_text())
    return tuple(_hierarchy(kind, root, point, options, own) for kind, root, point, options in mounts)


def _own_paths(text: str) -> dict[str, str]:
    """Controller → this process's path; the empty name stands for v2."""
    paths: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path))
    return paths


def _cgroup_mounts(text: str) -> Iterator[tuple[str, str, Path, frozenset[str]]]:
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind in ("cgroup", "cgroup2"):
            root, point = left.split(" ")[3:5]
            yield kind, root, Path(point), frozenset(options.split(","))


def _hierarchy(kind: str, root: str, point: Path, options: frozenset[str], own: Mapping[str, str]) -> Hierarchy:
    if kind == "cgroup2":
        return Hierarchy(2, words(point / "cgroup.controllers"), point, _inside(point, root, own.get("", "/")))
    controllers = options.intersection(own)
    path = own[min(controllers)] if controllers else "/"
    return Hierarchy(1, controllers, point, _inside(point, root, path))


def _inside(point: Path, root: str, path: str) -> Path:
    """The folder of `path` under a mount that shows the hierarchy from `root` on.

    Where the mount does not show it (made outside our cgroup namespace), the mount's top has to do.
    """
    if PurePosixPath(path).is_relative_to(root) and ".." not in path:
        folder = point / PurePosixPath(path).relative_to(root)
        if folder.is_dir():
            return folder
    return point


def words(file: Path) -> frozenset[str]:
    return frozenset(file.read_text().split()) if file.exists() else frozenset()
