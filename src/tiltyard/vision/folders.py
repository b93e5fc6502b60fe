"""Labelled images in folders, decoded with bounds."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiltyard.contest.files import open_regular
from tiltyard.contest.names import is_junk, one_line, shown
from tiltyard.errors import TiltyardError
from tiltyard.vision.bounded import open_image

KINDS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
MAX_PIXELS = 50_000_000
MAX_LABEL = 1_000_000
MAX_SIDE = 4096
Read = tuple[NDArray[np.uint8], list[int], list[str], list[str], list[Path]]


@dataclass(frozen=True)
class Fit:
    """Height and width that images are brought to, from a central cut that keeps `crop` of the shorter side."""

    height: int
    width: int
    crop: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.height <= MAX_SIDE and 0 < self.width <= MAX_SIDE and 0 < self.crop <= 1):
            raise TiltyardError(f"a size has sides from 1 to {MAX_SIDE}, a crop is a share above 0 and at most 1")

    def __call__(self, picture: Image.Image) -> Image.Image:
        scale = self.crop * min(picture.width / self.width, picture.height / self.height)
        across, down = scale * self.width, scale * self.height
        left, top = (picture.width - across) / 2, (picture.height - down) / 2
        box = (left, top, left + across, top + down)
        return picture.resize((self.width, self.height), Image.Resampling.BILINEAR, box=box)


def read_class_folders(folder: Path, items: int | None, fit: Fit | None) -> Read:
    """One sub-folder a class, in sorted order; `items` are taken round-robin over the classes."""
    classes = sorted(place.name for place in folder.iterdir() if place.is_dir() and not _is_hidden(place))
    per_class = [_images_in(folder / name) for name in classes]
    if not any(per_class):
        raise TiltyardError("holds neither dev.csv nor one sub-folder of images a class")
    rounds = range(max(map(len, per_class)))
    order = [(label, paths[turn]) for turn in rounds for label, paths in enumerate(per_class) if turn < len(paths)]
    found = _read(folder, [(path, label) for label, path in order[:items]], classes, fit)
    return (*found[:-1], [folder / name for name in classes])


def read_listed_folder(folder: Path, items: int | None, fit: Fit | None) -> Read:
    """`dev.csv` with `ImageId,TrueLabel`; images lie beside it or in `images/`, with or without their suffix."""
    with (folder / "dev.csv").open(newline="", encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))[:items]
    if not lines or not {"ImageId", "TrueLabel"} <= lines[0].keys():
        raise TiltyardError("dev.csv needs the columns ImageId and TrueLabel, and at least one line")
    found = _read(folder, [(_listed(folder, line["ImageId"]), _label(line)) for line in lines], [], fit)
    return (*found[:-1], [folder / "dev.csv", *found[-1]])


def _label(line: dict[str, str]) -> int:
    try:
        label = int(line["TrueLabel"])
    except (TypeError, ValueError):
        label = -1
    if not 0 <= label <= MAX_LABEL:
        told = shown(str(line["TrueLabel"]))
        raise TiltyardError(f"dev.csv: image {line['ImageId']}: TrueLabel {told} is no class number")
    return label


def _listed(folder: Path, image: str) -> Path:
    if not image or "/" in image or image.startswith("."):
        raise TiltyardError(f"dev.csv: ImageId {image!r} is no file name")
    for place in (folder, folder / "images"):
        for name in (image, *(image + kind for kind in KINDS)):
            if (place / name).is_file():
                return place / name
    raise TiltyardError(f"dev.csv names {image}, which is not there")


def _images_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in KINDS and not _is_hidden(path))


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or is_junk(path.name)


def _read(folder: Path, listed: list[tuple[Path, int]], classes: list[str], fit: Fit | None) -> Read:
    names = [path.relative_to(folder).as_posix() for path, _ in listed]
    if len(set(names)) < len(names):
        raise TiltyardError(f"{next(name for name in names if names.count(name) > 1)} is named twice")
    images: list[NDArray[np.uint8]] = []
    for path, _ in listed:
        images.append(decode(path, fit))
        if images[-1].shape != images[0].shape:
            raise TiltyardError("the images differ in size: name one with --size HEIGHTxWIDTH")
    return np.stack(images), [label for _, label in listed], names, classes, [path for path, _ in listed]


def decode(path: Path, fit: Fit | None) -> NDArray[np.uint8]:
    """An image as (3, h, w) uint8; TiltyardError for what is no image or larger than 50 megapixels."""
    try:
        with open_regular(path) as file:
            return decode_stream(file, path.name, fit)
    except OSError as error:
        raise TiltyardError(f"{path.name}: no readable image ({one_line(error, 120)})") from None


def decode_stream(file: BinaryIO, name: str, fit: Fit | None) -> NDArray[np.uint8]:
    """The same from an open file; `name` is what errors call it."""
    with open_image(file, name, max_pixels=MAX_PIXELS) as image:
        picture = image.convert("RGB")
    if fit:
        picture = fit(picture)
    return np.ascontiguousarray(np.asarray(picture, np.uint8).transpose(2, 0, 1))
