"""The bounded reader of credential tables: CSV with a column of paths and one of polygons as JSON."""

import json
import math
import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from tiltyard.contest.names import shown
from tiltyard.errors import EntryError
from tiltyard.forensics.csv_table import check_width, columns_of, read_records
from tiltyard.forensics.scoring.polygons import Regions, first_fault

PATH, POLYGON, SCORE = "Path", "Polygon", "Score"
MOST_POLYGONS = 2000
"""In one file."""
MOST_POINTS = 10_000
"""In one polygon."""
LARGEST = 1_000_000
"""Pixels: no picture is larger, and areas stay exact enough."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


@dataclass(frozen=True)
class CredentialTable:
    """A checked table: n files, each once, with their polygons; every polygon is simple and has some area."""

    where: str
    paths: tuple[str, ...]
    lines: NDArray[np.int64]
    """(n,) where each file stands in the table, for errors."""
    regions: Regions
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """(n,) finite values of each optional column of numbers that is there."""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """n values of each optional column of text that is there."""

    @property
    def scores(self) -> NDArray[np.float64] | None:
        """(n,) the probability that a file is forged, in any scale that grows with it; None without the column."""
        return self.numbers.get(SCORE)


def read_table(
    content: bytes, where: str, *, numbers: Sequence[str] = (SCORE,), texts: Sequence[str] = ()
) -> CredentialTable:
    """Reads a table `Path,Polygon` in UTF-8 with the optional columns named, in any order.

    EntryError with one line that names `where`, the line, the file and the rule: of CSV (RFC 4180), of the columns, of
    JSON, of what a polygon is.
    """
    records = read_records(content, where)
    line, head = next(records, (1, []))
    places = columns_of(head, where, line, required=(PATH, POLYGON), optional=(*numbers, *texts))
    reader = _Reader(
        where, numbers=[name for name in numbers if name in places], texts=[name for name in texts if name in places]
    )
    for line, fields in records:
        check_width(fields, head, where, line)
        reader.take(line, {name: fields[place] for name, place in places.items()})
    return reader.table()


def check_inside(table: CredentialTable, sizes: NDArray[np.float64]) -> None:
    """Compares with the (n, 2) widths and heights that are known; an unknown one is NaN: no coordinate is above it.

    EntryError names the line, the file and the first polygon that lies outside its picture.
    """
    regions = table.regions
    file_of_ring = np.repeat(np.arange(len(regions)), regions.counts)
    polygon_of_point = np.repeat(np.arange(len(file_of_ring)), np.diff(regions.rings))
    outside = (regions.points > sizes[file_of_ring[polygon_of_point]]).any(1)
    if not outside.any():
        return
    polygon = int(polygon_of_point[np.argmax(outside)])
    file = int(file_of_ring[polygon])
    width, height = sizes[file].tolist()
    raise EntryError(
        f"{table.where}: line {table.lines[file]}: {shown(table.paths[file])}: "
        f"polygon {polygon - int(regions.files[file]) + 1} lies outside the picture of {width:g} × {height:g}"
    )


class _Reader:
    """Takes records one by one into flat arrays."""

    def __init__(self, where: str, *, numbers: Sequence[str], texts: Sequence[str]) -> None:
        self.where = where
        self.lines: dict[str, int] = {}
        self.points, self.rings, self.files = array("d"), array("q", [0]), array("q", [0])
        self.numbers = {name: array("d") for name in numbers}
        self.texts: dict[str, list[str]] = {name: [] for name in texts}
        self.polygons = PolygonParser()

    def take(self, line: int, record: Mapping[str, str]) -> None:
        path = record[PATH]
        if path in self.lines:
            self._refuse(line, path, f"stands there twice, first on line {self.lines[path]}")
        self.lines[path] = line
        try:
            polygons = self.polygons(record[POLYGON])
        except ValueError as error:
            self._refuse(line, path, str(error))
        for polygon in polygons:
            self.points.extend(chain.from_iterable(polygon))
            self.rings.append(len(self.points) // 2)
        self.files.append(len(self.rings) - 1)
        for name, values in self.numbers.items():
            values.append(self._number(line, path, name, record[name]))
        for name, found in self.texts.items():
            found.append(record[name])

    def table(self) -> CredentialTable:
        """What was taken, once every polygon is found to be sound."""
        regions = Regions(
            np.frombuffer(self.points, np.float64).reshape(-1, 2),
            np.frombuffer(self.rings, np.int64),
            np.frombuffer(self.files, np.int64),
        )
        paths, lines = tuple(self.lines), np.array(list(self.lines.values()), np.int64)
        fault = first_fault(regions)
        if fault:
            file = regions.file_of(fault[0])
            which = fault[0] - int(regions.files[file]) + 1
            self._refuse(int(lines[file]), paths[file], f"polygon {which} {fault[1]}")
        return CredentialTable(
            self.where,
            paths,
            lines,
            regions,
            {name: np.frombuffer(values, np.float64) for name, values in self.numbers.items()},
            {name: tuple(values) for name, values in self.texts.items()},
        )

    def _number(self, line: int, path: str, name: str, text: str) -> float:
        value = float(text) if len(text) < 64 and NUMBER.fullmatch(text.strip()) else math.nan
        if not math.isfinite(value):
            self._refuse(line, path, f"{name} is {shown(text)}, no finite number")
        return value

    def _refuse(self, line: int, path: str, reason: str) -> NoReturn:
        raise EntryError(f"{self.where}: line {line}: {shown(path)}: {reason}")


class PolygonParser:
    """Reads a field of polygons: a JSON list of lists of [x, y]."""

    def __init__(self) -> None:
        self._decode = json.JSONDecoder(parse_constant=_no_number).decode

    def __call__(self, text: str) -> list[list[list[float]]]:
        """The polygons; ValueError that says which one breaks what rule. Whether they cross themselves is not asked."""
        try:
            polygons = self._decode(text)
        except json.JSONDecodeError as error:
            hint = ": write [] where nothing is forged" if not text.strip() else ""
            raise ValueError(f"no valid JSON ({error.msg} at character {error.pos + 1}){hint}") from None
        except RecursionError:
            raise ValueError("no valid list of polygons: nested too deeply") from None
        except _NoNumber:
            raise
        except ValueError:  # Python converts no integer of more than 4300 digits
            raise ValueError("a number has too many digits") from None
        if type(polygons) is not list:
            raise ValueError("the polygons are no list: write [[[x, y], …], …], or [] where nothing is forged")
        if len(polygons) > MOST_POLYGONS:
            raise ValueError(f"{len(polygons)} polygons, at most {MOST_POLYGONS} are allowed")
        for number, polygon in enumerate(polygons, 1):
            rule = _broken_rule(polygon)
            if rule:
                raise ValueError(f"polygon {number} {rule}")
        return polygons


def _broken_rule(polygon: object) -> str | None:
    if type(polygon) is not list or not {type(point) for point in polygon} <= {list}:
        return "is no list of points [x, y]"
    if not set(map(len, polygon)) <= {2}:
        return "has a point that is not of two numbers"
    values = list(chain.from_iterable(polygon))
    if not set(map(type, values)) <= {int, float}:
        return "has a coordinate that is no number"
    if len(polygon) - (len(polygon) > 1 and polygon[0] == polygon[-1]) < 3:
        return "has fewer than 3 points"
    if len(polygon) > MOST_POINTS:
        return f"has {len(polygon)} points, at most {MOST_POINTS} are allowed"
    if min(values) < 0:
        return "lies outside the picture: a coordinate is negative"
    if max(values) > LARGEST:
        return f"lies outside every picture: a coordinate is above {LARGEST}"
    return None


class _NoNumber(ValueError):
    """What JSON does not know, though Python's reader does."""


def _no_number(name: str) -> NoReturn:
    raise _NoNumber(f"{name} is no coordinate")
