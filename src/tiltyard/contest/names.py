"""Which member names an entry may have: plain relative paths that mean the same everywhere."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from tiltyard.errors import EntryError

MAX_COMPONENT = 200
MAX_DEPTH = 16
JUNK = ("__MACOSX", "__pycache__", ".DS_Store", "Thumbs.db", ".git")


def check_name(name: str, where: str) -> str:
    """The name as it is, if it is a plain relative path; raises EntryError with the rule that it breaks."""
    rule = _broken_rule(name)
    if rule:
        raise EntryError(f"{where}: member {shown(name)}: {rule}")
    return name


def _broken_rule(name: str) -> str | None:
    if not name or "\\" in name or any(unicodedata.category(char).startswith("C") for char in name):
        return "a name must be non-empty and free of backslashes and control characters"
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        return "a path must be relative"
    components = name.split("/")
    if any(part in ("", ".", "..") for part in components):
        return "a path must not contain empty, '.' or '..' components"
    if len(components) > MAX_DEPTH or any(len(part.encode()) > MAX_COMPONENT for part in components):
        return f"a path has at most {MAX_DEPTH} components of {MAX_COMPONENT} bytes"
    return None


def is_junk(name: str) -> bool:
    """Whether a member is what desktops and interpreters leave behind; such members are left out."""
    return any(part in JUNK for part in name.split("/"))


def same_name(name: str) -> str:
    """The form under which two names collide on some file system."""
    return unicodedata.normalize("NFC", name).casefold()


def shown(name: str) -> str:
    """A name fit for a one-line message."""
    return ascii(name if len(name) <= 80 else name[:77] + "…")


def one_line(text: object, limit: int = 300) -> str:
    """A message of another package, or one that quotes a file, without what would break a line or steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())[:limit]


def shown_path(path: Path) -> str:
    """A file's own name, fit for a one-line message; that of the folder where the path is `.` or `..`."""
    name = path.resolve().name if path.name in ("", "..") else path.name
    return name if name.isprintable() else shown(name)


def check_distinct(names: Iterable[str], where: str) -> None:
    """Raises EntryError where two members have one name, or one is a folder of another; `a/.` is the folder `a`."""
    seen: dict[str, str] = {}
    for name in names:
        key = same_name(name)
        if key in seen:
            raise EntryError(f"{where}: member {shown(name.removesuffix('/.'))}: two members have this name")
        seen[key] = name
    for key, name in seen.items():
        parents = key.split("/")
        for depth in range(1, len(parents)):
            if "/".join(parents[:depth]) in seen:
                raise EntryError(f"{where}: member {shown(name.removesuffix('/.'))}: a file and a folder share a name")
