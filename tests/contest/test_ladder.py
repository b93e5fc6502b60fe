"""The ladder rule (arXiv 1502.04585) against the paper's recursion worked by hand, and against a probe."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tiltyard.contest.ladder import ladder

scores = st.lists(st.floats(0, 100, allow_subnormal=False), max_size=30)
steps = st.sampled_from([0.01, 0.1, 0.25, 1.0, 3.0])


def test_it_moves_on_progress_beyond_a_step_and_rounds_to_the_grid() -> None:
    given_in = [60.4, 60.9, 61.4, 55.0, 62.6, 62.9]
    assert ladder(given_in, 1.0, higher_is_better=True) == [60.0, 60.0, 61.0, 61.0, 63.0, 63.0]


def test_of_losses_the_lower_is_the_progress() -> None:
    assert ladder([0.52, 0.47, 0.38, 0.9], 0.1, higher_is_better=False) == [0.5, 0.5, 0.4, 0.4]


def test_exactly_one_step_is_not_more_than_a_step() -> None:
    assert ladder([0.6, 0.7, 0.700001], 0.1, higher_is_better=True) == [0.6, 0.6, 0.7]


def test_no_entry_shows_nothing_and_the_first_always_shows() -> None:
    assert ladder([], 1.0, higher_is_better=True) == []
    assert ladder([0.0], 1.0, higher_is_better=True) == [0.0]


@given(scores, steps, st.booleans())
def test_it_only_climbs_by_at_least_a_step_and_stays_within_half_a_step_of_its_entry(
    given_in: list[float], step: float, higher: bool
) -> None:
    shown = ladder(given_in, step, higher_is_better=higher)
    sign = 1 if higher else -1
    assert len(shown) == len(given_in)
    for before, after in pairwise(shown):
        assert after == before or sign * (after - before) >= step * (1 - 1e-9)
    for place, value in enumerate(shown):
        best = (max if higher else min)(given_in[: place + 1])
        assert sign * (best - value) <= 1.5 * step * (1 + 1e-9)
        assert abs(value / step - round(value / step)) < 1e-6


def test_a_probe_that_flips_one_answer_after_another_learns_nothing() -> None:
    draw = random.Random(0)
    probes = [50 + draw.uniform(-0.9, 0.9) for _ in range(200)]
    assert set(ladder([50.0, *probes], 1.0, higher_is_better=True)) == {50.0}
