"""Every sample says of itself that it is a specimen, in the same words whether it was forged or not."""

import struct
import zlib

from PIL import Image
from PIL.ExifTags import Base
from PIL.PngImagePlugin import PngInfo

SOFTWARE = "tiltyard forge (SPECIMEN)"
PNG_HEAD = 8 + 25
"""Signature and IHDR chunk, which must come first."""


def mark_of(what: str, *, recipe: str, seed: int, index: int) -> str:
    """The words: what made it, and how to make it again."""
    return f"SPECIMEN - synthetic, made by tiltyard forge {what}, recipe {recipe[:16]}, seed {seed}, index {index}"


def marked(content: bytes, mark: str) -> bytes:
    """The JPEG or PNG file with the mark as EXIF description, beside the comment that it has already."""
    exif = Image.Exif()
    exif[Base.ImageDescription], exif[Base.Software] = mark, SOFTWARE
    packed = exif.tobytes()
    if content.startswith(b"\xff\xd8"):
        return content[:2] + b"\xff\xe1" + struct.pack(">H", len(packed) + 2) + packed + content[2:]
    notes = PngInfo()
    notes.add_text("Description", mark)
    notes.add_text("Software", SOFTWARE)
    chunks = [(kind, data) for kind, data, *_ in notes.chunks] + [(b"eXIf", packed.removeprefix(b"Exif\0\0"))]
    return content[:PNG_HEAD] + b"".join(_chunk(kind, data) for kind, data in chunks) + content[PNG_HEAD:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
