"""Grid shift: a place on a grid of its own is found where it lies, and honest pictures have none."""

import cv2
import numpy as np
import pytest
from tracing_scenes import jpeg, overlap, page, photograph, saved

from tiltyard.forensics.tracing.cue import SPEAKS, Subject, subject_in
from tiltyard.forensics.tracing.grid_shift import main_grid, shifted_places, trace_grid_shift, zeros

PLACE = slice(163, 307), slice(205, 397)
MOVED = 3, 5
"""Rows and columns by which the donor is shifted: its blocks begin 5 down and 3 to the right of the picture's."""


def shifted(pixels: np.ndarray, donor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    forged, truth = pixels.copy(), np.zeros(pixels.shape[:2], bool)
    rows, columns = PLACE
    down, right = MOVED
    forged[PLACE] = donor[rows.start + down : rows.stop + down, columns.start + right : columns.stop + right]
    truth[PLACE] = True
    return forged, truth


@pytest.mark.parametrize("before", [None, 80])
def test_a_place_saved_on_another_grid_is_found(before: int | None) -> None:
    base = photograph(1) if before is None else saved(photograph(1), before)
    forged, truth = shifted(base, saved(photograph(2), 70))
    trace = trace_grid_shift(Subject(forged, "png"))
    assert trace.applicable
    assert overlap(trace.map >= SPEAKS, truth) > 0.6
    if before is not None:
        assert "its blocks lie 3 to the right and 5 down" in trace.sentence


def test_it_is_found_after_another_saving_that_is_finer() -> None:
    forged, truth = shifted(photograph(1), saved(photograph(2), 50))
    trace = trace_grid_shift(subject_in(jpeg(forged, 98), "it"))
    assert overlap(trace.map >= SPEAKS, truth) > 0.5
    assert "its blocks lie 3 to the right and 5 down" in trace.sentence


@pytest.mark.parametrize("scene", [page, photograph])
@pytest.mark.parametrize("quality", [60, 80, 95])
def test_honest_pictures_have_no_such_place(scene, quality: int) -> None:  # type: ignore[no-untyped-def]
    once = saved(scene(3), quality)
    for subject in (Subject(scene(3), "png"), Subject(once[2:, 3:], "png"), subject_in(jpeg(once[2:, 3:], 92), "it")):
        assert not trace_grid_shift(subject).map.any()


def test_the_grid_of_a_picture_that_names_none_is_found() -> None:
    luma = saved(photograph(4), 80)[3:, 5:].mean(2).astype(np.float32) - 128
    count = zeros(luma, 0.5)
    rows, columns = (side // 8 - 1 for side in luma.shape)
    tiles = (
        count[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8).transpose(0, 2, 1, 3).reshape(rows, columns, 64)
    )
    assert main_grid(tiles.argmax(2)) == (5, 3)


def test_zeros_are_counted_as_the_transform_gives_them() -> None:
    luma = np.random.default_rng(1).normal(0, 2, (24, 32)).astype(np.float32)
    count = zeros(luma, 0.5)
    for row, column in ((0, 0), (3, 5), (16, 24)):
        values = cv2.dct(luma[row : row + 8, column : column + 8])
        assert count[row, column] == (np.abs(values.ravel()[1:]) < 0.5).sum()


@pytest.mark.parametrize("shape", [(1, 1), (7, 7), (9, 500), (300, 300)])
def test_small_and_blank_pictures_are_not_judged(shape: tuple[int, int]) -> None:
    for value in (0, 255):
        trace = trace_grid_shift(Subject(np.full((*shape, 3), value, np.uint8), "png"))
        assert trace.map.shape == shape
        assert not trace.applicable


def test_threads_do_not_change_the_answer() -> None:
    luma = shifted(photograph(1), saved(photograph(2), 70))[0].mean(2).astype(np.float32) - 128
    before = cv2.getNumThreads()
    try:
        found = []
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            found.append(shifted_places(luma, None, (0, 0)))
    finally:
        cv2.setNumThreads(before)
    first, second = found
    assert first
    assert len(first) == len(second)
    assert [place.alarms for place in first] == [place.alarms for place in second]
    assert np.array_equal(first[0].mask, second[0].mask)
