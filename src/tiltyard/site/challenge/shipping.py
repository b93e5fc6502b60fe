"""The challenges that the package ships: files to begin with, and what an organiser lays beside them."""

from pathlib import Path

from tiltyard.contest.challenge import CHALLENGE
from tiltyard.contest.evaluation import write_atomically
from tiltyard.contest.files import check_empty
from tiltyard.errors import TiltyardError

SHIPPED, SAMPLE = Path(__file__).parent / "shipped", "digits"
"""Challenges that come with the package, and the one among them that works with what it ships."""


def shipped_names() -> list[str]:
    """What they are called."""
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{CHALLENGE}"))


def write_shipped(name: str, folder: Path) -> str:
    """Writes the file of that challenge into a new or empty folder; returns what its head says to the organiser.

    TiltyardError where there is no such challenge, or something in the folder.
    """
    if name not in shipped_names():
        raise TiltyardError(f"no challenge named {name!r} is shipped: there are {', '.join(shipped_names())}")
    check_empty(folder)
    text = (SHIPPED / name / CHALLENGE).read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / CHALLENGE, text.encode())
    return _head(text)


def _head(text: str) -> str:
    """The comment that a file begins with."""
    lines = text.splitlines()
    end = next(place for place, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[:end])
