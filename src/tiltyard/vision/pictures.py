"""A picture of a user, read with bounds: RGB as a person sees it, with a note on whatever was changed or lost."""

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base
from PIL.TiffImagePlugin import BITSPERSAMPLE, TiffImageFile

from tiltyard.contest.files import open_regular
from tiltyard.contest.names import shown_path
from tiltyard.errors import TiltyardError
from tiltyard.vision.bounded import open_image

MAX_PIXELS = 100_000_000
MAX_BYTES = 512 << 20
MAX_SIDE = 65_490
"""What libjpeg saves, 65 500, less what is laid around a picture that is looked at on another grid."""
MIN_SIDE = 8
"""One block of a JPEG: nothing smaller can be examined."""
MAX_SCANS = 64
"""Each scan of a progressive JPEG passes over all pixels, and takes a few bytes to ask for."""
MAX_SEGMENTS = 10_000
SEGMENT = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
"""A marker of a JPEG, neither stuffed nor a restart within a scan."""
END_OF_IMAGE, START_OF_SCAN = b"\xd9", b"\xda"
PNG_START, PNG_DEPTH_AT = b"\x89PNG\r\n\x1a\n", 24
PLAIN = ("1", "L", "P", "RGB", "RGBX", "YCbCr")
WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each orientation of EXIF (tag 0x0112)."""


@dataclass(frozen=True)
class PictureRead:
    """`pixels` (h, w, 3) uint8 RGB, upright; the file's `format`; one line a change that reading made."""

    pixels: NDArray[np.uint8]
    format: str
    """`JPEG`, `PNG`, `WEBP`, `TIFF` or `BMP`."""
    notes: tuple[str, ...] = ()


def read_picture(path: Path) -> PictureRead:
    """The picture in a file of at most 512 MiB; TiltyardError names the file, the reason and the cure."""
    return decode_picture(read_picture_bytes(path), shown_path(path))


def read_picture_bytes(path: Path) -> bytes:
    """The undecoded content of a picture's file, within the same bound."""
    name = shown_path(path)
    try:
        with open_regular(path) as file:
            large = os.fstat(file.fileno()).st_size > MAX_BYTES
            content = b"" if large else file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TiltyardError(f"{name}: cannot be read ({error.strerror}): name the file of a picture") from None
    if large or len(content) > MAX_BYTES:
        raise TiltyardError(f"{name}: more than the {MAX_BYTES >> 20} MiB that are read: scale it down")
    return content


def decode_picture(content: bytes, name: str) -> PictureRead:
    """The picture in a file's bytes: at most 100 megapixels, at least 8 pixels a side, 8 bits a sample, one frame.

    Turned upright where EXIF says so; grey, palettes and transparency (laid on white) become RGB. TiltyardError names
    `name`, the reason and the cure for everything else: CMYK, 16 bits, floats, animations, damage.
    """
    if not content:
        raise TiltyardError(f"{name}: is empty: copy the file again")
    if content.startswith(b"\xff\xd8") and _has_many_scans(content):
        raise TiltyardError(
            f"{name}: more than {MAX_SCANS} scans or {MAX_SEGMENTS} segments: save it as a baseline JPEG"
        )
    with open_image(io.BytesIO(content), name, max_pixels=MAX_PIXELS) as image:
        refusal = _refusal(image, content)
        if refusal:
            raise TiltyardError(f"{name}: {refusal}")
        return _decoded(image)


def _has_many_scans(content: bytes) -> bool:
    """Counted up to the end of the first image: films and pictures may follow it."""
    at, scans = 2, 0
    for _ in range(MAX_SEGMENTS):
        marker = SEGMENT.search(content, at)
        if marker is None or marker[1] == END_OF_IMAGE:
            return False
        scans += marker[1] == START_OF_SCAN
        if scans > MAX_SCANS:
            return True
        at = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2], "big")
    return True


def _refusal(image: Image.Image, content: bytes) -> str:
    """Why a picture is not taken, and what to do: from its header alone."""
    width, height = image.size
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_SIDE:
        return f"is {width}×{height}: a picture has {MIN_SIDE} to {MAX_SIDE} pixels a side"
    if getattr(image, "is_animated", False) and image.format != "MPO":
        return "holds several frames or pages: save the one you mean as a picture of its own"
    if image.mode == "F":
        return "has floating-point samples: save it with 8 bits a sample"
    if image.mode.startswith("I") or _has_deep_samples(image, content):
        return "has more than 8 bits a sample: save it with 8"
    if image.mode not in PLAIN + WITH_ALPHA:
        return f"is {image.mode}: convert it to RGB"
    return ""


def _has_deep_samples(image: Image.Image, content: bytes) -> bool:
    """Whether Pillow would drop bits in silence: it reads 16-bit RGB as 8-bit."""
    if isinstance(image, TiffImageFile):
        return bool(max(image.tag_v2.get(BITSPERSAMPLE, (1,))) > 8)
    return content.startswith(PNG_START) and content[PNG_DEPTH_AT] > 8


def _decoded(image: Image.Image) -> PictureRead:
    orientation, notes = orientation_of(image), list(_notes(image))
    image.load()
    flat: Image.Image = image
    if orientation in UPRIGHT:
        notes.append(f"turned upright by its EXIF orientation ({orientation})")
        if image.format != "TIFF":  # Pillow turns these while it loads them
            flat = image.transpose(UPRIGHT[orientation])
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    pixels, lost = _on_white(flat)
    if lost:
        notes.append("transparent parts were laid on white")
    return PictureRead(pixels, kind, tuple(notes))


def _notes(image: Image.Image) -> Iterator[str]:
    if image.format == "MPO":
        yield "the file holds several pictures; the first was taken"


def orientation_of(image: Image.Image) -> int:
    """Tag 0x0112 of EXIF; 1 where the data are damaged, as viewers do."""
    try:
        return int(image.getexif().get(Base.Orientation, 1))
    except Exception:  # the parser fails in any way
        return 1


def _on_white(image: Image.Image) -> tuple[NDArray[np.uint8], bool]:
    """(h, w, 3) RGB, and whether anything was transparent."""
    if image.mode not in WITH_ALPHA and "transparency" not in image.info:
        return np.array(image.convert("RGB")), False
    layer = image.convert("RGBA")
    if layer.getchannel("A").getextrema()[0] == 255:
        return np.array(layer.convert("RGB")), False
    paper = Image.new("RGBA", layer.size, "white")
    paper.alpha_composite(layer)
    return np.array(paper.convert("RGB")), True
