"""truth.csv and samples.csv of a whole set, joined from those of its parts."""

import os
from pathlib import Path

from tiltyard.forensics.making.part import SAMPLES, TRUTH, part_name


def join(folder: Path, parts: int) -> None:
    """Writes both tables anew; every part must be there."""
    for name in (SAMPLES, TRUTH):
        _concatenate([folder / part_name(part) / name for part in range(parts)], folder / name)


def _concatenate(sources: list[Path], target: Path) -> None:
    """One header, then all rows, block by block: a set may have a million of them."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        for number, source in enumerate(sources):
            with source.open("rb") as rows:
                header = rows.readline()
                if number == 0:
                    file.write(header)
                while block := rows.read(1 << 20):
                    file.write(block)
    temporary.replace(target)
