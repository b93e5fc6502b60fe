"""The one seam of a contest: what is handed in, how an item is measured, how rows become a score."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import polars as pl

from tiltyard.contest.entry import Entry, EntryFormat
from tiltyard.contest.run import Run

Facts = Sequence[Mapping[str, Any]]
"""One mapping a shard, JSON values only: its name, what it spent, how long it took, why it failed."""


@dataclass(frozen=True)
class Metric:
    """One figure of a score; the first metric of a track ranks."""

    name: str
    unit: str = ""
    higher_is_better: bool = True
    decimals: int = 4
    of_items: bool = True
    """Whether it is a function of rows alone, so that it has an interval and a public subset."""

    @property
    def interval_decimals(self) -> int:
        """Per cents have intervals of two decimals, whatever their own."""
        return min(self.decimals, 2) if self.unit == "%" else self.decimals


@dataclass(frozen=True)
class Shard:
    """What can be measured again alone: resumed, leased, sent to another machine."""

    name: str
    items: int
    seconds: float | None = None
    """Wall time that the rules leave for it."""


@dataclass(frozen=True)
class Measured:
    """What a shard gave: one row an item, one mapping of facts, files worth keeping (name → bytes)."""

    rows: pl.DataFrame
    facts: Mapping[str, Any]
    artefacts: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Score:
    """The figures of an entry; `reason` says why an entry failed, and its figures are then the rules' (0)."""

    values: Mapping[str, float]
    parts: tuple[Mapping[str, Any], ...] = ()
    reason: str = ""

    @property
    def status(self) -> str:
        return "failed" if self.reason else "scored"


class TrackData(Protocol):
    """The organiser's side: models, labels, truth. Picklable; `version` is a SHA-256 over all of it."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...


class Track(ABC):
    """A kind of contest. Stateless: everything it needs comes in as arguments."""

    name: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[str]
    entries: ClassVar[tuple[EntryFormat, ...]]
    metrics: ClassVar[tuple[Metric, ...]]
    keys: ClassVar[tuple[str, ...]]
    """The columns that tell one row from another: what two evaluations are paired by."""
    cluster: ClassVar[str]
    """The column whose values a bootstrap resamples: what is independent."""
    stratum: ClassVar[str | None] = None
    """The column within whose values it resamples."""
    parts: ClassVar[str] = "parts"
    """What the parts of a score are called (`models` where a shard is a model)."""
    runs_code: ClassVar[bool] = True
    """Whether entries are programs or models, so that a jail says something; else they are only read."""
    data_is_code: ClassVar[bool] = False
    """Whether data of an organiser's own may hold Python, which is run outside any jail."""

    @abstractmethod
    def load(self, where: str, folder: Path, settings: Mapping[str, Any]) -> TrackData:
        """The data of a contest: a path below the challenge's folder if something lies there, else what is shipped.

        TiltyardError for a path that leads out of the folder, for data that is not there, and for unknown settings.
        """

    def cluster_values(self, data: Any) -> Sequence[str] | None:
        """What the column `cluster` will hold, as text, told without an entry; None: the track cannot tell.

        A challenge's list of public items is compared with it before there are entries.
        """
        return None

    @abstractmethod
    def read(self, path: Path) -> Entry:
        """Opens an entry; EntryError names the member and the rule."""

    @abstractmethod
    def plan(self, entry: Entry, data: Any) -> list[Shard]:
        """The shards of an evaluation, in order."""

    @abstractmethod
    def measure(self, entry: Entry, shard: Shard, data: Any, run: Run) -> Measured:
        """Measures one shard."""

    @abstractmethod
    def score(self, rows: pl.DataFrame, facts: Facts) -> Score:
        """The score: a pure function of rows and facts; shards not measured yet are simply absent."""
