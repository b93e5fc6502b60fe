"""Where a site keeps what it keeps: one data folder, one database."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tiltyard.errors import TiltyardError
from tiltyard.site.secret_files import made_once

FOLDER, DATABASE = "TILTYARD_SITE", "TILTYARD_DATABASE"
"""Environment variables that tell a process of the site where it belongs."""


@dataclass(frozen=True)
class Places:
    """The data folder of a site; what lies in it is never served as it lies."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "tiltyard.sqlite3"

    @property
    def store(self) -> Path:
        """Files by SHA-256."""
        return self.folder / "files"

    @property
    def cache(self) -> Path:
        """What a worker unpacked; may be deleted at any time."""
        return self.folder / "cache"

    @property
    def uploads(self) -> Path:
        """Half-received files."""
        return self.folder / "uploads"

    def make(self) -> None:
        """Makes the folders, for this user alone."""
        try:
            for place in (self.folder, self.store, self.cache, self.uploads):
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise TiltyardError(f"{self.folder}: cannot be written ({error.strerror}): choose another --data") from None

    def secret(self) -> str:
        """The key that sessions and links are signed with; made once, and for this process alone without a folder."""
        if not self.folder.is_dir():
            return secrets.token_urlsafe(48)
        return made_once(self.folder / "secret.key")


def places() -> Places:
    """Those of this process: `TILTYARD_SITE`, or `tiltyard-site` in the working folder."""
    return Places(Path(os.environ.get(FOLDER, "tiltyard-site")).absolute())


def database_settings(url: str, folder: Places) -> dict[str, Any]:
    """Django's settings of `postgresql://USER:PASSWORD@HOST/NAME`, or of SQLite where it is empty."""
    if not url:
        return _sqlite(folder.database)
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise TiltyardError("--database: write postgresql://USER:PASSWORD@HOST/NAME")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def _sqlite(path: Path) -> dict[str, Any]:
    """WAL, and transactions that take the write lock at their start: a later upgrade could not be waited for."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
        },
    }
