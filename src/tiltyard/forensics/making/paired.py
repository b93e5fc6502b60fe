"""Pairs: each sample of a series, and beside a forged one the same picture as nobody forged it."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

from tiltyard.forensics.making.series import DIGITS, Sample, Series

PAIRED = "paired"
"""In the description of such a set."""


class Twinned(Series, Protocol):
    """A series that can show a forged sample as nobody forged it."""

    def twin(self, index: int, material: Any) -> Sample | None:
        """The sample as nobody forged it: same picture, same savings. None for what is authentic."""


@dataclass(frozen=True)
class Paired:
    """Sample i of a series as number 2 i, its twin as number 2 i + 1, which is left out where i is authentic.

    Both carry the mark of sample i: it is worded alike whether something was forged or not.
    """

    series: Twinned

    @property
    def count(self) -> int:
        return 2 * self.series.count

    @property
    def samples_a_part(self) -> int:
        return 2 * self.series.samples_a_part

    def described(self) -> dict[str, Any]:
        """As the series is, with the numbers of a set twice as large."""
        own = {PAIRED: True, "count": self.count, "samples_a_part": self.samples_a_part}
        return {**self.series.described(), **own}

    def prepare(self) -> None:
        self.series.prepare()

    def material(self, indices: range, *, carried: bool) -> Any:
        """Of both samples of every pair that is touched."""
        return self.series.material(range(indices.start // 2, (indices.stop + 1) // 2), carried=carried)

    def sample(self, index: int, material: Any = None) -> Sample | None:
        number, second = divmod(index, 2)
        made = (self.series.twin if second else self.series.sample)(number, material)
        return None if made is None else replace(made, index=index)


def is_twin(stem: str) -> bool:
    """Whether the sample of that name, without its ending, is a twin in such a set."""
    return int(stem) % 2 == 1


def forged_beside(twin: str) -> str:
    """The name of the sample that a twin shows as nobody forged it."""
    return f"{int(twin) - 1:0{DIGITS}d}"
