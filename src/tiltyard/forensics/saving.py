"""How a picture is written to a file: JPEG with the tables of a camera, a phone or a library; or PNG."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Table = tuple[int, ...]
"""64 quantisation steps in natural (row by row) order, each 1–255."""


@dataclass(frozen=True)
class Saving:
    """A file format with its settings; the default loses nothing."""

    format: str = "png"
    """`jpeg` or `png`."""
    luma: Table = ()
    chroma: Table = ()
    subsampling: str = "4:2:0"
    """`4:4:4`, `4:2:2` or `4:2:0`; JPEG only."""
    maker: str = ""
    """Where the tables come from, for the record: `libjpeg 85`, `phone A`."""

    @property
    def suffix(self) -> str:
        return ".jpg" if self.format == "jpeg" else ".png"


def encoded(pixels: NDArray[np.uint8], saving: Saving, *, comment: str = "") -> bytes:
    """The file for (h, w, 3) RGB pixels; `comment` goes into the JPEG comment or a PNG text chunk."""
    from PIL.PngImagePlugin import PngInfo

    buffer, image = io.BytesIO(), Image.fromarray(pixels)
    if saving.format == "jpeg":
        image.save(
            buffer, "JPEG", qtables=[list(saving.luma), list(saving.chroma)], subsampling=saving.subsampling,
            comment=comment.encode(),
        )  # fmt: skip
        return buffer.getvalue()
    notes = PngInfo()
    if comment:
        notes.add_text("Comment", comment)
    image.save(buffer, "PNG", pnginfo=notes, compress_level=1)
    return buffer.getvalue()


def decoded(content: bytes) -> NDArray[np.uint8]:
    """The (h, w, 3) RGB pixels of a file that `encoded` wrote: for our own bytes only, nobody else's."""
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
        return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def resaved(pixels: NDArray[np.uint8], saving: Saving) -> NDArray[np.uint8]:
    """What is left of the pixels after they were saved and opened again."""
    return pixels if saving.format == "png" else decoded(encoded(pixels, saving))
