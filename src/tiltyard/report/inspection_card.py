"""What a page shows of one picture: the picture, what can be laid over it, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tiltyard.report.inspection_overlays import heat_uri, picture_uri
from tiltyard.report.inspection_places import box_of, shortest

if TYPE_CHECKING:
    from tiltyard.forensics.inspecting import Inspection, Region, Said

MOST_REGIONS = 40
MOST_CORNERS = 60
"""Written out for a region; its outline has as many as can be told apart."""
MOST_LAYERS = 16


@dataclass(frozen=True)
class Line:
    """One picture in a table."""

    path: str
    verdict: str
    probability: float
    regions: int
    speaking: str

    @property
    def kind(self) -> str:
        """The verdict as a class of the page."""
        return self.verdict.replace(" ", "-")


@dataclass(frozen=True)
class Layer:
    """Something to lay over the picture."""

    title: str
    image: str
    """A data URI."""
    speaks: bool


@dataclass(frozen=True)
class Place:
    """One region: how it is drawn, and its figures."""

    number: int
    outline: str
    """Corners as SVG has them, in pixels of the picture."""
    left: float
    top: float
    """Of its number, in per cent of the picture."""
    box: tuple[float, float, float, float]
    pixels: int
    probability: float
    cues: str
    corners: str


@dataclass(frozen=True)
class Card:
    """All of it."""

    line: Line
    width: int
    height: int
    seconds: float
    picture: str
    layers: tuple[Layer, ...]
    places: tuple[Place, ...]
    left_out: int
    cues: "tuple[Said, ...]"
    notes: tuple[str, ...]


def line_of(found: "Inspection") -> Line:
    """The figures of a picture, without its pixels."""
    speaking = ", ".join(said.title for said in found.cues if said.speaks)
    return Line(found.path, str(found.verdict), float(found.probability), len(found.regions), speaking)


def card_of(found: "Inspection", *, side: int) -> Card:
    """The card, its picture scaled down to `side` pixels."""
    height, width = found.mask.shape
    return Card(
        line=line_of(found),
        width=width,
        height=height,
        seconds=found.seconds,
        picture=picture_uri(found.pixels, side),
        layers=tuple(_layers(found))[:MOST_LAYERS],
        places=tuple(_places(found, side)),
        left_out=max(0, len(found.regions) - MOST_REGIONS),
        cues=found.cues,
        notes=found.notes,
    )


def _layers(found: "Inspection") -> Iterator[Layer]:
    """The whole verdict, then each cue whose map shows anything."""
    maps = [("all together", found.map, str(found.verdict) == "forged")]
    maps += [(said.title, said.map, said.speaks) for said in found.cues if said.applicable]
    for title, values, speaks in maps:
        image = heat_uri(values)
        if image:
            yield Layer(title, image, speaks)


def _places(found: "Inspection", side: int) -> Iterator[Place]:
    height, width = found.mask.shape
    titles = {said.name: said.title for said in found.cues}
    for number, region in enumerate(found.regions[:MOST_REGIONS], 1):
        left, top, across, down = box_of(region)
        yield Place(
            number=number,
            outline=_outline(region, max(height, width) / side),
            left=min(97.0, 100 * left / width),
            top=min(97.0, 100 * top / height),
            box=(left, top, across, down),
            pixels=region.pixels,
            probability=region.probability,
            cues=", ".join(titles.get(name, name) for name in region.cues),
            corners=_corners(region),
        )


def _outline(region: "Region", scale: float) -> str:
    """The polygon without corners that nobody could see at `scale` pixels of the picture to one of the page."""
    corners = np.asarray(region.polygon, np.float32)
    kept = cv2.approxPolyDP(corners[:, None], max(0.5, scale), True)[:, 0] if len(corners) > 8 else corners
    return " ".join(f"{x:g},{y:g}" for x, y in (kept if len(kept) > 2 else corners))


def _corners(region: "Region") -> str:
    if len(region.polygon) > MOST_CORNERS:
        return f"{len(region.polygon)} corners, in the JSON"
    return " ".join(f"({shortest(x)}, {shortest(y)})" for x, y in region.polygon)
