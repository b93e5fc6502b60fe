"""Post-processes: mask and pixels move together, every one occurs, and authentic pictures get the same."""

import numpy as np
import pytest
from toy_retouched import page, texture

from tiltyard.forensics.documents.savings import a_saving
from tiltyard.forensics.forging.post import NONE, POST_PROCESSES, Posted, post_processed
from tiltyard.forensics.picture import Mask
from tiltyard.forensics.saving import Saving

SEEDS = range(60)
PICTURE = page(1)
PHONE = a_saving(np.random.default_rng(0), like="phone")


def posted(seed: int, mask: Mask | None = None, *, saving: Saving = PHONE, long_side: int = 400) -> Posted:
    picture = PICTURE
    mask = np.zeros(picture.pixels.shape[:2], np.bool_) if mask is None else mask
    return post_processed(picture.pixels, mask, saving, np.random.default_rng(seed), long_side=long_side)


def test_every_post_process_occurs_and_about_a_third_of_the_pictures_have_none() -> None:
    names = [posted(seed).name for seed in range(150)]
    assert set(names) == {NONE, *POST_PROCESSES}
    assert 0.2 < names.count(NONE) / len(names) < 0.5


def test_authentic_pictures_stay_empty_and_are_treated_alike() -> None:
    mask = np.zeros((301, 420), np.bool_)
    mask[100:160, 60:300] = True
    for seed in SEEDS:
        authentic, forged = posted(seed), posted(seed, mask)
        assert not authentic.mask.any()
        assert authentic.name == forged.name
        assert np.array_equal(authentic.pixels, forged.pixels)
        assert authentic.saving == forged.saving


@pytest.mark.parametrize("saving", [PHONE, Saving()], ids=["jpeg", "png"])
def test_a_marker_and_its_mask_stay_on_each_other(saving: Saving) -> None:
    pixels, mask = np.full((301, 420, 3), 230, np.uint8), np.zeros((301, 420), np.bool_)
    mask[90:151, 201:300] = True
    pixels[mask] = (10, 10, 10)
    for seed in SEEDS:
        result = post_processed(pixels, mask, saving, np.random.default_rng(seed), long_side=400)
        seen = result.pixels.mean(2) < 120
        assert result.mask.shape == result.pixels.shape[:2]
        assert (seen & result.mask).sum() > 0.95 * (seen | result.mask).sum()


def test_the_same_state_gives_the_same_bytes_and_the_input_is_not_touched() -> None:
    before = PICTURE.pixels.copy()
    for seed in SEEDS:
        first, again = posted(seed), posted(seed)
        assert np.array_equal(first.pixels, again.pixels)
        assert first.saving == again.saving
    assert np.array_equal(before, PICTURE.pixels)


def test_a_single_forged_pixel_is_never_lost() -> None:
    for seed in range(120):
        mask = np.zeros((301, 420), np.bool_)
        mask[((0, 0), (300, 419), (0, 419), (150, 211))[seed % 4]] = True
        assert posted(seed, mask).mask.any()


def test_a_crop_keeps_at_least_half_of_what_was_forged() -> None:
    mask = np.zeros((301, 420), np.bool_)
    mask[8:60, 9:200] = True
    results = [posted(seed, mask) for seed in range(120)]
    kept = [int(result.mask.sum()) for result in results if result.name == "crop"]
    assert min(kept) * 2 >= mask.sum()
    assert min(kept) < mask.sum()


def test_recompressing_moves_the_grid_by_one_to_seven_pixels_and_changes_the_tables() -> None:
    seen = set()
    for seed in range(120):
        result = posted(seed)
        if result.name == "recompress":
            height, width = result.mask.shape
            seen |= {301 - height, 420 - width}
            assert result.saving.format == "jpeg"
            assert result.saving.luma != PHONE.luma
    assert seen == set(range(1, 8))


def test_a_resent_picture_is_small_and_cheaply_saved() -> None:
    for seed in range(120):
        result = posted(seed, long_side=300)
        if result.name == "resend":
            assert max(result.mask.shape) <= 0.95 * 300
            assert sum(result.saving.luma) > sum(PHONE.luma)
        if result.name == "downsample":
            assert max(result.mask.shape) <= 0.9 * 300


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 90), (8, 8), (5, 1)])
def test_tiny_pictures_come_through(size: tuple[int, int]) -> None:
    picture = texture(1, width=size[0], height=size[1])
    for name, process in POST_PROCESSES.items():
        mask = np.ones(picture.pixels.shape[:2], np.bool_)
        for seed in range(6):
            result = process(Posted(picture.pixels, mask, PHONE), np.random.default_rng(seed), 4)
            assert result.mask.all(), name
            assert result.pixels.shape[:2] == result.mask.shape
            assert min(result.mask.shape) >= 1
