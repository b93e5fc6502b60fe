"""What a set will cost, from a few of its samples or from all that were made."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from tiltyard.contest.executor import Executor
from tiltyard.forensics.making.folder import Progress
from tiltyard.forensics.making.pieces import SAMPLES, Piece, make
from tiltyard.forensics.making.series import Sample, Series
from tiltyard.forensics.making.versions import as_json

MILLION = 1_000_000


@dataclass(frozen=True)
class Cost:
    """Processor time and bytes of some samples, and what that comes to."""

    samples: int
    seconds: float
    """Of processor time."""
    bytes: int
    """Of images and masks."""

    @property
    def samples_a_core_second(self) -> float:
        return self.samples / self.seconds if self.seconds else 0.0

    @property
    def core_hours_a_million(self) -> float:
        return self.seconds / max(self.samples, 1) * MILLION / 3600

    @property
    def gigabytes_a_million(self) -> float:
        """Powers of ten."""
        return self.bytes / max(self.samples, 1) * MILLION / 1e9

    def figures(self) -> dict[str, Any]:
        """All of it, as JSON values."""
        return {
            **asdict(self),
            "samples_a_core_second": round(self.samples_a_core_second, 3),
            "core_hours_a_million": round(self.core_hours_a_million, 1),
            "gigabytes_a_million": round(self.gigabytes_a_million, 1),
        }


def estimated(
    series: Series, executor: Executor, *, items: int, progress: Progress = lambda done, total: None
) -> tuple[Cost, list[Sample]]:
    """Makes up to `items` samples from all over the series and keeps nothing but them."""
    described, made = as_json(series.described()), list[Sample]()
    seconds, pieces = 0.0, _spread(series, items)
    total, tried = sum(len(piece.indices) for piece in pieces), 0
    for _, done in executor.submit(partial(make, series, described), pieces):
        seconds += done.seconds
        made += done.samples
        tried += len(done.samples) + done.passed_over
        progress(tried, total)
    made.sort(key=lambda sample: sample.index)
    return Cost(len(made), seconds, sum(len(sample.image) + len(sample.mask) for sample in made)), made


def kinds_of(samples: list[Sample]) -> Mapping[str, int]:
    """How often each kind came."""
    counts: dict[str, int] = {}
    for sample in samples:
        counts[sample.facts["kind"]] = counts.get(sample.facts["kind"], 0) + 1
    return dict(sorted(counts.items()))


def _spread(series: Series, items: int) -> list[Piece]:
    """Pieces at equal distances: neighbours may show one document."""
    wanted = min(series.count, items)
    starts = range(0, wanted, SAMPLES)
    step = series.count // max(1, len(starts))
    pieces = []
    for number in range(len(starts)):
        first = number * step
        indices = range(first, min(first + min(SAMPLES, step), series.count))
        pieces.append(Piece(first // series.samples_a_part, indices, series.material(indices, carried=True)))
    return pieces
