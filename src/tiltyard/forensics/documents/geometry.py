"""Where a sheet lies in the picture: homographies, and the warp that lays its pixels there."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tiltyard.forensics.documents.bands import bands
from tiltyard.forensics.picture import Picture, Pixels

Matrix = NDArray[np.float64]
"""(3, 3) homography on coordinates (x, y) whose origin is the outer corner of the first pixel."""
Points = NDArray[np.float64]
"""(n, 2) coordinates."""
_STEP = 8
"""Pixels between the nodes at which a warp is computed exactly; between them it is linear (error below 0.01 px)."""


def scaled(size: tuple[int, int], to: tuple[int, int]) -> Matrix:
    return np.diag([to[0] / size[0], to[1] / size[1], 1.0])


def turned(size: tuple[int, int], degrees: float) -> Matrix:
    """A rotation about the middle of the sheet, as it lies on a scanner's glass."""
    angle = np.deg2rad(degrees)
    turn: Matrix = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return np.asarray(turn @ _shift(-size[0] / 2, -size[1] / 2), np.float64)


def tilted(size: tuple[int, int], *, degrees: tuple[float, float, float], distance: float) -> Matrix:
    """The sheet through a pinhole camera: tilted about x and y, turned about the axis of view.

    `distance` from camera to sheet is in long sides of the sheet (Hartley and Zisserman 2004, plane to image).
    """
    axes = np.deg2rad(degrees)[:, None] * np.eye(3)
    about_x, about_y, about_z = (cv2.Rodrigues(axis)[0] for axis in axes)
    turn = np.asarray(about_z @ about_y @ about_x, np.float64)
    reach = distance * max(size)
    plane = np.column_stack([turn[:, 0], turn[:, 1], [0, 0, reach]])
    return np.asarray(np.diag([reach, reach, 1.0]) @ plane @ _shift(-size[0] / 2, -size[1] / 2), np.float64)


def fitted(homography: Matrix, frame: Points, size: tuple[int, int], *, at: tuple[float, float]) -> Matrix:
    """The homography followed by the scale and shift with which `frame` just fits into a picture of this size.

    `at` (0–1 each) says where the frame goes in the direction that leaves room.
    """
    seen = cv2.perspectiveTransform(frame[None], homography)[0]
    low, extent = seen.min(0), np.ptp(seen, axis=0)
    scale = float(np.min(np.asarray(size) / extent))
    room = np.asarray(size) - scale * extent
    return _shift(*(room * at)) @ np.diag([scale, scale, 1.0]) @ _shift(*-low) @ homography


def outline(size: tuple[int, int], *, margin: float = 0.0) -> Points:
    """The corners of a sheet with a margin around it, in parts of its long side; negative: cut off."""
    width, height = size
    edge = margin * max(size)
    return np.array([[-edge, -edge], [width + edge, -edge], [width + edge, height + edge], [-edge, height + edge]])


def trimmed(page: Picture, *, at_most: float) -> Points:
    """The corners of the page without empty borders, each cut by `at_most` parts of the long side or less.

    All lines and portraits stay, with a hundredth of the long side around them.
    """
    width, height = page.size
    corners = [corner for quad in (*(line.quad for line in page.lines), *page.portraits) for corner in quad]
    edge, most = 0.01 * max(page.size), at_most * max(page.size)
    left, top = np.min([*corners, (most + edge, most + edge)], axis=0) - edge
    right, bottom = np.max([*corners, (width - most - edge, height - most - edge)], axis=0) + edge
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def bounds(homography: Matrix, frame: Points) -> tuple[float, float]:
    """Width and height of the upright rectangle around the frame where the homography takes it."""
    width, height = np.ptp(cv2.perspectiveTransform(frame[None], homography)[0], axis=0)
    return float(width), float(height)


def laid(sheet: Pixels, ground: Pixels, homography: Matrix, rng: Generator, *, bend: float = 0.0) -> Pixels:
    """The sheet on the ground, which has the size of the picture; `bend` moves its points by that many pixels at most.

    A real sheet is never flat: two slow waves stand for what remains after the homography.
    """
    height, width = ground.shape[:2]
    nodes = _nodes(np.asarray(np.linalg.inv(homography), np.float64), (width, height))
    if bend:
        nodes += _waves(nodes, sheet, rng) * np.float32(bend / _magnification(homography, sheet))
    nodes -= np.float32(0.5)
    source, picture = _prefiltered(sheet, homography), ground.copy()
    for band in bands(height):
        across, down = _map(nodes, band, width)
        part = picture[band]
        cv2.remap(source, across, down, cv2.INTER_LINEAR, dst=part, borderMode=cv2.BORDER_TRANSPARENT)
    return picture


def quad_of(size: tuple[int, int], homography: Matrix) -> Points:
    """Where the corners of the sheet come to lie."""
    return np.asarray(cv2.perspectiveTransform(outline(size)[None], homography)[0], np.float64)


def _nodes(inverse: Matrix, size: tuple[int, int]) -> NDArray[np.float32]:
    """(h, w, 2) sheet coordinates of the middles of a grid's cells, one ring more than the picture has."""
    columns, rows = (np.arange(-1, -(-side // _STEP) + 1) * _STEP + _STEP / 2 for side in size)
    x, y = np.meshgrid(columns, rows)
    points = np.stack([x, y], axis=-1).reshape(1, -1, 2)
    return np.asarray(cv2.perspectiveTransform(points, inverse).reshape(*x.shape, 2), np.float32)


def _map(nodes: NDArray[np.float32], band: slice, width: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The warp of these rows in OpenCV's fixed-point form."""
    near = nodes[band.start // _STEP : -(-band.stop // _STEP) + 2]
    fine = cv2.resize(near, (near.shape[1] * _STEP, near.shape[0] * _STEP), interpolation=cv2.INTER_LINEAR)
    across, down = cv2.split(fine[_STEP : _STEP + band.stop - band.start, _STEP : _STEP + width])
    where, between = cv2.convertMaps(across, down, cv2.CV_16SC2)
    return np.asarray(where), np.asarray(between)


def _waves(nodes: NDArray[np.float32], sheet: Pixels, rng: Generator) -> NDArray[np.float32]:
    """(h, w, 2) shifts of length one at most."""
    phase = nodes / np.float32(max(sheet.shape[:2]))
    cycles, starts, headings = rng.uniform(1, 5, (2, 2)), rng.uniform(0, 2 * np.pi, 2), rng.uniform(0, 2 * np.pi, 2)
    waves = np.sin(phase @ cycles.astype(np.float32).T + starts.astype(np.float32))
    return np.asarray(0.5 * waves @ np.stack([np.cos(headings), np.sin(headings)], axis=-1), np.float32)


def _magnification(homography: Matrix, sheet: Pixels) -> float:
    height, width = sheet.shape[:2]
    area = cv2.contourArea(quad_of((width, height), homography).astype(np.float32))
    return float(np.sqrt(area / (width * height)))


def _prefiltered(sheet: Pixels, homography: Matrix) -> Pixels:
    """Blurred by what a smaller picture cannot show, so that fine print does not alias."""
    shrink = 1 / _magnification(homography, sheet)
    return (
        sheet
        if shrink < 1.25
        else np.asarray(cv2.GaussianBlur(sheet, (0, 0), 0.4 * math.sqrt(shrink**2 - 1)), np.uint8)
    )


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)
