"""Masks and maps that are handed in as PNG, read strictly: one line says which pixel or chunk breaks the rule."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.errors import EntryError, TiltyardError
from tiltyard.vision.bounded import open_image

MAX_PIXELS = 100_000_000
MAX_CHUNKS = 1 << 16
START = b"\x89PNG\r\n\x1a\n"
HEADER_BYTES = 25
SAVE_PLAIN = "save it as a plain 8-bit grey PNG"
REFUSED = {
    b"tRNS": "has transparency",
    b"eXIf": "carries EXIF data, which may turn it",
    b"acTL": "is animated",
    b"fcTL": "is animated",
    b"fdAT": "is animated",
}
CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
"""What a reader must understand, and all that PNG knows of that sort."""
GREY, COLOUR, PALETTE = 0, 2, 3
Grey = NDArray[np.uint8]


def decode_mask(content: bytes, name: str, *, size: tuple[int, int] | None) -> NDArray[np.bool_]:
    """The (h, w) mask in a PNG of one frame that holds only 0 and 255; true where it is 255.

    Taken are grey of up to 8 bits, and palettes and RGB with equal channels. `size` is (width, height), or None where
    any up to 100 megapixels will do. EntryError, which calls the file `name`, for everything else.
    """
    values = _decoded(content, name, size=size)
    if values.dtype == np.bool_:
        return values.astype(np.bool_, copy=False)
    values = values.astype(np.uint8, copy=False)
    if ((values + np.uint8(1)) & np.uint8(0xFE)).any():
        _refuse_value(values, name)
    return values.astype(np.bool_)


def decode_map(content: bytes, name: str, *, size: tuple[int, int] | None) -> Grey:
    """The (h, w) grey values 0–255 of a PNG, larger where forgery is more likely; taken and refused like a mask."""
    values = _decoded(content, name, size=size)
    return values.astype(np.uint8) * np.uint8(255) if values.dtype == np.bool_ else values.astype(np.uint8, copy=False)


def png_size(content: bytes, name: str) -> tuple[int, int]:
    """Width and height in the header of a PNG; EntryError where there is none."""
    if content[: len(START)] != START:
        raise EntryError(f"{name}: is no PNG: {SAVE_PLAIN}")
    if len(content) < len(START) + HEADER_BYTES or content[8:16] != b"\0\0\0\rIHDR":
        raise EntryError(f"{name}: is truncated or broken: {SAVE_PLAIN}")
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _decoded(content: bytes, name: str, *, size: tuple[int, int] | None) -> NDArray[np.bool_] | Grey:
    _check_size(png_size(content, name), name, wanted=size)
    _check_chunks(content, name)
    try:
        with open_image(io.BytesIO(content), name, max_pixels=MAX_PIXELS, cure=SAVE_PLAIN) as image:
            if image.mode == "P":
                _check_indices(image, name)
            if image.mode in ("P", "RGB"):
                return _equal_channels(np.asarray(image.convert("RGB")), name)
            return np.asarray(image)
    except EntryError:
        raise
    except TiltyardError as error:
        raise EntryError(str(error)) from None


def _check_size(found: tuple[int, int], name: str, *, wanted: tuple[int, int] | None) -> None:
    if wanted is not None and found != wanted:
        raise EntryError(f"{name}: is {found[0]}×{found[1]}, the test image {wanted[0]}×{wanted[1]}")
    if not 0 < found[0] * found[1] <= MAX_PIXELS:
        raise EntryError(f"{name}: is {found[0]}×{found[1]}: 1 to {MAX_PIXELS // 1_000_000} megapixels are decoded")


def _check_chunks(content: bytes, name: str) -> None:
    """Every checksum holds, nothing turns, animates or hides a pixel, and the file ends where the image does.

    Pillow passes over the checksums of image data.
    """
    depth, colour = content[24], content[25]
    if depth > 8:
        raise EntryError(f"{name}: has {depth} bits a sample: {SAVE_PLAIN}")
    if colour not in (GREY, COLOUR, PALETTE):
        raise EntryError(f"{name}: has an alpha channel: {SAVE_PLAIN}")
    kinds = list(_chunk_kinds(content, name))
    if kinds.count(b"IHDR") > 1:
        raise EntryError(f"{name}: has two headers: {SAVE_PLAIN}")
    for kind in kinds:
        if kind in REFUSED or (kind[:1].isupper() and kind not in CRITICAL):
            raise EntryError(f"{name}: {REFUSED.get(kind, f'has the unknown chunk {kind!a}')}: {SAVE_PLAIN}")
    if colour == PALETTE and (kinds.count(b"PLTE") != 1 or b"IDAT" in kinds[: kinds.index(b"PLTE")]):
        raise EntryError(f"{name}: has not one palette before its pixels: {SAVE_PLAIN}")


def _chunk_kinds(content: bytes, name: str) -> Iterator[bytes]:
    view, at = memoryview(content), len(START)
    for _ in range(MAX_CHUNKS):
        if at + 12 > len(content):
            break
        end = at + 8 + int.from_bytes(view[at : at + 4], "big")
        kind = bytes(view[at + 4 : at + 8])
        if end + 4 > len(content):
            break
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise EntryError(f"{name}: is damaged, the checksum of its chunk {kind!a} is wrong: {SAVE_PLAIN}")
        yield kind
        at = end + 4
        if kind == b"IEND":
            if at != len(content):
                raise EntryError(f"{name}: {len(content) - at} bytes follow its end: {SAVE_PLAIN}")
            return
    raise EntryError(f"{name}: is truncated or broken: {SAVE_PLAIN}")


def _check_indices(image: Image.Image, name: str) -> None:
    """Readers disagree on what a pixel without a colour shows."""
    colours, largest = len(image.getpalette() or ()) // 3, int(np.asarray(image).max())
    if largest >= colours:
        raise EntryError(f"{name}: uses colour {largest} of a palette of {colours}: {SAVE_PLAIN}")


def _equal_channels(values: Grey, name: str) -> Grey:
    first = values[..., 0]
    coloured = (values[..., 1] != first) | (values[..., 2] != first)
    if coloured.any():
        y, x = np.unravel_index(int(coloured.argmax()), coloured.shape)
        colour = tuple(int(value) for value in values[y, x])
        raise EntryError(f"{name}: colour {colour} at ({x}, {y}): {SAVE_PLAIN}")
    return np.ascontiguousarray(first)


def _refuse_value(values: Grey, name: str) -> NoReturn:
    wrong = (values != 0) & (values != 255)
    y, x = np.unravel_index(int(wrong.argmax()), wrong.shape)
    raise EntryError(f"{name}: value {int(values[y, x])} at ({x}, {y}): a mask holds only 0 and 255")
