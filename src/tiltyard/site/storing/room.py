"""How much room the site takes on its disk, and how much is left."""

import os
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.db import connection
from django.db.models import Sum

from tiltyard.site.clock import now
from tiltyard.site.models import StoredFile
from tiltyard.site.places import places

LOOKED_AT_EVERY = 60
"""Seconds for which the cache's size is believed."""


@dataclass(frozen=True)
class Room:
    """Bytes."""

    files: int
    cache: int
    database: int
    free: int


def room() -> Room:
    """As it is now; the cache's size is up to a minute old."""
    here = places()
    return Room(
        files=int(StoredFile.objects.aggregate(size=Sum("size"))["size"] or 0),
        cache=_below(here.cache, int(now().timestamp()) // LOOKED_AT_EVERY),
        database=_database(),
        free=shutil.disk_usage(here.folder).free,
    )


@lru_cache(maxsize=1)
def _below(folder: Path, _minute: int) -> int:
    """Bytes of what lies there alone: a link to a stored file takes no room."""
    size = 0
    for place, _folders, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(place, name))
            except FileNotFoundError:
                continue
            size += status.st_size if status.st_nlink == 1 else 0
    return size


def _database() -> int:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    base = str(connection.settings_dict["NAME"])
    return sum(os.path.getsize(base + end) for end in ("", "-wal") if os.path.exists(base + end))
