"""Labelled images in a zip archive of class folders, read with bounds."""

import io
from pathlib import Path, PurePosixPath

import numpy as np

from tiltyard.contest.archive import ZipSource
from tiltyard.errors import TiltyardError
from tiltyard.vision.folders import KINDS, Fit, Read, decode_stream

MAX_FILES = 200_000
MAX_BYTES = 4 << 30


def read_class_zip(path: Path, items: int | None, fit: Fit | None) -> Read:
    """`CLASS/FILE` members, classes in sorted order; `items` are taken round-robin over the classes."""
    source = ZipSource(path, max_files=MAX_FILES, max_bytes=MAX_BYTES)
    classes, listed = _listed(source.names())
    if not listed:
        raise TiltyardError("holds no images in one folder a class")
    source.check()
    chosen = listed[:items]
    wanted = {name for name, _ in chosen}
    content = {name: member for name, member in source.contents() if name in wanted}
    images = [decode_stream(io.BytesIO(content[name]), name, fit) for name, _ in chosen]
    if any(image.shape != images[0].shape for image in images):
        raise TiltyardError("the images differ in size: name one with --size HEIGHTxWIDTH")
    return np.stack(images), [label for _, label in chosen], [name for name, _ in chosen], classes, [path.resolve()]


def _listed(names: tuple[str, ...]) -> tuple[list[str], list[tuple[str, int]]]:
    """The classes, and each image with its class's number: the first of every class, the second of every class, …"""
    images = [PurePosixPath(name) for name in names if name.lower().endswith(KINDS)]
    found = [image for image in images if len(image.parts) == 2 and not image.name.startswith(".")]
    classes = sorted({image.parts[0] for image in found})
    turns: dict[str, int] = dict.fromkeys(classes, 0)
    order = []
    for image in sorted(found):
        name = image.parts[0]
        order.append((turns[name], classes.index(name), str(image)))
        turns[name] += 1
    return classes, [(name, label) for _, label, name in sorted(order)]
