"""Double JPEG: it speaks where the earlier saving of the rest is missing, on pages and photographs alike."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from tracing_scenes import jpeg, overlap, page, photograph, saved

from tiltyard.forensics.tracing.cue import SPEAKS, Subject, subject_in
from tiltyard.forensics.tracing.double_jpeg import trace_double_jpeg

PLACE = slice(163, 283), slice(205, 365)
SCENES = {"page": page, "photograph": photograph}


def pasted(pixels: np.ndarray, donor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    forged, truth = pixels.copy(), np.zeros(pixels.shape[:2], bool)
    forged[PLACE] = donor[PLACE]
    truth[PLACE] = True
    return forged, truth


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("last", [None, 90])
def test_a_place_that_lacks_the_earlier_saving_is_found(scene: str, last: int | None) -> None:
    forged, truth = pasted(saved(SCENES[scene](1), 70), SCENES[scene](2))
    trace = trace_double_jpeg(Subject(forged, "png") if last is None else subject_in(jpeg(forged, last), "it"))
    assert trace.applicable
    assert overlap(trace.map >= SPEAKS, truth) > 0.6
    assert "shows no sign of that" in trace.sentence
    assert ("before it came into this file" in trace.sentence) == (last is None)


@pytest.mark.parametrize("scene", SCENES)
def test_a_place_that_lacks_one_of_two_like_savings_is_found(scene: str) -> None:
    forged, truth = pasted(saved(SCENES[scene](1), 97), SCENES[scene](2))
    trace = trace_double_jpeg(subject_in(jpeg(forged, 97), "it"))
    assert overlap(trace.map >= SPEAKS, truth) > 0.6
    assert "before its last saving" in trace.sentence


@pytest.mark.parametrize("scene", SCENES)
def test_a_picture_saved_twice_as_a_whole_has_no_such_place(scene: str) -> None:
    for first, last in ((70, 90), (85, 85), (90, 70), (97, 97)):
        trace = trace_double_jpeg(subject_in(jpeg(saved(SCENES[scene](1), first), last), "it"))
        assert not (trace.map >= SPEAKS).any()
        assert "No place" in trace.sentence or not trace.applicable


@pytest.mark.parametrize("scene", SCENES)
def test_where_nothing_was_saved_before_nothing_can_be_missing(scene: str) -> None:
    trace = trace_double_jpeg(Subject(pasted(SCENES[scene](1), SCENES[scene](2))[0], "png"))
    assert not trace.applicable
    assert not trace.map.any()
    assert "none can be missing anywhere" in trace.sentence


def test_blocks_are_looked_for_where_a_turned_picture_has_them() -> None:
    forged, truth = pasted(saved(photograph(1), 70), photograph(2))
    whole = subject_in(jpeg(forged, 90), "it")
    turned = Subject(whole.pixels[3:, 5:], "jpeg", whole.tables, None, (5, 3))
    unaware = Subject(whole.pixels[3:, 5:], "jpeg", whole.tables)
    found = trace_double_jpeg(turned).map
    assert found.shape == truth[3:, 5:].shape
    assert overlap(found >= SPEAKS, truth[3:, 5:]) > 0.6
    assert not found[:5].any()
    assert not found[:, :3].any()
    assert not (trace_double_jpeg(unaware).map >= SPEAKS).any()


def test_blocks_are_looked_for_in_a_picture_that_was_cut_out_of_a_jpeg() -> None:
    forged, truth = pasted(saved(photograph(1), 70), photograph(2))
    found = trace_double_jpeg(Subject(forged[3:, 5:], "png")).map
    assert overlap(found >= SPEAKS, truth[3:, 5:]) > 0.6


def test_threads_do_not_change_the_answer() -> None:
    subject, before = Subject(pasted(saved(photograph(1), 70), photograph(2))[0], "png"), cv2.getNumThreads()
    try:
        maps = []
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            maps.append(trace_double_jpeg(subject).map)
            for seed in (5, 6, 7):  # after which the first answer is forgotten
                trace_double_jpeg(Subject(photograph(seed), "png"))
    finally:
        cv2.setNumThreads(before)
    assert np.array_equal(maps[0], maps[1])


def with_a_blank_corner(pixels: np.ndarray) -> np.ndarray:
    """A scanned sheet that is empty at its upper left, and shows another thing at its lower right."""
    sheet = np.tile(pixels, (3, 2, 1))[:1100, :1200].copy()
    sheet[:530, :530] = 255
    rows, columns = np.mgrid[:250, :300]
    sheet[650:900, 700:1000] = (128 + 90 * np.sin(0.7 * columns) * np.sin(0.9 * rows))[..., None]
    return sheet


@pytest.mark.parametrize("quality", [95, 98, 100])
def test_a_blank_corner_is_no_sign_of_an_earlier_saving(quality: int) -> None:
    for seed in (3, 4):
        trace = trace_double_jpeg(subject_in(jpeg(with_a_blank_corner(photograph(seed)), quality), "it"))
        assert not (trace.map >= SPEAKS).any(), trace.sentence
        assert "lacks an earlier JPEG saving that the rest has" not in trace.sentence


def with_tables_renumbered(content: bytes) -> bytes:
    """The same JPEG, its luma table called 1 and its chroma table 0."""
    changed, at = bytearray(content), 0
    while (at := changed.find(b"\xff\xdb", at)) >= 0:
        length = int.from_bytes(changed[at + 2 : at + 4], "big")
        for number in range(at + 4, at + 2 + length, 65):
            changed[number] = 1 - changed[number]
        at += 2 + length
    frame = changed.find(b"\xff\xc0")
    for channel in range(changed[frame + 9]):
        changed[frame + 12 + 3 * channel] = 1 - changed[frame + 12 + 3 * channel]
    return bytes(changed)


def test_renumbered_tables_hide_nothing() -> None:
    content = jpeg(pasted(saved(photograph(1), 70), photograph(2))[0], 90)
    plain, renumbered = subject_in(content, "it"), subject_in(with_tables_renumbered(content), "it")
    assert with_tables_renumbered(content) != content
    assert np.array_equal(plain.pixels, renumbered.pixels)
    assert plain.tables == renumbered.tables
    assert np.array_equal(trace_double_jpeg(plain).map, trace_double_jpeg(renumbered).map)


def test_a_jpeg_that_is_stored_as_rgb_has_no_luma_of_its_own() -> None:
    buffer = io.BytesIO()
    Image.fromarray(photograph(1)).save(buffer, "JPEG", quality=90, keep_rgb=True)
    assert subject_in(buffer.getvalue(), "it").decoded_luma is None
    assert subject_in(jpeg(photograph(1), 90), "it").decoded_luma is not None


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (9, 500), (300, 300)])
def test_small_and_blank_pictures_are_not_judged(shape: tuple[int, int]) -> None:
    for value in (0, 255):
        trace = trace_double_jpeg(Subject(np.full((*shape, 3), value, np.uint8), "jpeg"))
        assert trace.map.shape == shape
        assert not trace.applicable
        assert not trace.map.any()
