"""Masks and polygons describe the same pixels."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_fill_holes, label
from shapely import Polygon as Shape

from tiltyard.forensics.forging.truth import mask_of, polygons_of

EIGHT = np.ones((3, 3), int)


def speckled(seed: int, height: int, width: int, share: float) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width)) < share


def blobs(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    field = cv2.GaussianBlur(rng.normal(size=(60, 80)).astype(np.float32), (0, 0), float(rng.uniform(1.5, 8)))
    return field > np.quantile(field, rng.uniform(0.4, 0.9))


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@given(st.integers(0, 10**6), st.integers(1, 14), st.integers(1, 14), st.floats(0.1, 0.9))
@settings(max_examples=50, deadline=None)
def test_polygons_of_any_speckle_are_simple_inside_and_one_a_component(
    seed: int, height: int, width: int, share: float
) -> None:
    mask = speckled(seed, height, width, share)
    polygons = polygons_of(mask)
    assert len(polygons) == label(binary_fill_holes(mask), EIGHT)[1]
    for polygon in polygons:
        assert Shape(polygon).is_valid
        assert Shape(polygon).area > 0
        for x, y in polygon:
            assert 0 <= x <= width
            assert 0 <= y <= height
            assert (2 * x).is_integer()
            assert (2 * y).is_integer()


@given(st.integers(0, 10**6), st.integers(1, 14), st.integers(1, 14), st.floats(0.1, 0.9))
@settings(max_examples=50, deadline=None)
def test_unsimplified_polygons_give_back_every_pixel(seed: int, height: int, width: int, share: float) -> None:
    mask = speckled(seed, height, width, share)
    filled = binary_fill_holes(mask)
    polygons = polygons_of(mask, deviation=0)
    assert np.array_equal(mask_of(polygons, (width, height)), filled)
    pinches = sum((2 * x) % 2 + (2 * y) % 2 > 0 for polygon in polygons for x, y in polygon) / 2
    area = sum(Shape(polygon).area for polygon in polygons)
    assert filled.sum() <= area <= filled.sum() + pinches / 8 + 1e-9 or pinches


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_simplified_polygons_cover_each_region_above_sixty_pixels(seed: int) -> None:
    filled = binary_fill_holes(blobs(seed))
    regions, count = label(filled, EIGHT)
    for number in range(1, count + 1):
        region = regions == number
        if region.sum() > 60:
            assert overlap(mask_of(polygons_of(region), (80, 60)), binary_fill_holes(region)) >= 0.95


def test_a_single_pixel_is_a_unit_square() -> None:
    mask = np.zeros((5, 7), bool)
    mask[2, 3] = True
    (polygon,) = polygons_of(mask)
    assert set(polygon) == {(3, 2), (4, 2), (4, 3), (3, 3)}


def test_two_pixels_that_touch_at_a_corner_are_one_valid_polygon() -> None:
    (polygon,) = polygons_of(np.eye(2, dtype=bool), deviation=0)
    assert Shape(polygon).is_valid
    assert Shape(polygon).area == pytest.approx(2.125)


def test_a_rectangle_keeps_its_four_corners_up_to_the_border() -> None:
    mask = np.zeros((20, 30), bool)
    mask[0:20, 4:30] = True
    (polygon,) = polygons_of(mask)
    assert sorted(polygon) == [(4, 0), (4, 20), (30, 0), (30, 20)]


def test_a_disc_needs_few_points() -> None:
    mask = cv2.circle(np.zeros((200, 200), np.uint8), (100, 100), 80, 1, -1).astype(bool)
    (polygon,) = polygons_of(mask)
    assert len(polygon) < 60
    assert overlap(mask_of([polygon], (200, 200)), mask) > 0.98


def test_an_empty_mask_has_no_polygon_and_no_polygon_an_empty_mask() -> None:
    assert polygons_of(np.zeros((4, 4), bool)) == ()
    assert not mask_of([], (4, 4)).any()


def test_polygons_beyond_the_picture_are_cut_at_its_border() -> None:
    mask = mask_of([((-5, -5), (50, -5), (50, 3), (-5, 3))], (10, 10))
    assert mask[:3].all()
    assert not mask[3:].any()
