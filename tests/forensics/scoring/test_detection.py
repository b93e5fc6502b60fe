"""Image-level figures against scikit-learn and numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tiltyard.forensics.scoring.detection import PERCENTILES, ranked

BOUNDED = settings(max_examples=60, deadline=None)
scores = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40)


@BOUNDED
@given(scores)
def test_auc_agrees_with_scikit_learn_and_counts_ties_half(pairs: list[tuple[int, bool]]) -> None:
    values, forged = np.array([pair[0] for pair in pairs], float), np.array([pair[1] for pair in pairs])
    if forged.all() or not forged.any():
        return
    assert ranked(values, forged).auc() == pytest.approx(roc_auc_score(forged, values))


def test_auc_of_many_continuous_scores_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    forged = rng.random(20_000) < 0.3
    values = rng.normal(size=20_000) + forged
    assert ranked(values, forged).auc() == pytest.approx(roc_auc_score(forged, values), abs=1e-12)


def test_scores_that_say_nothing_give_one_half_and_no_recall() -> None:
    split = ranked(np.zeros(10), np.arange(10) < 4)
    assert split.auc() == 0.5
    assert split.recalls().tolist() == [0.0] * 10


@BOUNDED
@given(scores, st.integers(0, 2**32))
def test_recalls_agree_with_the_measure_as_it_is_written(pairs: list[tuple[int, bool]], seed: int) -> None:
    forged = np.array([pair[1] for pair in pairs])
    if forged.all() or not forged.any():
        return
    values = np.array([pair[0] for pair in pairs]) + np.random.default_rng(seed).integers(0, 3, len(pairs)) / 3
    expected = [
        sum(score > np.percentile(values[~forged], percentile) for score in values[forged]) / forged.sum()
        for percentile in range(90, 100)
    ]
    assert ranked(values, forged).recalls().tolist() == pytest.approx(expected)


def test_percentiles_are_ninety_to_ninety_nine() -> None:
    assert PERCENTILES == (90, 91, 92, 93, 94, 95, 96, 97, 98, 99)


def test_recall_falls_as_fewer_false_alarms_are_allowed() -> None:
    rng = np.random.default_rng(1)
    forged = rng.random(5000) < 0.5
    recalls = ranked(rng.normal(size=5000) + 1.5 * forged, forged).recalls()
    assert recalls[0] > recalls[-1] > 0
    assert (np.diff(recalls) <= 0).all()
