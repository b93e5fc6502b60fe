"""Blur, repaint, re-synthesis, recapture and portrait exchange: they set what their mask says, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from toy_retouched import box, page, texture

from tiltyard.forensics.forging import local_blur, portrait_exchange, recapture, repaint, resynthesis
from tiltyard.forensics.forging.brush import a_stretch
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.picture import Picture, TextLine

ANYWHERE = [module.OPERATION for module in (local_blur, repaint, resynthesis, recapture)]
ALL = [*ANYWHERE, portrait_exchange.OPERATION]


def forged(operation: Operation, picture: Picture, seed: int, donor: Picture | None = None) -> Change:
    change = operation.apply(picture, donor or page(99), np.random.default_rng(seed))
    assert change is not None
    return change


def differs(picture: Picture, change: Change) -> np.ndarray:
    return np.any(picture.pixels != change.pixels, 2)


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.kind)
def test_what_changes_lies_in_the_mask_and_most_of_the_mask_changes(operation: Operation) -> None:
    picture = page(1)
    before = picture.pixels.copy()
    for seed in range(8):
        change = forged(operation, picture, seed)
        changed = differs(picture, change)
        assert change.pixels.shape == picture.pixels.shape
        assert change.pixels.dtype == np.uint8
        assert change.mask.shape == picture.pixels.shape[:2]
        assert change.mask.dtype == np.bool_
        assert not (changed & ~change.mask).any()
        assert changed.sum() > 0.6 * change.mask.sum()
        assert change.note
        assert np.array_equal(picture.pixels, before)


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.kind)
def test_the_same_generator_state_gives_the_same_change_and_another_one_another(operation: Operation) -> None:
    picture = page(2)
    first, again = forged(operation, picture, 5), forged(operation, picture, 5)
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.mask, again.mask)
    assert first.note == again.note
    others = [forged(operation, picture, seed) for seed in range(6, 9)]
    assert any(not np.array_equal(first.pixels, other.pixels) for other in others)


@pytest.mark.parametrize("operation", ANYWHERE, ids=lambda operation: operation.kind)
@pytest.mark.parametrize("size", [(33, 32), (57, 341), (333, 61)])
def test_pictures_of_odd_sizes_without_lines_are_forged_too(operation: Operation, size: tuple[int, int]) -> None:
    picture, donor = texture(3, width=size[0], height=size[1]), texture(4, width=37, height=35)
    found = [operation.apply(picture, donor, np.random.default_rng(seed)) for seed in range(8)]
    changes = [change for change in found if change]
    assert changes
    for change in changes:
        assert not (differs(picture, change) & ~change.mask).any()
        assert change.mask.sum() * 3 <= change.mask.size


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.kind)
@pytest.mark.parametrize("size", [(1, 1), (5, 9), (31, 200)])
def test_where_there_is_no_room_nothing_is_forged(operation: Operation, size: tuple[int, int]) -> None:
    picture = texture(5, width=size[0], height=size[1])
    assert operation.apply(picture, page(6), np.random.default_rng(0)) is None


@pytest.mark.parametrize("operation", ANYWHERE, ids=lambda operation: operation.kind)
def test_a_blank_picture_is_left_alone(operation: Operation) -> None:
    blank = Picture(np.full((200, 300, 3), 240, np.uint8))
    assert operation.apply(blank, page(6), np.random.default_rng(0)) is None


@pytest.mark.parametrize("operation", ANYWHERE, ids=lambda operation: operation.kind)
def test_a_slanted_line_at_the_border_is_forged_within_the_picture(operation: Operation) -> None:
    slanted = ((2.0, 20.0), (215.0, 60.0), (210.0, 92.0), (0.5, 52.0))
    picture = replace(texture(7, width=230, height=140), lines=(TextLine("slanted", slanted, "amount"),))
    for seed in range(8):
        change = forged(operation, picture, seed)
        assert not (differs(picture, change) & ~change.mask).any()


def test_a_lines_text_is_hard_to_read_after_blur_and_gone_after_repaint() -> None:
    picture = replace(page(8, portraits=0, lines=1), portraits=())
    contrast = float(picture.pixels[10:42, 16:235].min())
    for operation, least in ((local_blur.OPERATION, 8), (repaint.OPERATION, 60)):
        lifted = []
        for seed in range(12):
            change = forged(operation, picture, seed)
            if change.mask[26, 100:150].all():
                lifted.append(float(change.pixels[14:38, 105:145].min()) - contrast)
        assert np.median(lifted) > least


def test_a_portrait_becomes_the_donors_in_its_own_place() -> None:
    picture, donor = page(1), page(2)
    change = forged(portrait_exchange.OPERATION, picture, 0, donor)
    inside = np.zeros_like(change.mask)
    inside[30:150, 290:390] = True
    assert (change.mask & inside).sum() > 0.97 * inside.sum()
    assert (change.mask & ~inside).sum() < 0.1 * inside.sum()
    assert change.note == "donor's portrait"


def test_without_a_portrait_in_the_donor_the_portrait_is_mirrored() -> None:
    change = forged(portrait_exchange.OPERATION, page(1), 0, page(2, portraits=0))
    assert change.note == "mirrored portrait"
    assert change.mask.any()


def test_a_large_donors_portrait_and_a_cut_off_one_are_handled() -> None:
    donor = replace(texture(9, width=900, height=800), portraits=(box(10, 10, 800, 780),))
    assert forged(portrait_exchange.OPERATION, page(1), 0, donor).mask.any()
    cut_off = replace(texture(9, width=200, height=200), portraits=(box(-40, 150, 60, 260),))
    change = forged(portrait_exchange.OPERATION, cut_off, 0)
    assert change.mask[150:, :60].mean() > 0.9
    beyond = replace(cut_off, portraits=(box(-140, 150, -20, 260),))
    assert portrait_exchange.OPERATION.apply(beyond, page(1), np.random.default_rng(0)) is None


def test_a_picture_without_portraits_needs_another_operation() -> None:
    assert portrait_exchange.OPERATION.needs == "portrait"
    assert portrait_exchange.OPERATION.apply(page(1, portraits=0), page(2), np.random.default_rng(0)) is None


def test_recapture_shows_a_screen_or_a_print_and_takes_portraits_too() -> None:
    picture, names, on_portrait = page(1), set(), 0
    for seed in range(16):
        change = forged(recapture.OPERATION, picture, seed)
        names.add(change.note)
        on_portrait += bool(change.mask[90, 340])
    assert names == set(recapture.LOOKS)
    assert on_portrait > 0


@pytest.mark.parametrize("look", recapture.LOOKS)
def test_a_recaptured_patch_has_a_pattern_of_a_few_pixels(look: str) -> None:
    grey = np.full((96, 96, 3), 150, np.float32)
    looked = recapture.LOOKS[look](grey, np.random.default_rng(1))[..., 1]
    spectrum = np.abs(np.fft.fft2(looked - looked.mean()))[:49, :49]
    y, x = np.unravel_index(np.argmax(spectrum), spectrum.shape)
    assert spectrum.max() > 8 * np.median(spectrum)
    assert 2 <= 96 / np.hypot(y, x) <= 40


def test_resynthesis_lessens_noise_as_a_generator_does() -> None:
    picture = page(1)
    for seed in range(40):
        change = forged(resynthesis.OPERATION, picture, seed)
        if change.note == "through the auto-encoder":
            y, x = np.nonzero(change.mask)
            core = np.s_[y.min() + 6 : y.max() - 5, x.min() + 6 : x.max() - 5]
            assert _noise(change.pixels[core]) < 0.8 * _noise(picture.pixels[core])
            return
    pytest.fail("forty seeds and never the plain way")


def _noise(pixels: np.ndarray) -> float:
    green = pixels[..., 1].astype(float)
    return float(np.median(np.abs(green[1:-1, 1:-1] - (green[:-2, 1:-1] + green[2:, 1:-1]) / 2)))


def test_a_stretch_of_a_line_begins_and_ends_between_words() -> None:
    line = TextLine("ab cdef gh", box(0, 0, 100, 10))
    ends = set()
    for seed in range(60):
        quad = a_stretch(line, np.random.default_rng(seed))
        ends.add((quad[0][0], quad[1][0]))
    edges = (0.0, 25.0, 75.0, 100.0)
    assert ends == {(start, end) for start in edges for end in edges if start < end}


def test_a_stretch_of_a_line_without_text_is_three_times_as_long_as_high() -> None:
    for seed in range(20):
        quad = a_stretch(TextLine("", box(0, 0, 100, 10)), np.random.default_rng(seed))
        assert 30 <= quad[1][0] - quad[0][0] <= 100
        assert quad[0][0] >= 0
        assert quad[1][0] <= 100.001
