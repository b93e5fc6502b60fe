"""Tracks by name, found through the entry-point group `tiltyard.tracks`."""

import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from tiltyard.contest.track import Track
from tiltyard.errors import TiltyardError

GROUP = "tiltyard.tracks"


def track_names() -> list[str]:
    """The names of all installed tracks."""
    return sorted(_installed(tuple(sys.path)))


def find_track(name: str) -> Track:
    """The installed track of that name; raises TiltyardError that lists the known ones."""
    point = _installed(tuple(sys.path)).get(name)
    if point is None:
        raise TiltyardError(f"no track named {name!r}: installed are {', '.join(track_names()) or 'none'}")
    track: Track = point.load()()
    return track


@lru_cache(maxsize=4)
def _installed(path: tuple[str, ...]) -> dict[str, EntryPoint]:
    """Looked for once a search path: reading the metadata of every package takes tens of milliseconds."""
    return {point.name: point for point in reversed(list(entry_points(group=GROUP)))}
