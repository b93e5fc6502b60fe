"""Noise level: it rises where noise was added or taken away, and lets a camera's own unevenness be."""

import cv2
import numpy as np
import pytest
from tracing_scenes import jpeg, noisy, overlap, page, photograph

from tiltyard.forensics.tracing.cue import SPEAKS, Subject, subject_in
from tiltyard.forensics.tracing.noise_level import oddness, trace_noise_level

PLACE = slice(160, 288), slice(200, 368)
TRUTH = np.zeros((480, 640), bool)
TRUTH[PLACE] = True


def noisier(pixels: np.ndarray) -> np.ndarray:
    changed = pixels.copy()
    changed[PLACE] = noisy(pixels[PLACE].astype(np.float32), np.random.default_rng(9), 16.0)
    return changed


def smoother(pixels: np.ndarray) -> np.ndarray:
    changed = pixels.copy()
    changed[PLACE] = cv2.GaussianBlur(pixels[PLACE], (0, 0), 2.0)
    return changed


@pytest.mark.parametrize(("change", "how"), [(noisier, "more"), (smoother, "less")])
@pytest.mark.parametrize("quality", [None, 98])
def test_a_place_with_other_noise_is_found(change, how: str, quality: int | None) -> None:  # type: ignore[no-untyped-def]
    forged = change(photograph(1))
    trace = trace_noise_level(Subject(forged, "png") if quality is None else subject_in(jpeg(forged, quality), "it"))
    assert trace.applicable
    assert overlap(trace.map >= SPEAKS, TRUTH) > 0.6
    assert f"has {how} noise" in trace.sentence


def test_noise_that_grows_with_brightness_is_no_evidence() -> None:
    scene = cv2.GaussianBlur(photograph(3), (0, 0), 0.8).astype(np.float32)
    grain = np.random.default_rng(4).normal(0, 1, scene.shape) * (1 + scene / 32)
    pixels = np.clip(scene + grain, 0, 255).astype(np.uint8)
    trace = trace_noise_level(Subject(pixels, "png"))
    assert trace.applicable
    assert trace.map.max() < SPEAKS
    assert "Everywhere" in trace.sentence
    found, fits = oddness(pixels.mean(2).astype(np.float32) - 128)
    dark = (
        pixels.mean(2)[: found.shape[0] * 8, : found.shape[1] * 8].reshape(*found.shape[:1], 8, -1, 8).mean((1, 3)) < 80
    )
    assert abs(float(np.median(found[dark & fits]) - np.median(found[~dark & fits]))) < 0.5


@pytest.mark.parametrize("quality", [None, 75, 92])
def test_honest_photographs_show_nothing(quality: int | None) -> None:
    for seed in (5, 6):
        pixels = photograph(seed)
        trace = trace_noise_level(
            Subject(pixels, "png") if quality is None else subject_in(jpeg(pixels, quality), "it")
        )
        assert trace.map.max() < SPEAKS


def test_on_a_page_it_is_no_more_than_a_hint() -> None:
    trace = trace_noise_level(Subject(noisier(page(1)), "png"))
    assert trace.applicable
    assert trace.map.max() < SPEAKS
    assert trace.map[PLACE].mean() > 2 * trace.map.mean()
    assert "page of text" in trace.sentence


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (9, 500), (300, 300)])
def test_small_and_blank_pictures_are_not_judged(shape: tuple[int, int]) -> None:
    for value in (0, 128, 255):
        trace = trace_noise_level(Subject(np.full((*shape, 3), value, np.uint8), "png"))
        assert trace.map.shape == shape
        assert not trace.applicable
        assert not trace.map.any()


def test_threads_do_not_change_the_answer() -> None:
    subject, before = Subject(noisier(photograph(1)), "png"), cv2.getNumThreads()
    try:
        maps = []
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            maps.append(trace_noise_level(subject).map)
    finally:
        cv2.setNumThreads(before)
    assert np.array_equal(maps[0], maps[1])
