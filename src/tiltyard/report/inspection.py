"""The page of an inspection: a card a picture, the forged ones first; of many pictures a table for the rest."""

import heapq
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from markupsafe import Markup

from tiltyard.contest.files import replaced
from tiltyard.report.inspection_card import Line, card_of, line_of
from tiltyard.report.page import render

if TYPE_CHECKING:
    from tiltyard.forensics.inspecting import Inspection

MOST_CARDS = 200
MOST_LINES = 5_000
LARGE, SMALL, FEW = 1000, 640, 40
"""Long side of the pictures in the page: of up to FEW files, and of more."""
CARDS = "<!-- cards -->"
"""Stands for them in the page around them: what comes from outside is escaped, so it stands there once."""
Rank = tuple[bool, float, int]
"""Forged, how surely, and the later of two equals first, since that one goes first."""


@contextmanager
def inspection_page(target: Path, *, expected: int) -> Iterator["InspectionPage"]:
    """Takes one inspection after the other and writes `target` when the block ends, however it ends.

    `expected` files decide how large pictures are. Cards lie on disk, no pixels are kept.
    """
    with tempfile.TemporaryDirectory(prefix="tiltyard-") as place:
        page = InspectionPage(Path(place), LARGE if expected <= FEW else SMALL)
        try:
            yield page
        finally:
            page.write(target)


@dataclass
class InspectionPage:
    """What the page will show so far."""

    place: Path
    side: int
    passed_over: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason of what could not be read."""
    _lines: list[Line] = field(default_factory=list)
    _carded: list[Rank] = field(default_factory=list)
    """A heap: the least of those that have a card is the first."""
    _seconds: float = 0.0

    def add(self, found: "Inspection") -> None:
        """Keeps a line, and a card where the picture is among the first."""
        number = len(self._lines)
        self._lines.append(line_of(found))
        self._seconds += found.seconds
        rank = _rank(self._lines[number], number)
        if len(self._carded) >= MOST_CARDS:
            if rank < self._carded[0]:
                return
            self._card(heapq.heappop(self._carded)).unlink()
        heapq.heappush(self._carded, rank)
        self._card(rank).write_text(self._fragment(found, number), encoding="utf-8")

    def write(self, target: Path) -> None:
        """All or nothing, one card in memory at a time."""
        before, after = self._around().split(CARDS)
        with replaced(target) as unfinished, unfinished.open("w", encoding="utf-8") as file:
            file.write(before)
            self._write_cards(file)
            file.write(after)

    def _write_cards(self, file: TextIO) -> None:
        for rank in sorted(self._carded, reverse=True):
            file.write(self._card(rank).read_text(encoding="utf-8"))

    def _card(self, rank: Rank) -> Path:
        return self.place / f"{-rank[-1]}.html"

    def _fragment(self, found: "Inspection", number: int) -> str:
        return render("inspection_card.html.j2", card=card_of(found, side=self.side), number=number)

    def _around(self) -> str:
        rest = self._rest()
        return render(
            "inspection.html.j2",
            cards=Markup(CARDS),  # noqa: S704 - a constant
            carded=len(self._carded),
            pictures=len(self._lines),
            only=self._lines[0] if len(self._lines) == 1 and not self.passed_over else None,
            counts=Counter(line.verdict for line in self._lines),
            rest=rest[:MOST_LINES],
            left_out=max(0, len(rest) - MOST_LINES),
            passed_over=self.passed_over,
            seconds=self._seconds,
        )

    def _rest(self) -> list[Line]:
        carded = {-rank[-1] for rank in self._carded}
        ranks = (_rank(line, number) for number, line in enumerate(self._lines) if number not in carded)
        return [self._lines[-rank[-1]] for rank in sorted(ranks, reverse=True)]


def _rank(line: Line, number: int) -> Rank:
    return line.verdict == "forged", line.probability, -number
