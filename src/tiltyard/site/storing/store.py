"""Files by their SHA-256: in the site's data folder, or fetched from the site over HTTP."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from tiltyard.site.places import places
from tiltyard.site.storing.folder import FolderStore
from tiltyard.site.storing.remote import HttpStore

SITE_URL, TOKEN = "TILTYARD_SITE_URL", "TILTYARD_TOKEN"
"""Environment variables of a worker that shares no folder with the site."""


class Store(Protocol):
    """Where files are kept once each, under their SHA-256, and never changed."""

    def put(self, path: Path) -> str: ...
    def put_bytes(self, content: bytes) -> str: ...
    def read(self, digest: str) -> bytes: ...
    def path(self, digest: str) -> Path: ...
    def size(self, digest: str) -> int: ...


def store() -> Store:
    """The store of this process: the site's over HTTP where the environment names one, else the data folder's."""
    return _store(places().folder, os.environ.get(SITE_URL, ""), os.environ.get(TOKEN, ""))


@lru_cache(maxsize=4)
def _store(folder: Path, url: str, token: str) -> Store:
    here = places()
    here.make()
    if not url:
        return FolderStore(here.store)
    return HttpStore(url, token, here.cache / "files")
