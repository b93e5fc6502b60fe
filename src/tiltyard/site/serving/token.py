"""The token by which workers elsewhere fetch and put files."""

import os
import secrets
from pathlib import Path

from tiltyard.errors import TiltyardError

TOKEN_NAME = "worker.token"  # noqa: S105 - a file's name


def workers_token(folder: Path) -> str:
    """The token of the site in this data folder; made once, readable for this user alone."""
    path = folder / TOKEN_NAME
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_token(path)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    return read_token(path)


def read_token(path: Path) -> str:
    """What the file holds; TiltyardError where it cannot be read."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise TiltyardError(f"{path}: cannot be read: copy {TOKEN_NAME} from the site's data folder") from None
