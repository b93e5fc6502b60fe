"""Files for workers elsewhere: fetched and put by their SHA-256, and nothing else."""

import hashlib
import logging
import secrets
from functools import lru_cache
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tiltyard.errors import TiltyardError
from tiltyard.site.places import places
from tiltyard.site.serving.token import TOKEN_NAME, workers_token
from tiltyard.site.storing.files import note
from tiltyard.site.storing.folder import FolderStore

log = logging.getLogger("tiltyard.files")
MOST_BYTES = 8 << 30
"""Of a file that a worker puts."""


@csrf_exempt  # no cookie counts here, only the token
@require_http_methods(["GET", "HEAD", "PUT"])
def file(request: HttpRequest, digest: str) -> HttpResponseBase:
    """The stored file of that digest, or a place for it. 401 without the workers' token, 404 where there is none.

    503 where the site cannot read its own token.
    """
    try:
        if not _is_worker(request):
            return HttpResponse("a worker's token is needed\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    except TiltyardError as error:
        log.error("no worker elsewhere is let in: %s", error)
        return HttpResponse(f"the site cannot read its {TOKEN_NAME}: see its log\n", status=503)
    kept = FolderStore(places().store)
    if request.method == "PUT":
        return _taken(request, kept, digest)
    path = kept.place(digest)
    if not path.is_file():
        return HttpResponse("no such file\n", status=404)
    return FileResponse(path.open("rb"), content_type="application/octet-stream")


def _is_worker(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not given:
        return False
    return secrets.compare_digest(_digest(given), _digest(_token(places().folder)))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@lru_cache(maxsize=1)
def _token(folder: Path) -> str:
    return workers_token(folder)


def _taken(request: HttpRequest, kept: FolderStore, digest: str) -> HttpResponse:
    try:
        kept.take(request, expected=digest, most=MOST_BYTES)
    except TiltyardError as error:
        return HttpResponse(f"{error}\n", status=400)
    note(digest, kept.size(digest))
    return HttpResponse(status=201)
