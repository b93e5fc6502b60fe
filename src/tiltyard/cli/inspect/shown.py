"""What a person sees in the terminal: one line a picture; of a single one the reasons too."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tiltyard.cli.display import table
from tiltyard.cli.inspect.walking import PassedOver
from tiltyard.contest.names import one_line
from tiltyard.report.inspection_places import place_in_words

if TYPE_CHECKING:
    from tiltyard.forensics.inspecting import Inspection, Said

HEAD = ["file", "verdict", "probability", "regions", "cues that speak"]
SPEAKS, SILENT, NOT_APPLICABLE = "●", "○", "–"
LONGEST_NAME = 200
MOST_REGIONS = 20


@dataclass
class Tally:
    """Lines and counts of what was inspected, without its pixels."""

    lines: list[list[str]] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    """Of the first picture alone: they are shown where it is the only one."""

    def take(self, found: "Inspection", _: Path) -> None:
        if not self.lines:
            self.reasons = list(_reasons(found))
        self.lines.append(_line(found))
        self.verdicts[str(found.verdict)] += 1

    @property
    def pictures(self) -> int:
        return len(self.lines)

    def text(self, passed_over: Sequence[PassedOver]) -> str:
        """The table, the reasons where there is one picture, the counts where there are more."""
        parts = [table(HEAD, self.lines)] if self.lines else []
        if self.pictures == 1:
            parts.append("\n".join(self.reasons))
        if self.pictures + len(passed_over) > 1:
            parts.append(self._counts(len(passed_over)))
        return "\n\n".join(parts)

    def _counts(self, passed_over: int) -> str:
        told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(self.verdicts.items()))
        lost = f"; {passed_over} passed over" if passed_over else ""
        return f"{self.pictures} pictures{': ' if told else ''}{told}{lost}"


def path_in_line(path: object, limit: int = LONGEST_NAME) -> str:
    """A path without what would break a line or steer a terminal; the end of a long one, where the file's name is."""
    whole = one_line(path, len(str(path)))
    return whole if len(whole) <= limit else f"…{whole[1 - limit :]}"


def _line(found: "Inspection") -> list[str]:
    speaking = ", ".join(said.name for said in found.cues if said.speaks) or NOT_APPLICABLE
    name, verdict = path_in_line(found.path), str(found.verdict)
    return [name, verdict, f"{found.probability:.2f}", str(len(found.regions)), speaking]


def _reasons(found: "Inspection") -> Iterator[str]:
    yield from (f"{_mark(said)} {said.title}: {one_line(said.sentence)}" for said in found.cues)
    for number, region in enumerate(found.regions[:MOST_REGIONS], 1):
        told = f" ({', '.join(region.cues)})" if region.cues else ""
        yield f"region {number}: {place_in_words(region)}, probability {region.probability:.2f}{told}"
    if len(found.regions) > MOST_REGIONS:
        yield f"and {len(found.regions) - MOST_REGIONS} more regions: --json lists them all"
    yield from (f"note: {one_line(note)}" for note in found.notes)


def _mark(said: "Said") -> str:
    return SPEAKS if said.speaks else SILENT if said.applicable else NOT_APPLICABLE
