"""A series whose samples take a millisecond, made through the real last steps."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tiltyard.forensics.forging.operation import Change
from tiltyard.forensics.making.finished import Origin, finished, sent_on, unchanged
from tiltyard.forensics.making.marked import mark_of
from tiltyard.forensics.making.series import Sample
from tiltyard.forensics.making.stages import Stage, chance
from tiltyard.forensics.saving import Saving


@dataclass(frozen=True)
class ToySeries:
    count: int = 40
    samples_a_part: int = 16
    seed: int = 0
    seconds: float = 0.0
    """How long each sample sleeps."""
    marks: Path | None = None
    """A folder in which every parent of a worker gets a file."""
    variants: int = 1
    faulty: int | None = None
    without: tuple[int, ...] = ()
    """Indices that have no place for a forgery."""

    def described(self) -> dict[str, Any]:
        return {"version": "toy 1", "seed": self.seed, "count": self.count, "samples_a_part": self.samples_a_part}

    def prepare(self) -> None:
        pass

    def material(self, indices: range, *, carried: bool) -> None:
        pass

    def sample(self, index: int, material: None = None) -> Sample | None:
        time.sleep(self.seconds)
        if index == self.faulty:
            raise ZeroDivisionError
        if self.marks is not None:
            (self.marks / str(os.getppid())).touch()
        return None if index in self.without else toy_sample(self, index)


def toy_sample(series: ToySeries, index: int) -> Sample:
    document = index // series.variants
    noise = chance(series.seed, document, Stage.PAGE).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    pixels = np.ascontiguousarray(noise.repeat(8, 0).repeat(8, 1))
    change = unchanged(pixels)
    if index % 2:
        mask = np.zeros(pixels.shape[:2], np.bool_)
        mask[10:30, 20:50] = True
        change = Change(np.where(mask[..., None], np.uint8(200), pixels), mask, "a grey box")
    posted = sent_on(
        change, Saving(), chance(series.seed, index, Stage.SAVE), chance(series.seed, index, Stage.POST), long_side=96
    )
    family = f"family-{document % 5}"
    return finished(
        index, posted, Origin(f"document-{document}", family, "a", "box" if index % 2 else "authentic"),
        note=change.note, mark=mark_of("toy", recipe="0" * 64, seed=series.seed, index=index),
    )  # fmt: skip
