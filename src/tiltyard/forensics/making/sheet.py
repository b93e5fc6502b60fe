"""A contact sheet: picture, mask laid over it and kind side by side, to be looked at by a person."""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.folder import read_description
from tiltyard.forensics.making.listed import Row, read_rows
from tiltyard.forensics.making.part import IMAGES, MASKS, part_name
from tiltyard.forensics.making.series import Sample
from tiltyard.forensics.picture import Mask, Pixels
from tiltyard.vision.pictures import decode_picture, read_picture_bytes

CELL = 520
"""Pixels on the long side of a picture on the sheet."""
GAP, CAPTION, COLUMNS = 12, 34, 2
LONGEST_CAPTION = 120
PAPER, INK, RED = (250, 250, 248), (30, 30, 30), (225, 30, 40)
SUFFIXES = (".png", ".html")


@dataclass(frozen=True)
class Shown:
    """One sample on a sheet."""

    title: str
    note: str
    image: bytes
    mask: bytes

    @classmethod
    def of(cls, sample: Sample) -> "Shown":
        facts = sample.facts
        title = _title(sample.stem, facts["kind"], facts["family"], facts["template"], facts["source"])
        return cls(title, facts["note"], sample.image, sample.mask)


def check_target(path: Path) -> None:
    """TiltyardError, before long work, for a file that is neither PNG nor HTML."""
    if path.suffix.lower() not in SUFFIXES:
        raise TiltyardError(f"{path}: a sheet is a .png or .html file")


def sheet_of(folder: Path, target: Path, *, items: int) -> int:
    """Writes a sheet of a set's samples, each kind in turn; how many are on it."""
    check_target(target)
    a_part = int(read_description(folder).get("samples_a_part", 0))
    if a_part < 1:
        raise TiltyardError(f"{folder}: its recipe.json says not how large a part is: make the set again")
    return write_sheet((_read(folder, row, a_part) for row in in_turn(read_rows(folder), items)), target)


def in_turn(rows: Iterable[Row], items: int) -> list[Row]:
    """The first rows, one of each kind after the other."""
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        if len(found := by_kind.setdefault(row.kind, [])) < items:
            found.append(row)
    lists = [by_kind[kind] for kind in sorted(by_kind)]
    longest = max(map(len, lists), default=0)
    return [found[turn] for turn in range(longest) for found in lists if turn < len(found)][:items]


def write_sheet(shown: Iterable[Shown], target: Path) -> int:
    """Writes the sheet in the form of the file's ending."""
    cells = [(each, *_thumbnails(each)) for each in shown]
    if target.suffix.lower() == ".html":
        target.write_text(_html(cells), encoding="utf-8")
    else:
        _drawn(cells).save(target)
    return len(cells)


def _read(folder: Path, row: Row, a_part: int) -> Shown:
    stem = Path(row.name).stem
    part = folder / part_name(int(stem) // a_part)
    return Shown(
        _title(stem, row.kind, row.family, row.template, row.source), row.note,
        read_picture_bytes(part / IMAGES / row.name), read_picture_bytes(part / MASKS / f"{stem}.png"),
    )  # fmt: skip


def _title(stem: str, kind: str, family: str, template: str, source: str) -> str:
    return f"{int(stem)} · {kind} · {f'{family}/{template}' if family else source}"


def _thumbnails(shown: Shown) -> tuple[Pixels, Pixels]:
    """The picture, and the picture with what was forged in red and outlined."""
    pixels = decode_picture(shown.image, shown.title).pixels
    mask = decode_picture(shown.mask, f"mask of {shown.title}").pixels[..., 0] > 0
    height, width = pixels.shape[:2]
    scale = min(1.0, CELL / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    covered = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    return small, _overlaid(small, covered)


def _overlaid(pixels: Pixels, mask: Mask) -> Pixels:
    tinted = pixels.astype(np.float32)
    tinted[mask] = 0.55 * tinted[mask] + 0.45 * np.array(RED, np.float32)
    overlaid = tinted.round().astype(np.uint8)
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(overlaid, contours, -1, RED, 2)
    return overlaid


Cells = Sequence[tuple[Shown, Pixels, Pixels]]


def _drawn(cells: Cells) -> Image.Image:
    width = COLUMNS * (2 * CELL + 3 * GAP)
    rows = [cells[start : start + COLUMNS] for start in range(0, len(cells), COLUMNS)]
    heights = [max(small.shape[0] for _, small, _ in row) + CAPTION + GAP for row in rows]
    sheet = Image.new("RGB", (width, max(sum(heights) + GAP, 1)), PAPER)
    pen, top = ImageDraw.Draw(sheet), GAP
    for row, height in zip(rows, heights, strict=True):
        for column, (shown, small, overlaid) in enumerate(row):
            left = GAP + column * (2 * CELL + 3 * GAP)
            pen.text((left, top + 2), _told(shown), INK, _caption_font())
            sheet.paste(Image.fromarray(small), (left, top + CAPTION - 8))
            sheet.paste(Image.fromarray(overlaid), (left + CELL + GAP, top + CAPTION - 8))
        top += height
    return sheet


def _told(shown: Shown) -> str:
    text = f"{shown.title}   {shown.note}"
    return text if len(text) <= LONGEST_CAPTION else f"{text[: LONGEST_CAPTION - 1]}…"


@cache
def _caption_font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """One that has Chinese, where it is installed."""
    from tiltyard.forensics.documents.fonts import has_chinese, loaded, use

    return loaded(use("noto-sans-sc", 15)) if has_chinese() else ImageFont.load_default(15)


def _html(cells: Cells) -> str:
    figures = "\n".join(_figure(*cell) for cell in cells)
    style = "body{font:15px sans-serif;margin:1em}figure{display:inline-block;margin:.6em}img{margin-right:6px}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Contact sheet</title><style>{style}</style>\n'
        f"<h1>{len(cells)} samples: picture, what was forged, kind</h1>\n{figures}\n</html>\n"
    )


def _figure(shown: Shown, small: Pixels, overlaid: Pixels) -> str:
    named = (("picture", small), ("what was forged", overlaid))
    images = "".join(f'<img alt="{alt}" src="data:image/png;base64,{_png(pixels)}">' for alt, pixels in named)
    return f"<figure>{images}<figcaption>{html.escape(shown.title)}<br>{html.escape(shown.note)}</figcaption></figure>"


def _png(pixels: Pixels) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
