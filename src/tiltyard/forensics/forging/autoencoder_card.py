"""The auto-encoder's card and curve: on what it was trained, for how long, and how well it reconstructs."""

import math
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from tiltyard.forensics.forging.autoencoder import Autoencoder, decode, encode, with_weights
from tiltyard.forensics.picture import Pixels

CROP, CROPS = 128, 48
"""What is measured: so many crops at most, of so many pixels a side."""
BASELINE = 4
"""Shrinking by 4 keeps 12 numbers of each 8×8 block, the auto-encoder 16."""


@dataclass(frozen=True)
class Facts:
    """What training alone knows."""

    origin: str
    pages: int
    seed: int
    steps: int
    batch: int


def held_out_psnr(network: Autoencoder, pages: Sequence[Pixels]) -> float:
    """The mean PSNR in dB of what the network makes of crops of `pages`; NaN without pages."""

    def rebuilt(crop: Pixels) -> Pixels:
        height, width = crop.shape[:2]
        return decode(network, encode(network, crop), height=height, width=width)

    precise = Autoencoder()
    precise.load_state_dict(network.state_dict())
    network = precise.double().eval()
    return _mean_psnr(pages, rebuilt)


def shrunk_psnr(pages: Sequence[Pixels]) -> float:
    """The same of crops that were shrunk by area and enlarged again bicubically: what any network must beat."""

    def rebuilt(crop: Pixels) -> Pixels:
        height, width = crop.shape[:2]
        small = cv2.resize(crop, (width // BASELINE, height // BASELINE), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)

    return _mean_psnr(pages, rebuilt)


def _mean_psnr(pages: Sequence[Pixels], rebuilt: Callable[[Pixels], Pixels]) -> float:
    found = [_psnr(crop, rebuilt(crop)) for crop in _crops(pages)]
    return float(np.mean(found)) if found else math.nan


def _crops(pages: Sequence[Pixels]) -> Iterator[Pixels]:
    """The busiest crop of each page, on a grid: blank paper says nothing."""
    for page in pages[:CROPS]:
        height, width = page.shape[:2]
        crops = (
            page[top : top + CROP, left : left + CROP]
            for top in range(0, max(1, height - CROP + 1), CROP)
            for left in range(0, max(1, width - CROP + 1), CROP)
        )
        yield max(crops, key=lambda crop: float(crop.std()))


def _psnr(first: Pixels, second: Pixels) -> float:
    error = float(np.square(first.astype(np.float64) - second).mean())
    return 10 * math.log10(255**2 / max(error, 1e-10))


def write_card(weights: Path, held_out: Sequence[Pixels], curve: Sequence[dict[str, float]], facts: Facts) -> Path:
    """Measures the weights as they are stored, and writes NAME.md beside them."""
    network = with_weights(weights)
    minutes = sum(line["seconds"] for line in curve) / 60
    shown = min(len(held_out), CROPS)
    lines = {
        "what it is for": "re-synthesis of windows in `tiltyard forge`; not for compression or restoration",
        "data": f"{facts.pages} pages: {facts.origin}",
        "training": f"{facts.steps} steps of {facts.batch} crops, {minutes:.1f} minutes on "
        f"{torch.get_num_threads()} of {os.cpu_count()} cores ({platform.machine()})",
        "seed": facts.seed,
        "parameters": f"{sum(parameter.numel() for parameter in network.parameters())}, stored in half precision",
        f"PSNR on {shown} held-out crops": f"{held_out_psnr(network, held_out):.2f} dB",
        f"PSNR of shrinking by {BASELINE} and enlarging, same crops": f"{shrunk_psnr(held_out):.2f} dB",
        "curve": f"{weights.with_suffix('.csv').name}, {weights.with_suffix('.svg').name}",
    }
    path = weights.with_suffix(".md")
    text = ["# Auto-encoder for re-synthesis", "", *(f"- {key}: {value}" for key, value in lines.items()), ""]
    path.write_text("\n".join(text), encoding="utf-8")
    return path
