"""Tracks by name, found through the entry-point group `tiltyard.tracks`."""

from importlib.metadata import entry_points

from tiltyard.contest.track import Track
from tiltyard.errors import TiltyardError

GROUP = "tiltyard.tracks"


def track_names() -> list[str]:
    """The names of all installed tracks."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def find_track(name: str) -> Track:
    """The installed track of that name; raises TiltyardError that lists the known ones."""
    for point in entry_points(group=GROUP, name=name):
        track: Track = point.load()()
        return track
    raise TiltyardError(f"no track named {name!r}: installed are {', '.join(track_names()) or 'none'}")
