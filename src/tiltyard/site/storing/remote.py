"""The store of a worker elsewhere: the site's files over HTTP, with a cache of its own."""

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tiltyard.errors import TiltyardError
from tiltyard.site.storing.folder import FolderStore

Answer = TypeVar("Answer")
SECONDS = 60.0
"""How long one read or write of the connection may take."""
PAUSES = (0.5, 2.0, 5.0)
"""Between tries, where the site is restarted."""
PASSING = (502, 503, 504)


class HttpStore:
    """Files of `url`/api/files, each kept in the cache once it was fetched and verified."""

    def __init__(self, url: str, token: str, cache: Path) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise TiltyardError(f"--site {url}: write https://HOST or http://HOST:PORT")
        self.url, self.token = url.rstrip("/"), token
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.cache = FolderStore(cache)

    def check(self) -> None:
        """TiltyardError where the site cannot be reached or does not know the token."""
        self._patiently(lambda: self._has("0" * 64))

    def put(self, path: Path) -> str:
        """Sends the file unless the site has it, and returns its SHA-256."""
        return self._send(self.cache.put(path))

    def put_bytes(self, content: bytes) -> str:
        return self._send(self.cache.put_bytes(content))

    def read(self, digest: str) -> bytes:
        self.path(digest)
        return self.cache.read(digest)

    def path(self, digest: str) -> Path:
        """Where it lies in the cache; TiltyardError where the site lacks it or cannot be reached."""
        place = self.cache.place(digest)
        if place.is_file():
            os.utime(place)
        else:
            self._patiently(lambda: self._fetch(digest))
        return place

    def size(self, digest: str) -> int:
        return self.path(digest).stat().st_size

    def _fetch(self, digest: str) -> None:
        with self._open(self._request(digest)) as answer:
            self.cache.take(answer, expected=digest)

    def _send(self, digest: str) -> str:
        if not self._patiently(lambda: self._has(digest)):
            self._patiently(lambda: self._upload(digest))
        return digest

    def _has(self, digest: str) -> bool:
        try:
            with self._open(self._request(digest, method="HEAD")):
                return True
        except urllib.error.HTTPError as error:
            if error.code == http.client.NOT_FOUND:
                return False
            raise

    def _upload(self, digest: str) -> None:
        path = self.cache.path(digest)
        with path.open("rb") as file:
            request = self._request(digest, method="PUT", data=file)
            request.add_header("Content-Length", str(path.stat().st_size))
            request.add_header("Content-Type", "application/octet-stream")
            self._open(request).close()

    def _request(self, digest: str, *, method: str = "GET", data: Any = None) -> urllib.request.Request:
        headers = {"Authorization": f"Bearer {self.token}"}
        return urllib.request.Request(f"{self.url}/api/files/{digest}", data=data, headers=headers, method=method)  # noqa: S310 - the scheme was checked

    def _open(self, request: urllib.request.Request) -> Any:
        return urllib.request.urlopen(request, timeout=SECONDS)  # noqa: S310

    def _patiently(self, work: Callable[[], Answer]) -> Answer:
        """Tries again where the site is out of reach for a moment; TiltyardError where it stays so or refuses."""
        for pause in (*PAUSES, None):
            try:
                return work()
            except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
                refused = isinstance(error, urllib.error.HTTPError) and error.code not in PASSING
                if refused or pause is None:
                    raise TiltyardError(f"{self.url}: {_said(error)}") from None
                time.sleep(pause)
        raise AssertionError("unreachable")


def _said(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        hints = {401: "the token is not the site's", 404: "the site has no such file"}
        return hints.get(error.code, f"answered {error.code} {error.reason}")
    return f"cannot be reached ({getattr(error, 'reason', error)})"
