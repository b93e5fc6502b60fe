"""Windows that agree against the rest are found one by one, and many of them not at all."""

import numpy as np
import pytest

from tiltyard.forensics.tracing.agreeing import MOST, agreeing, usual

CLEAR = 16.0
PLACES = [(slice(top, top + 5), slice(30, 42)) for top in range(4, 100, 14)]


def evidence(places: int) -> np.ndarray:
    """A weak word of every block, and the contrary of some places."""
    drawn = np.random.default_rng(3).normal(0.3, 0.8, (100, 80)).astype(np.float32)
    for place in PLACES[:places]:
        drawn[place] -= 1.5
    return drawn


@pytest.mark.parametrize(("places", "expected"), [(0, 0), (1, 1), (3, 3), (MOST + 2, 0)])
def test_places_are_found_one_by_one_and_many_of_them_not_at_all(places: int, expected: int) -> None:
    found = agreeing(evidence(places), clear=CLEAR)
    assert len(found) == expected
    for place in found:
        assert place.clearness >= CLEAR
        truth = np.zeros((100, 80), bool)
        truth[max(PLACES, key=lambda one: np.count_nonzero(place.mask[one]))] = True
        assert 2 * (place.mask & truth).sum() / (place.mask.sum() + truth.sum()) > 0.7


def test_a_strip_too_thin_to_be_heard_does_not_mark_the_whole_picture() -> None:
    drawn = np.full((60, 80), 0.5, np.float32)
    drawn[20:22, 20:60] = -0.35
    assert all(place.mask.sum() < 400 for place in agreeing(drawn, clear=CLEAR))


def test_blocks_that_say_nothing_are_no_place() -> None:
    assert usual(np.zeros((9, 9), np.float32)) == 0
    assert agreeing(np.zeros((100, 80), np.float32), clear=CLEAR) == []


@pytest.mark.parametrize("shape", [(0, 0), (0, 12), (1, 1), (1, 40)])
def test_a_picture_of_a_few_blocks_has_no_place(shape: tuple[int, int]) -> None:
    assert agreeing(np.full(shape, -1, np.float32), clear=CLEAR) == []
