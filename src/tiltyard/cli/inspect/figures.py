"""An inspection as plain values, for JSON and CSV."""

import csv
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import typer

from tiltyard.cli.inspect.drawn import Take
from tiltyard.cli.inspect.walking import PassedOver
from tiltyard.contest.files import replaced
from tiltyard.report.inspection_places import box_of, shortest

if TYPE_CHECKING:
    from tiltyard.forensics.inspecting import Inspection, Region, Said

COLUMNS = ("path", "verdict", "probability", "regions", "cues", "width", "height", "seconds")
NOT_READ = "not read"
"""Stands in the column of the verdict for what was passed over."""
FORMULA = ("=", "+", "-", "@", "\t")
"""A spreadsheet computes what begins so."""
UNFINISHED = ".partial"


def as_json(found: "Inspection") -> dict[str, Any]:
    """`path`, `verdict`, `probability`, `width`, `height`, `regions`, `cues`, `notes`, `seconds`; no pixels."""
    height, width = found.mask.shape
    return {
        "path": found.path,
        "verdict": str(found.verdict),
        "probability": round(float(found.probability), 4),
        "width": width,
        "height": height,
        "regions": [_region(region) for region in found.regions],
        "cues": [_cue(said) for said in found.cues],
        "notes": list(found.notes),
        "seconds": round(float(found.seconds), 3),
    }


@contextmanager
def json_list(target: str) -> Iterator[Take]:
    """One list of all, whole when the block ends, however it ends; on standard output for `-`.

    Until then each picture is a line of `TARGET.partial`, which is what a killed process leaves.
    """
    with _lines(target) as lines:

        def take(found: "Inspection", _: Path) -> None:
            lines.write(json.dumps(as_json(found), allow_nan=False) + "\n")
            lines.flush()

        try:
            yield take
        finally:
            lines.seek(0)
            _write_list(lines, target)


@contextmanager
def csv_lines(target: Path) -> Iterator["CsvLines"]:
    """A line a picture, written as soon as it is known."""
    with target.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        yield CsvLines(file)


class CsvLines:
    """A header, then a line for each picture and for each file that was passed over."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", extrasaction="ignore")
        self._writer.writeheader()

    def take(self, found: "Inspection", _: Path) -> None:
        values = as_json(found)
        speaking = ";".join(cue["name"] for cue in values["cues"] if cue["speaks"])
        self._write(values | {"regions": len(values["regions"]), "cues": speaking})

    def pass_over(self, lost: PassedOver) -> None:
        self._write({"path": lost.path, "verdict": NOT_READ})

    def _write(self, row: dict[str, Any]) -> None:
        self._writer.writerow(row | {"path": _as_text(row["path"])})
        self._file.flush()


def _lines(target: str) -> IO[str]:
    if target == "-":
        return tempfile.TemporaryFile("w+", encoding="utf-8")
    return Path(target + UNFINISHED).open("w+", encoding="utf-8")


def _write_list(lines: IO[str], target: str) -> None:
    if target == "-":
        for part in _list_of(lines):
            typer.echo(part, nl=False)
        return
    with replaced(Path(target)) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        file.writelines(_list_of(lines))
    Path(target + UNFINISHED).unlink()


def _list_of(lines: IO[str]) -> Iterator[str]:
    before = "[\n"
    for line in lines:
        yield before + line.rstrip("\n")
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _as_text(path: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula; no return, which would end the line."""
    path = path.replace("\r", "\\r")
    return f"'{path}" if path.startswith(FORMULA) else path


def _region(region: "Region") -> dict[str, Any]:
    return {
        "polygon": [[shortest(x), shortest(y)] for x, y in region.polygon],
        "box": list(box_of(region)),
        "pixels": int(region.pixels),
        "probability": round(float(region.probability), 4),
        "cues": list(region.cues),
    }


def _cue(said: "Said") -> dict[str, Any]:
    return {
        "name": said.name,
        "title": said.title,
        "applicable": bool(said.applicable),
        "speaks": bool(said.speaks),
        "sentence": said.sentence,
    }
