"""Choosing a way of forging that fits."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from forging_pages import page, photographed, scene

from tiltyard.errors import TiltyardError
from tiltyard.forensics.forging import catalogue
from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.picture import Picture

WITHOUT_TORCH = tuple(kind for kind in catalogue.kinds() if kind != "resynthesis")


def test_a_picture_without_lines_or_portraits_gets_only_kinds_that_need_nothing() -> None:
    assert {found.needs for found in catalogue.fitting(scene(1))} == {"any"}


def test_lines_and_portraits_open_the_kinds_that_need_them() -> None:
    plain = page()
    assert "lines" in {found.needs for found in catalogue.fitting(plain)}
    assert "portrait" not in {found.needs for found in catalogue.fitting(plain)}
    corners = ((300.0, 300.0), (360.0, 300.0), (360.0, 380.0), (300.0, 380.0))
    with_face = replace(plain, portraits=(corners,))
    assert "portrait" in {found.needs for found in catalogue.fitting(with_face)}


@pytest.mark.parametrize("seed", range(12))
def test_a_forgery_changes_the_picture_inside_its_mask_and_is_repeatable(seed: int) -> None:
    picture, donor = (photographed(), page()) if seed % 2 else (scene(seed), scene(seed + 1))
    kind, change = catalogue.forged(picture, donor, np.random.default_rng(seed), kinds=WITHOUT_TORCH)
    again, same = catalogue.forged(picture, donor, np.random.default_rng(seed), kinds=WITHOUT_TORCH)
    differs = np.any(change.pixels != picture.pixels, 2)
    assert kind == again
    assert np.array_equal(change.pixels, same.pixels)
    assert differs.any()
    assert not (differs & ~change.mask).any()
    assert change.mask.sum() <= change.mask.size / 3


def test_only_the_asked_kinds_are_used() -> None:
    kinds = {catalogue.forged(page(), photographed(), np.random.default_rng(s), kinds=("erase",))[0] for s in range(3)}
    assert kinds == {"erase"}


def test_documents_get_one_to_three_regions_of_a_kind() -> None:
    counts = set()
    for seed in range(14):
        _, change = catalogue.forged(page(), photographed(), np.random.default_rng(seed), kinds=("erase",))
        counts.add(cv2.connectedComponents(change.mask.astype(np.uint8))[0] - 1)
    assert len(counts & {1, 2, 3}) >= 2


def test_another_kind_is_tried_where_one_finds_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = Operation("fails", "Fails", lambda picture, donor, rng: None)

    def works(picture: Picture, donor: Picture, rng: np.random.Generator) -> Change:
        mask = np.zeros(picture.pixels.shape[:2], bool)
        mask[:9, :9] = True
        return Change(np.where(mask[..., None], 255 - picture.pixels, picture.pixels), mask)

    monkeypatch.setattr(catalogue, "fitting", lambda picture: (fails, Operation("works", "Works", works)))
    assert {catalogue.forged(scene(1), scene(2), np.random.default_rng(s))[0] for s in range(6)} == {"works"}


def test_where_nothing_finds_a_place_an_error_names_picture_and_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "fitting", lambda picture: ())
    with pytest.raises(TiltyardError, match="scene 1 has no place for erase"):
        catalogue.forged(scene(1), scene(2), np.random.default_rng(0), kinds=("erase",))


def test_a_picture_of_32_pixels_is_forged_and_a_smaller_one_refused() -> None:
    small = scene(3, width=32, height=32)
    assert catalogue.forged(small, scene(4), np.random.default_rng(0))[1].mask.any()
    tiny = Picture(scene(1).pixels[:31, :40], source="stamp")
    with pytest.raises(TiltyardError, match="stamp is 40×31"):
        catalogue.forged(tiny, scene(4), np.random.default_rng(0))


def test_an_unknown_kind_is_named_with_the_known_ones() -> None:
    with pytest.raises(TiltyardError, match="'copymove': choose from copy_move, splice"):
        catalogue.operation("copymove")
