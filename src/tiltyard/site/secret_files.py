"""Secrets in files of the data folder: made once and whole, readable for this user alone."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from tiltyard.errors import TiltyardError

MEND = "give it back its content, or remove it and start again: a new one is made"


def made_once(path: Path) -> str:
    """What the file holds, made first where there is none. TiltyardError where that cannot be, or it is empty."""
    if not path.exists():
        try:
            _make(path)
        except OSError as error:
            raise TiltyardError(f"{path}: cannot be made ({error.strerror}): let this user write there") from None
    return read_secret(path, MEND)


def read_secret(path: Path, mend: str) -> str:
    """What the file holds; TiltyardError, with what to do, where that is nothing: it would let everybody in."""
    try:
        secret = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise TiltyardError(f"{path}: cannot be read: {mend}") from None
    if not secret.strip():
        raise TiltyardError(f"{path}: is empty: {mend}")
    return secret


def _make(path: Path) -> None:
    """The file has its name only when it is whole; of several that make it at once, the first one's stays."""
    place = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
    try:
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            _name(place, path)
    finally:
        place.unlink(missing_ok=True)


def _name(place: Path, path: Path) -> None:
    """By a link, which replaces nothing; by renaming where the disk knows no links."""
    try:
        path.hardlink_to(place)
    except FileExistsError:
        raise
    except OSError:
        place.rename(path)
