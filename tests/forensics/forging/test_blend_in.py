"""Paper, light and noise of forged regions match what is around them."""

import numpy as np
import pytest
from forging_pages import scene

from tiltyard.forensics.forging.blend_in import carried_on, changed, feathered, grain, levelled, noise_of, paper_under
from tiltyard.forensics.forging.patches import on_like_paper, thing_in
from tiltyard.forensics.forging.places import Window, blob, empty_place
from tiltyard.forensics.picture import Picture, TextLine

HOLE = np.zeros((40, 60), bool)
HOLE[12:26, 20:44] = True


def slope() -> np.ndarray:
    across, down = np.meshgrid(np.arange(60), np.arange(40))
    return np.stack([100 + across, 120 + down, 90 + across + down], 2).astype(np.float32)


def test_a_plane_is_carried_on_through_a_hole() -> None:
    plane = slope()
    filled = carried_on(np.where(HOLE[..., None], 0, plane).astype(np.float32), ~HOLE)
    assert np.array_equal(filled[~HOLE], plane[~HOLE])
    assert np.abs(filled - plane)[HOLE].max() < 12


def test_paper_under_text_is_as_bright_as_paper_around_it() -> None:
    window = slope()
    window[HOLE] = 10
    paper = paper_under(window.astype(np.uint8), HOLE, line=HOLE)
    assert np.abs(paper - slope()).max() < 13


def test_the_page_beside_a_coloured_bar_does_not_shine_into_the_paper_under_its_text() -> None:
    window = np.full((40, 60, 3), 250, np.uint8)
    window[9:31] = (40, 50, 140)
    window[13:27, 18:46] = 255
    line, content = np.zeros((40, 60), bool), np.zeros((40, 60), bool)
    line[12:28, 16:48] = content[11:29, 16:48] = True
    paper = paper_under(window, content, line=line)
    assert np.abs(paper[line] - (40, 50, 140)).max() > 60
    line[10:30, 14:50] = True
    assert np.abs(paper_under(window, content, line=line)[content] - (40, 50, 140)).max() < 12


def test_grain_is_as_strong_as_the_noise_that_it_comes_from_and_only_where_wanted() -> None:
    rng = np.random.default_rng(0)
    paper = np.full((60, 90, 3), 180, np.float32)
    noisy = np.clip(paper + rng.normal(0, 6, paper.shape), 0, 255).astype(np.uint8)
    wanted, content = np.zeros((60, 90), bool), np.zeros((60, 90), bool)
    wanted[20:40, 30:60] = content[20:40, 30:60] = True
    found = grain(noisy, paper, content, wanted, rng)
    assert found[wanted].std() == pytest.approx(6, rel=0.15)
    assert not found[~wanted].any()


@pytest.mark.parametrize("sigma", [0.0, 2.0, 8.0])
def test_noise_is_measured_despite_a_slope(sigma: float) -> None:
    noisy = slope() + np.random.default_rng(1).normal(0, sigma, (40, 60, 3))
    assert noise_of(np.clip(np.rint(noisy), 0, 255).astype(np.uint8)) == pytest.approx(sigma, abs=0.2 * sigma + 0.5)


def test_a_levelled_patch_takes_the_light_of_its_surroundings() -> None:
    target = slope().astype(np.uint8)
    patch = slope() - 55
    assert np.abs(levelled(patch, target, HOLE)[HOLE] - slope()[HOLE]).max() < 3


def test_feathering_stays_inside_the_region_and_full_within() -> None:
    opacity = feathered(HOLE, 1.5)
    assert not opacity[~HOLE].any()
    assert opacity[19, 32] > 0.99
    assert opacity[12, 20] < 0.6


def test_a_change_needs_a_visible_difference_and_a_moderate_size() -> None:
    picture = scene(1)
    window = Window(10, 10, 70, 50)
    other = 255 - window.of(picture.pixels)
    assert changed(picture, window, other, HOLE, "") is not None
    assert changed(picture, window, window.of(picture.pixels).copy(), HOLE, "") is None
    whole = Window(0, 0, *picture.size)
    assert changed(picture, whole, 255 - picture.pixels, np.ones(picture.pixels.shape[:2], bool), "") is None


@pytest.mark.parametrize("size", [(8, 8), (50, 20), (13, 61)])
def test_a_blob_touches_all_four_sides_of_its_box(size: tuple[int, int]) -> None:
    shape = blob(*size, np.random.default_rng(0))
    assert shape.shape == size[::-1]
    assert shape[0].any()
    assert shape[-1].any()
    assert shape[:, 0].any()
    assert shape[:, -1].any()
    assert shape.mean() > 0.4


def test_an_empty_place_is_clear_of_lines_and_content() -> None:
    pixels = np.full((100, 200, 3), 240, np.uint8)
    pixels[:, :90] = np.random.default_rng(0).integers(0, 255, (100, 90, 3))
    line = TextLine("", ((100.0, 0.0), (200.0, 0.0), (200.0, 40.0), (100.0, 40.0)))
    for seed in range(5):
        place = empty_place(Picture(pixels, (line,)), 40, 20, np.random.default_rng(seed))
        assert place is None or (place.left >= 90 and place.top >= 40)
    assert empty_place(Picture(pixels), 300, 20, np.random.default_rng(0)) is None


def test_an_empty_place_does_not_straddle_the_edge_of_a_bubble() -> None:
    pixels = np.full((100, 200, 3), 240, np.uint8)
    pixels[40:60] = 254
    found = [empty_place(Picture(pixels), 60, 14, np.random.default_rng(seed)) for seed in range(20)]
    assert all(place and not place.top < 38 < place.bottom - 2 for place in found)
    assert all(place and not place.top + 2 < 60 < place.bottom - 2 for place in found)


def test_a_whole_thing_is_not_cut_by_its_border() -> None:
    patch = np.full((52, 52, 3), 240, np.float32)
    patch[20:38, 20:38] = 60
    assert thing_in(patch, 6) is not None
    patch[20:38, 6:38] = 60
    assert thing_in(patch, 6) is None


def test_what_comes_into_a_grey_picture_is_grey() -> None:
    colourful = np.full((40, 60, 3), (200, 40, 40), np.uint8)
    for grey in (True, False):
        change = changed(scene(2, grey=grey), Window(10, 10, 70, 50), colourful, HOLE, "")
        assert change is not None
        assert (np.ptp(change.pixels[change.mask], 1).max() == 0) == grey


def test_ink_on_white_does_not_go_onto_black() -> None:
    patch = np.full((30, 30, 3), 240, np.float32)
    for level, suits in ((20, False), (200, True)):
        place = Window(10, 10, 30, 30)
        assert on_like_paper(Picture(np.full((60, 60, 3), level, np.uint8)), place, patch) == suits
