"""A small truth folder and entries for it, which the tests of the forgery tracks, their command and report share."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from tiltyard.contest.entry import write_zip

KINDS = ("splice", "erase", "authentic")
SHAPE = (16, 24)


def png(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def true_masks(count: int) -> dict[str, np.ndarray]:
    """Every third is authentic."""
    rng, masks = np.random.default_rng(0), {}
    for index in range(count):
        mask = np.zeros(SHAPE, np.bool_)
        if KINDS[index % 3] != "authentic":
            y, x = rng.integers(0, 8, 2)
            mask[y : y + 6, x : x + 8] = True
        masks[f"{index:04d}"] = mask
    return masks


def write_truth(folder: Path, count: int, *, table: bool = True, pictures: bool = False) -> dict[str, np.ndarray]:
    """`masks/` and `samples.csv`, three images of one source each."""
    masks = true_masks(count)
    (folder / "masks").mkdir(parents=True)
    lines = ["name,source,family,template,kind"]
    for index, (name, mask) in enumerate(masks.items()):
        (folder / "masks" / f"{name}.png").write_bytes(png(mask * 255))
        lines.append(f"{name}.jpg,document {index // 3},{('receipt', 'invoice')[index % 2]},a,{KINDS[index % 3]}")
    if table:
        (folder / "samples.csv").write_text("\n".join(lines) + "\n")
    if pictures:
        (folder / "images").mkdir()
        rng = np.random.default_rng(1)
        for name in masks:
            Image.fromarray(rng.integers(0, 256, (*SHAPE, 3), np.uint8)).save(folder / "images" / f"{name}.jpg")
    return masks


def shifted(mask: np.ndarray) -> np.ndarray:
    return np.roll(mask, 2, 1) * 255


def softened(mask: np.ndarray) -> np.ndarray:
    """A map: lighter where it is forged, with noise that hangs on the mask alone."""
    noise = np.random.default_rng(int(mask.sum())).integers(0, 120, mask.shape)
    return noise + 100 * mask


def write_entry(
    path: Path, masks: Mapping[str, np.ndarray], drawn: Callable[[np.ndarray], np.ndarray] = shifted, **more: bytes
) -> Path:
    """A zip of what `drawn` makes of the true masks; `more` replaces or adds members by stem, b"" leaves one out."""
    members = {f"images/{name}.png": png(drawn(mask)) for name, mask in masks.items()}
    members |= {f"images/{name.removeprefix('m')}.png": content for name, content in more.items()}
    write_zip(path, {name: content for name, content in members.items() if content})
    return path
