"""F1 and IoU against scikit-learn, and the rules for empty masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score, jaccard_score

from tiltyard.forensics.scoring.overlap import f1_and_iou, overlap

EMPTY, SOME = np.zeros((3, 4), np.bool_), np.eye(3, 4, dtype=np.bool_)
MASKS = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda shape: st.tuples(arrays(np.bool_, shape), arrays(np.bool_, shape))
)


def figures(found: np.ndarray, truth: np.ndarray, empty: str = "iou") -> tuple[float, float]:
    counts = overlap(found, truth)
    f1, iou = f1_and_iou([counts.tp], [counts.fp], [counts.fn], empty=empty)  # type: ignore[arg-type]
    return float(f1[0]), float(iou[0])


@settings(max_examples=80, deadline=None)
@given(MASKS)
def test_figures_are_those_of_scikit_learn(masks: tuple[np.ndarray, np.ndarray]) -> None:
    found, truth = masks
    flat = truth.ravel(), found.ravel()
    assert figures(found, truth, "none") == pytest.approx(
        (f1_score(*flat, zero_division=0), jaccard_score(*flat, zero_division=0))
    )
    assert figures(found, truth, "both") == pytest.approx(
        (f1_score(*flat, zero_division=1), jaccard_score(*flat, zero_division=1))
        if truth.any() or found.any()
        else (1, 1)
    )


@pytest.mark.parametrize(("rule", "expected"), [("iou", (0, 1)), ("both", (1, 1)), ("none", (0, 0))])
def test_two_empty_masks_score_by_the_rule(rule: str, expected: tuple[float, float]) -> None:
    assert figures(EMPTY, EMPTY, rule) == expected


@pytest.mark.parametrize("rule", ["iou", "both", "none"])
def test_one_empty_mask_scores_nothing_by_any_rule(rule: str) -> None:
    assert figures(EMPTY, SOME, rule) == figures(SOME, EMPTY, rule) == (0, 0)


def test_counts_add_up_to_all_pixels() -> None:
    counts = overlap(SOME, np.ones((3, 4), np.bool_))
    assert (counts.tp, counts.fp, counts.fn, counts.pixels) == (3, 0, 9, 12)


def test_many_images_are_figured_at_once() -> None:
    f1, iou = f1_and_iou([0, 1, 2], [0, 1, 0], [0, 1, 0], empty="iou")
    assert f1.tolist() == [0, 0.5, 1]
    assert iou.tolist() == [1, pytest.approx(1 / 3), 1]
