"""Ornaments leave ink where they were put, and differ with the generator."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from tiltyard.forensics.documents.kit.canvas import Box, Canvas
from tiltyard.forensics.documents.ornaments.codes import barcode, qr_code
from tiltyard.forensics.documents.ornaments.emblem import emblem
from tiltyard.forensics.documents.ornaments.guilloche import border, mesh, rosette, waves
from tiltyard.forensics.documents.ornaments.marks import logo
from tiltyard.forensics.documents.ornaments.portrait import Sitter, portrait
from tiltyard.forensics.documents.ornaments.screen import avatar
from tiltyard.forensics.documents.ornaments.signature import signature
from tiltyard.forensics.documents.ornaments.stamp import Seal, stamp

Draw = Callable[[Canvas, np.random.Generator], None]
RED = (200, 30, 40)


def _canvas() -> Canvas:
    return Canvas(600, 600, long_side=600, paper=(255, 255, 255))


def _inked(canvas: Canvas) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(canvas.pixels.min(axis=2) < 250)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def _pressing(seal: Seal) -> Draw:
    return lambda canvas, rng: stamp(canvas, rng, seal, x=300, y=300, width=200, colour=RED)


ORNAMENTS: dict[str, Draw] = {
    "round": _pressing(Seal("NORTHMERE TRADING", ("PAID",), star=True)),
    "oval": _pressing(Seal("NORTHMERE", form="oval")),
    "box": _pressing(Seal("", ("BANK", "1/2/2020"), form="box")),
    "rosette": lambda canvas, rng: rosette(canvas, rng, x=300, y=300, radius=100, colour=RED),
    "waves": lambda canvas, rng: waves(canvas, rng, Box(200, 200, 200, 200), (RED,)),
    "mesh": lambda canvas, rng: mesh(canvas, rng, Box(200, 200, 200, 200), (RED,)),
    "portrait": lambda canvas, rng: portrait(canvas, rng, Box(220, 200, 160, 200), Sitter(True)),
    "signature": lambda canvas, rng: signature(canvas, rng, "Ada Pell", x=210, y=300, width=180),
    "logo": lambda canvas, rng: logo(canvas, rng, x=220, y=220, side=160, colour=RED),
    "emblem": lambda canvas, rng: emblem(canvas, rng, x=300, y=300, radius=90, colour=RED),
    "avatar": lambda canvas, rng: avatar(canvas, rng, Box(220, 220, 160, 160), letter="A", face="arimo", round_=True),
}


@pytest.mark.parametrize("name", ORNAMENTS)
def test_an_ornament_stays_in_its_place_and_follows_the_generator(name: str) -> None:
    pages = []
    for seed in (1, 1, 2):
        canvas = _canvas()
        ORNAMENTS[name](canvas, np.random.default_rng(seed))
        left, top, right, bottom = _inked(canvas)
        assert min(left, top) >= 190
        assert max(right, bottom) <= 410
        pages.append(canvas.pixels)
    assert np.array_equal(pages[0], pages[1])
    assert not np.array_equal(pages[0], pages[2])


def test_a_border_frames_its_box() -> None:
    canvas = _canvas()
    border(canvas, Box(50, 60, 500, 480), RED)
    assert _inked(canvas) == (50, 60, 549, 539)


def test_a_qr_code_reads_back() -> None:
    canvas = _canvas()
    side = qr_code(canvas, Box(100, 100, 240, 240), "SPECIMEN 123456")
    assert side <= 240
    found, *_ = cv2.QRCodeDetector().detectAndDecode(canvas.pixels)
    assert found == "SPECIMEN 123456"


def test_bars_are_whole_pixels_and_end_in_bars() -> None:
    canvas = _canvas()
    width = barcode(canvas, Box(100, 100, 400, 60), "123456789012")
    row = canvas.pixels[130, 100 : 100 + round(width), 0] < 128
    assert row[0]
    assert row[-1]
    edges = np.flatnonzero(np.diff(row.astype(int)))
    assert len(edges) > 40
    assert not (canvas.pixels[130, 100 + round(width) :, 0] < 128).any()


def test_a_portrait_is_listed_and_is_no_line_drawing() -> None:
    canvas = _canvas()
    portrait(canvas, np.random.default_rng(3), Box(100, 120, 200, 256), Sitter(female=False))
    assert canvas.portraits == [((100, 120), (300, 120), (300, 376), (100, 376))]
    photo = canvas.pixels[120:376, 100:300]
    assert len(np.unique(photo.reshape(-1, 3), axis=0)) > 5000
