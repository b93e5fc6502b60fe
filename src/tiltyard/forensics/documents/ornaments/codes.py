"""Barcodes and QR codes as crisp pixels."""

from functools import lru_cache

import cv2
import numpy as np

from tiltyard.errors import TiltyardError
from tiltyard.forensics.documents.kit.canvas import Box, Canvas, Colour
from tiltyard.forensics.documents.kit.glyphs import Grey


def barcode(canvas: Canvas, box: Box, content: str, colour: Colour = (10, 10, 10)) -> float:
    """Code 128 from the box's left edge, in whole pixels a module; returns the width that it took, in units."""
    modules = _bars(content)
    scale = max(int(box.width * canvas.unit / len(modules)), 1)
    rows = max(round(box.height * canvas.unit), 4)
    mask = np.ascontiguousarray(np.broadcast_to(np.repeat(modules, scale), (rows, len(modules) * scale)))
    canvas.ink(mask, round(box.x * canvas.unit), round(box.y * canvas.unit), colour)
    return len(modules) * scale / canvas.unit


def qr_code(canvas: Canvas, box: Box, content: str, colour: Colour = (10, 10, 10)) -> float:
    """A QR code within the square box, in whole pixels a module; returns its side in units."""
    modules = _matrix(content)
    scale = max(int(box.width * canvas.unit / len(modules)), 1)
    side = len(modules) * scale
    mask = np.asarray(cv2.resize(modules, (side, side), interpolation=cv2.INTER_NEAREST), np.uint8)
    canvas.ink(mask, round(box.x * canvas.unit), round(box.y * canvas.unit), colour)
    return side / canvas.unit


@lru_cache(maxsize=64)
def _bars(content: str) -> Grey:
    try:
        from barcode import Code128
    except ModuleNotFoundError:
        raise TiltyardError('package python-barcode is not installed: pip install "tiltyard[documents]"') from None
    row = "".join(Code128(content).build())
    return np.frombuffer(row.encode(), np.uint8) % 2 * np.uint8(255)


@lru_cache(maxsize=64)
def _matrix(content: str) -> Grey:
    try:
        import segno
    except ModuleNotFoundError:
        raise TiltyardError('package segno is not installed: pip install "tiltyard[documents]"') from None
    return np.array([list(row) for row in segno.make(content, micro=False, error="l").matrix], np.uint8) * np.uint8(255)
