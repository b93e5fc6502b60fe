"""Removes stored files that no row names any more, and what was unpacked and not used for long."""

import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.contrib.sessions.backends.db import SessionStore

from tiltyard.site.models import ChallengeVersion, Entry, Evaluation, Job, Reproduction, StoredFile
from tiltyard.site.places import places
from tiltyard.site.storing.folder import FolderStore

OLD = 86_400.0
"""Seconds that a file is kept after it was last put: its row may be about to be written."""


def clean(old: float = OLD) -> None:
    """Cleans store and cache of this site, and forgets sessions that are over."""
    here, before = places(), time.time() - old
    keep = set(named())
    for digest in FolderStore(here.store).remove_older(before, keep=keep):
        StoredFile.objects.filter(digest=digest).delete()
    clean_cache(old)
    for upload in _older(here.uploads.glob("*"), before):
        _remove(upload)
    SessionStore.clear_expired()


def named() -> Iterator[str]:
    """The SHA-256 of every file that some row needs."""
    yield from Entry.objects.values_list("file", flat=True)
    yield from Reproduction.objects.exclude(file=None).values_list("file", flat=True)
    for manifest in ChallengeVersion.objects.values_list("manifest", flat=True):
        yield from manifest.values()
    for files in Evaluation.objects.values_list("files", flat=True).iterator():
        yield from files.values()
    for result in Job.objects.exclude(result={}).values_list("result", flat=True).iterator():
        yield from _of_result(result)


def clean_cache(old: float = OLD) -> None:
    """Removes unpacked folders, fetched files and half-made evaluations that nobody used for so many seconds.

    A folder first loses its name: where its removal is cut short, nobody takes what is left for whole, and the next
    round removes it.
    """
    cache, before = places().cache, time.time() - old
    FolderStore(cache / "files").remove_older(before, keep=set())
    gone = cache / "gone"
    gone.mkdir(mode=0o700, exist_ok=True)
    for folder in _older((*cache.glob("folders/*"), *cache.glob("evaluation-*")), before):
        with suppress(OSError):
            folder.rename(gone / secrets.token_hex(8))
    shutil.rmtree(gone, ignore_errors=True)


def _older(paths: Iterable[Path], before: float) -> list[Path]:
    return [path for path in paths if path.exists() and path.stat().st_mtime < before]


def _remove(path: Path) -> None:
    """A half-received file, or a folder in which something was looked at when its process was killed."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _of_result(result: dict[str, object]) -> Iterator[str]:
    for name in ("rows", "facts"):
        if isinstance(digest := result.get(name), str):
            yield digest
    artefacts = result.get("artefacts")
    yield from artefacts.values() if isinstance(artefacts, dict) else ()
