"""Copy-move: what was copied is found, what repeats honestly is not."""

import re
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from tracing_scenes import TWINS, Pixels, letter, noisy, overlap, page, photograph, saved

from tiltyard.forensics.tracing.copy_move import trace_copy_move
from tiltyard.forensics.tracing.cue import SPEAKS, Subject

SIZE = 110, 130
FROM, TO = (60, 80), (311, 402)
"""Rows and columns: height and width of the patch, its place and that of its copy."""


def planted(pixels: Pixels, *, degrees: float = 0.0, scale: float = 1.0) -> tuple[Pixels, np.ndarray, np.ndarray]:
    """A patch laid down again elsewhere, turned and scaled about its middle; masks of its two places."""
    height, width = pixels.shape[:2]
    (top, left), (down, right), (rows, columns) = FROM, TO, SIZE
    source = np.zeros((height, width), np.uint8)
    source[top : top + rows, left : left + columns] = 1
    middle = (left + columns / 2, top + rows / 2)
    movement = cv2.getRotationMatrix2D(middle, degrees, scale)
    movement[:, 2] += (right - left, down - top)
    moved = cv2.warpAffine(pixels, movement, (width, height), flags=cv2.INTER_LINEAR)
    target = cv2.warpAffine(source, movement, (width, height), flags=cv2.INTER_NEAREST) > 0
    return np.where(target[..., None], moved, pixels), source > 0, target


@pytest.mark.parametrize(("degrees", "scale"), [(0.0, 1.0), (20.0, 1.0), (0.0, 1.2)])
@pytest.mark.parametrize("quality", [None, 85])
def test_a_moved_turned_scaled_copy_is_found_after_recompression_too(
    degrees: float, scale: float, quality: int | None
) -> None:
    forged, source, target = planted(photograph(1), degrees=degrees, scale=scale)
    trace = trace_copy_move(Subject(forged if quality is None else saved(forged, quality)))
    found = trace.map >= SPEAKS
    assert trace.applicable
    assert max(overlap(found, source | target), overlap(found, target)) > 0.6, trace.sentence


def blurred(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.blur(pixels, (5, 5)), np.uint8)


def in_few_colours(pixels: Pixels) -> Pixels:
    return (pixels // 8 * 8).astype(np.uint8)


def grainy(pixels: Pixels) -> Pixels:
    return noisy(pixels.astype(np.float32), np.random.default_rng(8), 12.0)


def coarse(pixels: Pixels) -> Pixels:
    return saved(pixels, 60)


@pytest.mark.parametrize("spoil", [blurred, in_few_colours, grainy, coarse])
def test_a_copy_is_found_where_what_came_after_it_left_no_noise_in_common(spoil: Callable[[Pixels], Pixels]) -> None:
    honest, (forged, source, target) = photograph(1), planted(photograph(1), degrees=20)
    trace = trace_copy_move(Subject(spoil(forged)))
    found = trace.map >= SPEAKS
    assert max(overlap(found, source | target), overlap(found, target)) > 0.6, trace.sentence
    assert not trace_copy_move(Subject(spoil(honest))).map.any()


def test_a_front_of_equal_windows_is_not_flagged() -> None:
    front = photograph(9)
    window = cv2.resize(front[200:260, 300:340], (40, 60))
    for top in range(40, 400, 90):
        for left in range(30, 600, 75):
            front[top : top + 60, left : left + 40] = window
    trace = trace_copy_move(Subject(noisy(front.astype(np.float32), np.random.default_rng(10), 2.0)))
    assert not trace.map.any(), trace.sentence


def test_the_softer_one_of_two_places_is_named_as_the_copy() -> None:
    forged, source, target = planted(photograph(1), degrees=20, scale=1.3)
    trace = trace_copy_move(Subject(forged))
    found = trace.map >= SPEAKS
    assert "turned or scaled copy" in trace.sentence
    assert overlap(found, target) > 0.6
    assert (found & source).sum() < 0.1 * source.sum()


def test_after_a_plain_shift_both_places_are_marked_and_the_sentence_says_so() -> None:
    forged, source, target = planted(photograph(2))
    trace = trace_copy_move(Subject(forged))
    assert overlap(trace.map >= SPEAKS, source | target) > 0.65
    assert "which is the copy cannot be told" in trace.sentence


@pytest.mark.parametrize("quality", [None, 90])
def test_words_copied_with_their_noise_are_found_and_an_honest_twin_is_not(quality: int | None) -> None:
    honest = letter(3)
    twins = honest[TWINS[0] : TWINS[0] + 30], honest[TWINS[1] : TWINS[1] + 30]
    assert np.abs(cv2.blur(twins[0], (5, 5)).astype(int) - cv2.blur(twins[1], (5, 5))).mean() < 2
    forged, truth = honest.copy(), np.zeros(honest.shape[:2], bool)
    forged[438:470, 261:511] = honest[150:182, 200:450]
    truth[438:470, 261:511] = truth[150:182, 200:450] = True
    found = [
        trace_copy_move(Subject(sheet if quality is None else saved(sheet, quality))) for sheet in (honest, forged)
    ]
    assert not found[0].map.any(), found[0].sentence
    assert overlap(found[1].map >= SPEAKS, truth) > 0.6, found[1].sentence


@pytest.mark.parametrize(
    ("noise", "guilloche", "quality"),
    [(0.0, True, None), (0.0, True, 85), (0.0, False, 90), (1.0, True, 95), (2.5, True, None), (2.5, False, 80)],
)
def test_an_authentic_page_of_repeated_words_and_guilloche_is_not_flagged(
    noise: float, guilloche: bool, quality: int | None
) -> None:
    sheet = page(4, noise=noise, guilloche=guilloche)
    trace = trace_copy_move(Subject(sheet if quality is None else saved(sheet, quality)))
    assert not (trace.map >= SPEAKS).any(), trace.sentence


@pytest.mark.parametrize("seed", [5, 6])
def test_an_authentic_photograph_is_not_flagged(seed: int) -> None:
    for pixels in (photograph(seed), saved(photograph(seed), 85)):
        assert not trace_copy_move(Subject(pixels)).map.any()


@pytest.mark.parametrize("shape", [(8, 8), (31, 400), (32, 32), (200, 300)])
def test_small_and_blank_pictures_show_nothing(shape: tuple[int, int]) -> None:
    trace = trace_copy_move(Subject(np.full((*shape, 3), 255, np.uint8)))
    assert trace.map.shape == shape
    assert not trace.applicable
    assert not trace.map.any()
    assert trace.sentence.endswith(".")


def test_a_large_picture_is_searched_reduced_and_answered_at_its_own_size() -> None:
    forged, source, target = planted(cv2.resize(photograph(1), None, fx=3.5, fy=3.5, interpolation=cv2.INTER_CUBIC))
    trace = trace_copy_move(Subject(forged))
    assert trace.map.shape == forged.shape[:2]
    assert overlap(trace.map >= SPEAKS, source | target) > 0.4


def test_the_sentence_names_the_place_that_the_map_marks_on_a_large_picture_too() -> None:
    forged, _, target = planted(photograph(1), scale=1.2)
    large = cv2.resize(forged, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    trace = trace_copy_move(Subject(large))
    found = trace.map >= SPEAKS
    assert overlap(found, cv2.resize(target.astype(np.uint8), large.shape[1::-1]) > 0) > 0.6
    copy = re.match(r"The place at (\d+), (\d+) \(\d+ × \d+ pixels\) is a turned or scaled copy", trace.sentence)
    assert copy, trace.sentence
    rows, columns = np.nonzero(found)
    assert [int(number) for number in copy.groups()] == pytest.approx([columns.min(), rows.min()], abs=24)


def test_a_picture_that_is_too_narrow_once_reduced_is_not_judged() -> None:
    strip = np.tile(photograph(1)[:100], (1, 12, 1))[:, :7200]
    trace = trace_copy_move(Subject(np.ascontiguousarray(strip)))
    assert not trace.applicable


def test_threads_do_not_change_the_answer() -> None:
    subject, before = Subject(planted(photograph(1), degrees=20)[0]), cv2.getNumThreads()
    answers = []
    try:
        for threads in (1, 4, 1):
            cv2.setNumThreads(threads)
            answers.append(trace_copy_move(subject))
    finally:
        cv2.setNumThreads(before)
    assert answers[0].sentence == answers[1].sentence == answers[2].sentence
    assert all(np.array_equal(answers[0].map, other.map) for other in answers[1:])
