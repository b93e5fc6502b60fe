"""Folders of stored files, unpacked in the cache by links, and what a track opens there; needs no database."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from tiltyard.contest.entry import Entry
from tiltyard.contest.names import check_name
from tiltyard.contest.registry import find_track
from tiltyard.contest.track import TrackData
from tiltyard.site.places import places
from tiltyard.site.storing.store import store

NAME_LENGTH = 100
Manifest = Mapping[str, str]
"""Path below a folder → SHA-256 of a stored file."""


def unpacked(manifest: Manifest) -> Path:
    """A folder of the cache in which each path of the manifest is a link to its stored file."""
    name = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    target = places().cache / "folders" / name
    if not target.is_dir():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=".", dir=target.parent))
        try:
            _link_all(manifest, place)
            _become(place, target)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    os.utime(target)
    return target


def load_data(manifest: Manifest, *, track: str, where: str, settings: Mapping[str, object]) -> TrackData:
    """What the track loads from the folder, once a process. TiltyardError where it breaks the track's format."""
    return _data(unpacked(manifest), track, where, json.dumps(settings, sort_keys=True))


def open_stored(track: str, digest: str, name: str) -> Entry:
    """A stored file as an entry of that track. EntryError."""
    return find_track(track).read(named(digest, name))


def named(digest: str, name: str) -> Path:
    """A stored file under the name that somebody gave it, as far as that is plain."""
    plain = name_on_disk(name)
    return unpacked({plain: digest}) / plain


def name_on_disk(name: str) -> str:
    """The same with letters, digits, dots and dashes alone, its suffix kept."""
    plain = "".join(char if char.isalnum() or char in "-_." else "-" for char in name)
    stem, suffix = os.path.splitext(plain)
    return f"{stem.lstrip('.-')[:NAME_LENGTH] or 'entry'}{suffix[:NAME_LENGTH]}"


def _link_all(manifest: Manifest, folder: Path) -> None:
    kept = store()
    for name, digest in manifest.items():
        path = folder / check_name(name, "the challenge's files")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _link(kept.path(digest), path)


def _link(source: Path, target: Path) -> None:
    """A hard link, for readers refuse symbolic ones; a copy where the cache lies on another disk."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _become(place: Path, target: Path) -> None:
    """Another process may have been faster: then its folder is as good."""
    try:
        place.rename(target)
    except OSError:
        if not target.is_dir():
            raise


@lru_cache(maxsize=2)
def _data(folder: Path, track: str, where: str, settings: str) -> TrackData:
    return find_track(track).load(where, folder, json.loads(settings))
