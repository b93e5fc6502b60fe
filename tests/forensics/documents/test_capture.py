"""A page becomes the file that an authentic user has: its size, its places, its saving."""

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tiltyard.forensics.documents.capture import DIGITAL, PATHS, PHOTO, SCAN, SCREEN, a_path, captured, captured_by
from tiltyard.forensics.documents.savings import saving_of
from tiltyard.forensics.picture import Picture, TextLine
from tiltyard.forensics.saving import encoded, resaved


def _square(left: float, top: float, side: float = 36):
    return ((left, top), (left + side, top), (left + side, top + side), (left, top + side))


def _page(width: int = 620, height: int = 876, source: str = "invoice/plain") -> Picture:
    """A pale page with one dark square for each line and for a portrait."""
    pixels = np.full((height, width, 3), 244, np.uint8)
    places = [(0.1, 0.08), (0.82, 0.08), (0.45, 0.5), (0.1, 0.86), (0.82, 0.86)]
    quads = [_square(round(width * x), round(height * y)) for x, y in places]
    for quad in quads:
        (left, top), (right, bottom) = quad[0], quad[2]
        pixels[int(top) : int(bottom), int(left) : int(right)] = (20, 24, 40)
    lines = tuple(TextLine(str(number), quad) for number, quad in enumerate(quads[:4]))
    return Picture(pixels, lines, (quads[4],), source=source)


def _captured(path: str, seed: int, page: Picture | None = None, long_side: int = 640) -> Picture:
    return captured_by(path, page or _page(), np.random.default_rng(seed), long_side=long_side)


def _quads(picture: Picture):
    return [line.quad for line in picture.lines] + list(picture.portraits)


def _dark_middle(pixels: np.ndarray, quad) -> np.ndarray:
    """Where the dark square near the quad really is: the centroid of darkness."""
    low, high = np.floor(np.min(quad, axis=0)).astype(int) - 9, np.ceil(np.max(quad, axis=0)).astype(int) + 9
    left, top = np.maximum(low, 0)
    window = cv2.cvtColor(pixels[top : high[1], left : high[0]], cv2.COLOR_RGB2GRAY).astype(float)
    darkness = np.clip((np.median(window[:6]) + window.min()) / 2 + 20 - window, 0, 40)
    down, across = np.indices(window.shape) + 0.5
    return np.array([left + np.average(across, weights=darkness), top + np.average(down, weights=darkness)])


@pytest.mark.parametrize("path", PATHS)
def test_the_same_generator_state_gives_the_same_bytes_and_another_does_not(path):
    first, again, other = _captured(path, 5), _captured(path, 5), _captured(path, 6)
    assert np.array_equal(first.pixels, again.pixels)
    assert (first.lines, first.saved) == (again.lines, again.saved)
    assert first.pixels.shape != other.pixels.shape or not np.array_equal(first.pixels, other.pixels)


@pytest.mark.parametrize("path", PATHS)
def test_the_number_of_threads_changes_nothing(path):
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = _captured(path, 11)
        cv2.setNumThreads(4)
        assert np.array_equal(one.pixels, _captured(path, 11).pixels)
    finally:
        cv2.setNumThreads(threads)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("long_side", [640, 517])
def test_the_long_side_is_exact_and_every_line_inside(path, long_side):
    for seed, (width, height) in enumerate([(620, 876), (876, 620), (400, 400), (320, 900)]):
        picture = _captured(path, seed, _page(width, height), long_side)
        assert max(picture.size) == long_side
        corners = np.array(_quads(picture)).reshape(-1, 2)
        assert (corners >= 0).all()
        assert (corners <= picture.size).all()


@pytest.mark.parametrize("path", PATHS)
def test_lines_and_portraits_follow_the_pixels(path):
    for seed in range(8):
        picture = _captured(path, seed, long_side=800)
        for quad in _quads(picture):
            assert np.linalg.norm(_dark_middle(picture.pixels, quad) - np.mean(quad, axis=0)) < 1.5


@pytest.mark.parametrize("path", PATHS)
def test_the_pixels_are_those_decoded_after_a_save_with_the_settings_named(path):
    for seed in range(4):
        picture = _captured(path, seed)
        if picture.saved.format == "png":
            continue
        assert saving_of(encoded(picture.pixels, picture.saved)).luma == picture.saved.luma
        again = resaved(picture.pixels, picture.saved).astype(int)
        shifted = np.roll(resaved(np.roll(picture.pixels, 4, (0, 1)), picture.saved), -4, (0, 1)).astype(int)
        assert np.abs(again - picture.pixels).mean() < 0.8 * np.abs(shifted - picture.pixels).mean()


def test_every_path_occurs_and_suits_the_page():
    def paths(source: str) -> Counter:
        rng = np.random.default_rng(1)
        return Counter(a_path(source, rng) for _ in range(200))

    assert set(paths("payment_screenshot/a")) == set(paths("chat_screenshot/b")) == {SCREEN}
    assert set(paths("identity_card/a")) == set(paths("passport_page/a")) == {SCAN, PHOTO}
    assert min(paths("invoice/a")[path] for path in (SCAN, PHOTO, DIGITAL)) > 20


def test_captured_takes_the_path_of_the_page():
    page = _page(source="chat_screenshot/plain")
    picture = captured(page, np.random.default_rng(3), long_side=876)
    assert picture.size == page.size
    assert picture.source == page.source
    assert np.abs(picture.pixels.astype(int) - page.pixels).mean() < 4


def test_a_page_without_lines_is_captured_whole():
    bare = replace(_page(), lines=(), portraits=())
    for path in PATHS:
        assert max(_captured(path, 2, bare).size) == 640
