"""Images beside what an attack made of them, as PNGs inside the page."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SMALL = 64
"""Up to this side an image is shown pixel by pixel."""
LARGEST = 192
MANY, FEW = 8, 4
NEAREST = 4
"""Of the images that held and of those that broke."""
Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Example:
    """One image: clean, attacked, and the perturbation around grey, `magnified` so many times to fill the range."""

    clean: str
    attacked: str
    perturbation: str
    magnified: float
    small: bool
    label: str
    predicted: str
    margin: float | None = None


def examples(
    clean: Pixels,
    attacked: Pixels,
    labels: Sequence[object],
    predicted: Sequence[object],
    bounds: tuple[float, float],
    *,
    margins: Sequence[float] | None = None,
) -> list[Example]:
    """The first pairs of (n, c, h, w) images in `bounds`: eight small ones, or four large ones; margins if given."""
    count = MANY if max(clean.shape[2:], default=0) <= SMALL else FEW
    gaps: Sequence[float | None] = margins or [None] * len(clean)
    pairs = zip(clean[:count], attacked[:count], labels, predicted, gaps, strict=False)
    return [_example(*pair, bounds=bounds) for pair in pairs]


def png(pixels: Pixels) -> str:
    """A data URI of an image (c, h, w) in [0, 1]; more than three channels show the first three."""
    values = np.round(np.clip(np.nan_to_num(pixels), 0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(values[0]) if len(values) < 3 else Image.fromarray(values[:3].transpose(1, 2, 0).copy())
    picture.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _example(
    clean: Pixels,
    attacked: Pixels,
    label: object,
    predicted: object,
    margin: float | None,
    *,
    bounds: tuple[float, float],
) -> Example:
    low, span = bounds[0], bounds[1] - bounds[0]
    delta = (attacked - clean) / span
    largest = float(np.abs(delta).max(initial=0.0))
    factor = 0.5 / largest if largest > 0 else 1.0
    return Example(
        png((clean - low) / span),
        png((attacked - low) / span),
        png(0.5 + factor * delta),
        factor,
        max(clean.shape[1:]) <= SMALL,
        str(label),
        str(predicted),
        margin,
    )
