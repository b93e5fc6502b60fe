"""What every way of forging keeps to, whatever the picture."""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from forging_pages import page, photographed, scene

from tiltyard.forensics.forging.catalogue import OPERATIONS, operation
from tiltyard.forensics.forging.pieces import FIGURES, pair
from tiltyard.forensics.picture import Picture

HERE = ("copy_move", "splice", "poisson", "text_edit", "digit_swap", "erase")
PICTURES = {
    "page": lambda: page(),
    "photographed": lambda: photographed(),
    "boxes only": lambda: page(face="ibm-plex-mono", known_fonts=False),
    "scene": lambda: scene(1),
    "grey": lambda: scene(2, grey=True),
    "tiny": lambda: scene(3, width=32, height=32),
    "odd": lambda: scene(4, width=333, height=47),
}
DONORS = {"page": lambda: photographed(), "photographed": lambda: page()}


def donor_of(name: str) -> Picture:
    return DONORS[name]() if name in DONORS else scene(9, width=97, height=61)


@cache
def attempts(kind: str, name: str, count: int = 6):
    picture, donor = PICTURES[name](), donor_of(name)
    picture.pixels.setflags(write=False)
    found = [operation(kind).apply(picture, donor, np.random.default_rng(seed)) for seed in range(count)]
    return picture, [change for change in found if change]


@pytest.mark.parametrize("kind", OPERATIONS)
def test_every_kind_in_the_catalogue_exists_and_bears_its_name(kind: str) -> None:
    assert operation(kind).kind == kind


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("kind", HERE)
def test_only_masked_pixels_change_and_the_input_stays_as_it_was(kind: str, name: str) -> None:
    picture, changes = attempts(kind, name)
    before = picture.pixels
    assert not before.flags.writeable
    for change in changes:
        assert change.pixels.shape == before.shape
        assert change.pixels.dtype == np.uint8
        assert change.mask.shape == before.shape[:2]
        assert change.mask.dtype == np.bool_
        assert not (np.any(change.pixels != before, 2) & ~change.mask).any()


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("kind", HERE)
def test_the_mask_is_tight_and_no_larger_than_a_third(kind: str, name: str) -> None:
    picture, changes = attempts(kind, name)
    for change in changes:
        area = int(change.mask.sum())
        assert 24 <= area <= change.mask.size / 3
        _, _, width, height = cv2.boundingRect(change.mask.astype(np.uint8))
        assert height >= 6
        assert width >= 4
        differs = np.any(change.pixels != picture.pixels, 2).astype(np.uint8)
        near = cv2.dilate(differs, np.ones((13, 13), np.uint8)).astype(bool)
        assert (near & change.mask).sum() > 0.75 * area


@pytest.mark.parametrize("kind", HERE)
def test_the_same_generator_state_gives_the_same_change(kind: str) -> None:
    for seed in range(2):
        one, other = (operation(kind).apply(photographed(), page(), np.random.default_rng(seed)) for _ in range(2))
        assert (one is None) == (other is None)
        if one and other:
            assert one.note == other.note
            assert np.array_equal(one.pixels, other.pixels)
            assert np.array_equal(one.mask, other.mask)


@pytest.mark.parametrize("kind", HERE)
def test_another_seed_gives_another_change(kind: str) -> None:
    _, changes = attempts(kind, "photographed")
    assert len({change.pixels.tobytes() for change in changes}) >= 3


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("kind", ["copy_move", "splice", "poisson", "erase"])
def test_kinds_that_need_nothing_find_a_place_mostly(kind: str, name: str) -> None:
    _, changes = attempts(kind, name)
    assert len(changes) >= 4


@pytest.mark.parametrize("kind", ["text_edit", "digit_swap"])
@pytest.mark.parametrize("name", ["page", "photographed", "boxes only"])
def test_kinds_for_text_find_a_line_mostly(kind: str, name: str) -> None:
    _, changes = attempts(kind, name)
    assert len(changes) >= 3


@pytest.mark.parametrize("kind", ["text_edit", "digit_swap"])
def test_kinds_for_text_find_nothing_without_lines(kind: str) -> None:
    assert operation(kind).apply(scene(1), scene(9), np.random.default_rng(0)) is None


@pytest.mark.parametrize("kind", HERE)
def test_a_flat_empty_picture_is_never_claimed_to_be_forged_without_a_difference(kind: str) -> None:
    blank = Picture(np.full((80, 90, 3), 200, np.uint8))
    other = Picture(np.full((80, 90, 3), 200, np.uint8))
    for seed in range(4):
        change = operation(kind).apply(blank, other, np.random.default_rng(seed))
        assert change is None or (change.pixels != blank.pixels).any()


def test_chinese_text_is_not_set_into_a_document_without_any() -> None:
    chinese = tuple(replace(line, text="银行" * 8) for line in photographed().lines)
    splice, taken = operation("splice"), []
    for donor in (photographed(), replace(photographed(), lines=chinese)):
        changes = [splice.apply(page(), donor, np.random.default_rng(seed)) for seed in range(6)]
        taken.append(sum(change is not None and change.note.startswith("text of") for change in changes))
    assert taken[0] >= 3
    assert taken[1] == 0


def test_names_do_not_come_to_stand_where_amounts_were() -> None:
    for seed in range(12):
        views = pair(page(), page(face="pt-serif"), np.random.default_rng(seed))
        assert views is not None
        assert len({view.line.role in FIGURES for view in views}) == 1
