"""The seam between what is made and how it is spread and written: a numbered series of samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

DIGITS = 9
"""Of the index in a sample's name: a thousand million samples have names of one length."""


@dataclass(frozen=True)
class Sample:
    """One finished sample: two files and what is known of them."""

    index: int
    suffix: str
    """`.jpg` or `.png`."""
    image: bytes
    mask: bytes
    """PNG of the image's size, 8 bits, 0 or 255; all 0 where nothing was forged."""
    polygons: Sequence[Sequence[tuple[float, float]]]
    facts: Mapping[str, str]
    """The columns of samples.csv except the name, in order."""

    @property
    def stem(self) -> str:
        return f"{self.index:0{DIGITS}d}"

    @property
    def name(self) -> str:
        return self.stem + self.suffix


class Series(Protocol):
    """Samples by index, each a pure function of the series and its index. Picklable, hashable."""

    def __hash__(self) -> int: ...

    @property
    def count(self) -> int: ...
    @property
    def samples_a_part(self) -> int: ...

    def described(self) -> dict[str, Any]:
        """JSON values: everything that tells this series from another, as the machine at hand would make it."""

    def prepare(self) -> None:
        """Loads in this process what samples need, so that the first one takes no longer than others."""

    def material(self, indices: range, *, carried: bool) -> Any:
        """What the samples need from this machine's disk, in a form for another process; with its bytes if carried."""

    def sample(self, index: int, material: Any) -> Sample | None:
        """The sample; None where a user's picture has no place for any of the operations."""


COLUMNS = (
    "name", "source", "family", "template", "kind", "post", "forged", "width", "height", "format", "note", "sha256",
    "phash",
)  # fmt: skip
"""Of samples.csv."""
