"""Files for workers elsewhere: fetched and put by their SHA-256, and nothing else."""

import hashlib
import secrets
from functools import lru_cache
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tiltyard.errors import TiltyardError
from tiltyard.site.places import places
from tiltyard.site.serving.token import workers_token
from tiltyard.site.storing.files import note
from tiltyard.site.storing.folder import FolderStore

MOST_BYTES = 8 << 30
"""Of a file that a worker puts."""


@csrf_exempt  # no cookie counts here, only the token
@require_http_methods(["GET", "HEAD", "PUT"])
def file(request: HttpRequest, digest: str) -> HttpResponseBase:
    """The stored file of that digest, or a place for it. 401 without the workers' token, 404 where there is none."""
    if not _is_worker(request):
        return HttpResponse("a worker's token is needed\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    kept = FolderStore(places().store)
    if request.method == "PUT":
        return _taken(request, kept, digest)
    path = kept.place(digest)
    if not path.is_file():
        return HttpResponse("no such file\n", status=404)
    return FileResponse(path.open("rb"), content_type="application/octet-stream")


def _is_worker(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = _token(places().folder)
    return scheme == "Bearer" and given != "" and secrets.compare_digest(_digest(given), _digest(wanted))


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
