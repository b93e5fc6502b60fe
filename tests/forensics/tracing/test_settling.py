"""Two savings with one table: what went through one of them alone has settled less than the rest."""

from collections.abc import Callable

import numpy as np
import pytest
from tracing_scenes import jpeg, page, photograph, saved

from tiltyard.forensics.tracing.agreeing import usual
from tiltyard.forensics.tracing.cue import Subject, subject_in
from tiltyard.forensics.tracing.cut_off import cut_off
from tiltyard.forensics.tracing.settling import settled

Scene = Callable[[int], np.ndarray]
INSIDE = slice(20, 36), slice(25, 46)


def evidence_of(subject: Subject) -> np.ndarray:
    assert subject.decoded_luma is not None
    assert subject.steps is not None
    return settled(subject.decoded_luma, subject.steps, cut_off(subject.pixels))


@pytest.mark.parametrize("scene", [page, photograph])
@pytest.mark.parametrize("quality", [95, 97])
def test_a_place_that_lacks_one_of_two_like_savings_speaks_against_it(scene: Scene, quality: int) -> None:
    pixels = saved(scene(1), quality).copy()
    pixels[160:288, 200:368] = scene(2)[160:288, 200:368]
    found = evidence_of(subject_in(jpeg(pixels, quality), "it"))
    outside = found.copy()
    outside[INSIDE] = 0
    assert usual(found[INSIDE]) < -0.1
    assert usual(outside) > 0.1


@pytest.mark.parametrize("scene", [page, photograph])
def test_what_was_saved_once_has_not_settled_anywhere(scene: Scene) -> None:
    assert not evidence_of(subject_in(jpeg(scene(1), 95), "it")).any()


def test_coarse_steps_settle_at_once_and_say_nothing() -> None:
    assert not evidence_of(subject_in(jpeg(saved(page(1), 75), 75), "it")).any()


def test_even_and_cut_off_blocks_say_nothing() -> None:
    pixels = saved(page(1), 95).copy()
    pixels[:160], pixels[160:320] = 128, 255
    found = evidence_of(subject_in(jpeg(pixels, 95), "it"))
    assert found.any()
    assert not found[1:19].any()
    assert not found[21:39].any()


def test_a_picture_smaller_than_a_block_has_no_evidence() -> None:
    assert not settled(np.zeros((5, 3), np.uint8), (1,) * 64, np.zeros((0, 0), bool)).any()


def test_letters_that_settle_slower_all_over_the_page_do_not_speak_against_it() -> None:
    """As on a sharpened page, where letters change long after paper has settled, and nobody pasted them."""
    pixels = page(1)
    for _ in range(4):
        pixels = saved(pixels, 100).copy()
    blocks = pixels[: len(pixels) // 8 * 8, : pixels.shape[1] // 8 * 8, 1].reshape(len(pixels) // 8, 8, -1, 8)
    harsh = np.kron(np.ptp(blocks, (1, 3)) >= 60, np.ones((8, 8))).astype(bool)
    noise = np.random.default_rng(0).integers(20, 220, pixels.shape).astype(np.uint8)
    pixels[: len(harsh), : harsh.shape[1]][harsh] = noise[: len(harsh), : harsh.shape[1]][harsh]
    found = evidence_of(subject_in(jpeg(pixels, 100), "it"))
    assert found[~harsh[::8, ::8]].max() > 0
    assert not found[harsh[::8, ::8]].any()


def test_a_kind_of_block_that_is_nowhere_off_the_grid_is_not_judged() -> None:
    """A mosaic whose tiles lie on the grid: shifted by half a block, each shows a step."""
    tiles = np.random.default_rng(1).integers(40, 210, (50, 70)).astype(np.float32)
    noise = np.random.default_rng(2).normal(0, 1.5, (400, 560))
    grey = np.clip(np.kron(tiles, np.ones((8, 8))) + noise, 0, 255)
    pixels = np.repeat(grey[..., None], 3, 2).astype(np.uint8)
    assert not evidence_of(subject_in(jpeg(pixels, 95), "it")).any()
