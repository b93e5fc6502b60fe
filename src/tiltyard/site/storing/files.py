"""Stored files as rows, so that the database says what the store must keep."""

from pathlib import Path

from tiltyard.contest.files import walk
from tiltyard.site.models import StoredFile
from tiltyard.site.storing.store import store


def keep_file(path: Path) -> StoredFile:
    """Puts a file into the store and returns its row."""
    return note(store().put(path), path.stat().st_size)


def keep_bytes(content: bytes) -> StoredFile:
    """Puts some bytes into the store and returns their row."""
    return note(store().put_bytes(content), len(content))


def keep_all(folder: Path) -> dict[str, str]:
    """Puts every file below the folder into the store; returns path → SHA-256."""
    kept = {name: (store().put(path), path.stat().st_size) for name, path in sorted(walk(folder))}
    rows = [StoredFile(digest=digest, size=size) for digest, size in dict.fromkeys(kept.values())]
    StoredFile.objects.bulk_create(rows, ignore_conflicts=True)
    return {name: digest for name, (digest, _) in kept.items()}


def note(digest: str, size: int) -> StoredFile:
    """The row of a file that is in the store; two processes may keep one file at the same moment."""
    StoredFile.objects.bulk_create([StoredFile(digest=digest, size=size)], ignore_conflicts=True)
    return StoredFile.objects.get(digest=digest)
