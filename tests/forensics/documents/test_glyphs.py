"""Text put together from glyphs is what PIL draws of the whole run."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tiltyard.forensics.documents import fonts
from tiltyard.forensics.documents.kit.canvas import Canvas, Pen
from tiltyard.forensics.documents.kit.glyphs import length, rendered


@pytest.mark.parametrize("face", ["arimo", "roboto", "crimson-text", "ibm-plex-mono", "eb-garamond"])
def test_a_run_is_what_pil_draws_from_the_same_font(face: str) -> None:
    font, text = fonts.use(face, 22), "Invoice 1.234,56 €"
    mask, left, top = rendered(font, text)
    image = Image.new("L", (400, 80))
    ImageDraw.Draw(image).text((40, 50), text, fill=255, font=fonts.loaded(font), anchor="ls")
    whole = np.asarray(image)
    box = Image.fromarray(whole).getbbox()
    assert box is not None
    assert (left + 40, top + 50) == box[:2]
    ours = np.zeros_like(whole)
    ours[box[1] : box[1] + mask.shape[0], box[0] : box[0] + mask.shape[1]] = mask
    assert np.mean(np.abs(ours.astype(int) - whole)) < 0.1
    assert length(font, text) == pytest.approx(fonts.loaded(font).getlength(text), abs=1)


def test_tracking_spreads_letters() -> None:
    font = fonts.use("arimo", 20)
    assert length(font, "ABCD", 5) == length(font, "ABCD") + 15
    assert rendered(font, "ABCD", 5)[0].shape[1] == rendered(font, "ABCD")[0].shape[1] + 15


def test_quads_of_listed_text_are_its_ink_to_the_pixel() -> None:
    canvas = Canvas(1000, 300, long_side=1000, paper=(255, 255, 255))
    canvas.text(100, 150, "Hxg 49", Pen("arimo", 40, (0, 0, 0)), role="number")
    (line,) = canvas.lines
    rows, columns = np.nonzero(canvas.pixels.min(axis=2) < 255 - 24)
    assert line.quad[0] == (columns.min(), rows.min())
    assert line.quad[2] == (columns.max() + 1, rows.max() + 1)
    assert (line.text, line.role, line.colour) == ("Hxg 49", "number", (0, 0, 0))


def test_turned_text_keeps_the_order_of_its_corners() -> None:
    canvas = Canvas(300, 1000, long_side=1000, paper=(255, 255, 255))
    canvas.turned_text(150, 500, "UPWARDS", Pen("arimo", 40), turns=1)
    first, second, _, fourth = canvas.lines[0].quad
    assert first[0] == second[0]
    assert second[1] < first[1]
    assert fourth[0] > first[0]


def test_alignment_holds_to_a_pixel() -> None:
    canvas = Canvas(1000, 300, long_side=1000, paper=(255, 255, 255))
    pen = Pen("arimo", 30)
    boxes = [
        canvas.text(500, 60 + 60 * place, "1111", pen, align=align)
        for place, align in enumerate(("left", "centre", "right"))
    ]
    assert boxes[0].x >= 500 > boxes[1].x > boxes[2].x
    assert abs(boxes[1].x + boxes[1].width / 2 - 500) <= 2.5
    assert 497 <= boxes[2].right <= 500
