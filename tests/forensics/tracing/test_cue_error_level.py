"""Error level: it rises on what was saved otherwise, and is silent where it can say nothing."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from tracing_scenes import jpeg, page, photograph, saved

from tiltyard.forensics.tracing.cue import SPEAKS, Subject
from tiltyard.forensics.tracing.error_level import excess, trace_error_level
from tiltyard.forensics.tracing.jpeg_grid import has_jpeg_grid

PLACE = slice(163, 283), slice(205, 365)


def opened(content: bytes) -> Subject:
    with Image.open(io.BytesIO(content)) as image:
        steps = image.quantization  # type: ignore[attr-defined]
        tables = tuple(tuple(steps[number]) for number in sorted(steps))
        return Subject(np.asarray(image.convert("RGB")), "jpeg", tables)


def pasted(pixels: np.ndarray, donor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    forged, truth = pixels.copy(), np.zeros(pixels.shape[:2], bool)
    forged[PLACE] = donor[PLACE]
    truth[PLACE] = True
    return forged, truth


def test_letters_that_lose_less_are_no_more_than_a_hint_on_a_page() -> None:
    forged = page(1)
    forged[PLACE] = cv2.GaussianBlur(forged[PLACE], (0, 0), 1.5)
    trace = trace_error_level(opened(jpeg(forged, 95)))
    assert trace.map[PLACE].mean() > 3 * trace.map.mean()
    assert trace.map.max() < SPEAKS
    assert "only a hint" in trace.sentence


@pytest.mark.parametrize("last", [None, 90])
def test_the_error_level_rises_on_a_region_pasted_at_another_quality(last: int | None) -> None:
    forged, truth = pasted(saved(photograph(1), 60), photograph(2))
    trace = trace_error_level(Subject(forged, "png") if last is None else opened(jpeg(forged, last)))
    assert trace.applicable
    assert trace.map[truth].mean() > 2 * trace.map[~truth].mean()


def test_a_smoothed_region_loses_less() -> None:
    forged = photograph(1)
    forged[PLACE] = cv2.GaussianBlur(forged[PLACE], (0, 0), 2.5)
    trace = trace_error_level(opened(jpeg(forged, 95)))
    assert trace.map[PLACE].mean() > 3 * trace.map.mean()
    assert "loses less" in trace.sentence


def test_threads_do_not_change_the_answer() -> None:
    subject, before = Subject(pasted(saved(page(1), 70), page(2))[0], "png"), cv2.getNumThreads()
    try:
        maps = []
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            maps.append(trace_error_level(subject).map)
            for seed in (5, 6, 7):  # after which the first answer is forgotten
                trace_error_level(Subject(page(seed), "png"))
    finally:
        cv2.setNumThreads(before)
    assert np.array_equal(maps[0], maps[1])


@pytest.mark.parametrize("quality", [70, 85, 95])
def test_authentic_pictures_show_next_to_nothing(quality: int) -> None:
    for pixels in (photograph(3), page(3)):
        trace = trace_error_level(Subject(saved(pixels, quality), "jpeg"))
        assert (trace.map >= SPEAKS).mean() < 0.002


def test_levels_of_edges_and_of_flat_places_are_comparable() -> None:
    pixels = saved(photograph(4), 80)
    found = excess(pixels)
    assert found is not None
    edges = np.abs(np.diff(pixels.mean(2), axis=1)).reshape(-1)
    assert edges.max() > 20
    assert abs(float(np.median(found))) < 0.5
    assert float(np.percentile(found, 99)) < 6


def test_a_picture_that_was_never_compressed_is_not_judged() -> None:
    trace = trace_error_level(Subject(photograph(5), "png"))
    assert not trace.applicable
    assert not trace.map.any()
    assert "says nothing" in trace.sentence


def test_a_past_compression_is_seen_in_pixels_without_a_jpeg_header() -> None:
    assert not has_jpeg_grid(photograph(6))
    assert has_jpeg_grid(saved(photograph(6), 80))
    assert has_jpeg_grid(saved(photograph(6), 80)[3:, 5:])
    assert not has_jpeg_grid(page(6, noise=0.0))


@pytest.mark.parametrize("shape", [(8, 8), (9, 500), (300, 300)])
def test_small_and_blank_pictures_are_not_judged(shape: tuple[int, int]) -> None:
    for value in (0, 255):
        trace = trace_error_level(Subject(np.full((*shape, 3), value, np.uint8), "jpeg"))
        assert trace.map.shape == shape
        assert not trace.applicable


def test_the_map_has_the_size_of_a_picture_that_is_no_multiple_of_eight() -> None:
    trace = trace_error_level(Subject(saved(photograph(7, height=405, width=611), 80), "jpeg"))
    assert trace.map.shape == (405, 611)
    assert trace.map.dtype == np.float32
    assert 0 <= trace.map.min() <= trace.map.max() <= 1
