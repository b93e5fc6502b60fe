"""What issue 5 asks of the detector, and whether it was reached; receipts also without those that were typed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Aim:
    """A figure of one row: the worst that is allowed, and what was hoped for."""

    detector: str
    pictures: str
    figure: str
    required: float
    aim: float
    at_most: bool = False

    def is_met(self, value: float, limit: float) -> bool:
        return value <= limit if self.at_most else value >= limit


AIMS = (
    Aim("tiltyard", "comofod", "pixel F1", 0.50, 0.60),
    Aim("tiltyard", "noso", "pixel F1", 0.30, 0.40),
    Aim("tiltyard", "imd2020", "pixel F1", 0.18, 0.30),
    Aim("tiltyard", "photographs", "authentic flagged", 0.10, 0.10, at_most=True),
    Aim("tiltyard", "documents", "pixel F1", 0.60, 0.75),
    Aim("tiltyard", "documents", "image AUC", 0.95, 0.95),
    Aim("tiltyard", "documents", "region F1", 0.65, 0.80),
    Aim("tiltyard", "documents", "authentic flagged", 0.02, 0.02, at_most=True),
    Aim("tiltyard", "receipts", "pixel F1", 0.40, 0.55),
    Aim("tiltyard", "receipts", "authentic flagged", 0.05, 0.05, at_most=True),
    Aim("tiltyard", "receipts as scanned", "pixel F1", 0.40, 0.55),
    Aim("tiltyard", "receipts as scanned", "authentic flagged", 0.05, 0.05, at_most=True),
    Aim("tiltyard", "all", "s a megapixel", 6.0, 6.0, at_most=True),
    Aim("tiltyard_fast", "all", "s a megapixel", 1.5, 1.5, at_most=True),
)


def beside_aims(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row an aim; those whose pictures were not measured are left out."""
    measured = {(row["detector"], row["pictures"]): row for row in rows}
    return [
        _beside(aim, float(row[aim.figure]))
        for aim in AIMS
        if (row := measured.get((aim.detector, aim.pictures))) is not None and row[aim.figure] is not None
    ]


def _beside(aim: Aim, value: float) -> dict[str, Any]:
    return {
        "detector": aim.detector,
        "pictures": aim.pictures,
        "figure": aim.figure,
        "measured": value,
        "asked": f"{'at most' if aim.at_most else 'at least'} {aim.required:g}",
        "met": aim.is_met(value, aim.required),
        "aim": f"{aim.aim:g}",
        "aim met": aim.is_met(value, aim.aim),
    }
