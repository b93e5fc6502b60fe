"""The one opening of pictures: a header is believed only within bounds, whatever fails becomes one line."""

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from tiltyard.contest.names import one_line
from tiltyard.errors import TiltyardError

FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF")
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
STANDARD_ERROR = 2
REDIRECTING = threading.RLock()
"""Two threads that redirected in turn would leave standard error redirected."""
CURE = "save it again as JPEG or PNG"


@contextmanager
def open_image(file: BinaryIO, name: str, *, max_pixels: int, cure: str = CURE) -> Iterator[Image.Image]:
    """An image of JPEG, PNG, BMP, WebP or TIFF whose pixels are not decoded yet, at most `max_pixels` by its header.

    Raises TiltyardError, which calls the file `name`, for everything that fails until the block ends: decoders fail in
    any way on damaged files. `cure` is what the line tells its reader to do.
    """
    try:
        with warnings.catch_warnings(), _quiet(file):
            warnings.simplefilter("ignore")
            with Image.open(file, formats=FORMATS) as image:
                if image.width * image.height > max_pixels:
                    raise TiltyardError(_too_large(name, f"{image.width}×{image.height} pixels", max_pixels))
                yield image
    except TiltyardError:
        raise
    except Image.DecompressionBombError:
        raise TiltyardError(_too_large(name, "the pixels that its header claims", max_pixels)) from None
    except UnidentifiedImageError:
        known = "neither JPEG, PNG, WebP, TIFF nor BMP, or its first bytes are damaged"
        raise TiltyardError(f"{name}: no readable image ({known}): {cure}") from None
    except Exception as error:
        raise TiltyardError(f"{name}: no readable image ({_told(error)}): {cure}") from None


@contextmanager
def _quiet(file: BinaryIO) -> Iterator[None]:
    """libtiff writes what it finds wrong straight to standard error, where our one line belongs alone."""
    start = file.read(4)
    file.seek(0)
    if start not in TIFF_STARTS:
        yield
        return
    with REDIRECTING, open(os.devnull, "wb") as nothing:
        kept = os.dup(STANDARD_ERROR)
        os.dup2(nothing.fileno(), STANDARD_ERROR)
        try:
            yield
        finally:
            os.dup2(kept, STANDARD_ERROR)
            os.close(kept)


def _too_large(name: str, what: str, max_pixels: int) -> str:
    return f"{name}: {what} are more than the {max_pixels // 1_000_000} megapixels that are decoded: scale it down"


def _told(error: Exception) -> str:
    return one_line(error, 120) or type(error).__name__
