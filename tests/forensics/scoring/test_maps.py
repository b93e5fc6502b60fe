"""Pixel AUC against scikit-learn, false-alarm thresholds and IoU against plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tiltyard.forensics.scoring import maps
from tiltyard.forensics.scoring.maps import count_pixels, false_alarm_thresholds, iou_above, pixel_auc


def drawn(seed: int, *, levels: int = 256, images: int = 1) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    return [
        (rng.integers(0, levels, (9, 11)).astype(np.uint8), rng.random((9, 11)) < rng.random()) for _ in range(images)
    ]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2, 5, 256]))
def test_pixel_auc_is_that_of_scikit_learn(seed: int, levels: int) -> None:
    [(values, truth)] = drawn(seed, levels=levels)
    counts = count_pixels(values, truth)
    found = pixel_auc(counts.forged, counts.authentic)
    if truth.all() or not truth.any():
        assert found is None
    else:
        assert found == pytest.approx(roc_auc_score(truth.ravel(), values.ravel()), abs=1e-12)


def test_sums_of_counts_give_the_auc_over_all_pixels() -> None:
    pairs = drawn(1, images=6)
    counts = [count_pixels(*pair) for pair in pairs]
    forged, authentic = (
        sum(getattr(each, name).astype(np.int64) for each in counts) for name in ("forged", "authentic")
    )
    together = roc_auc_score(np.stack([t for _, t in pairs]).ravel(), np.stack([v for v, _ in pairs]).ravel())
    assert pixel_auc(forged, authentic) == pytest.approx(together, abs=1e-12)


def test_counts_are_of_pixels_at_or_above_each_value() -> None:
    [(values, truth)] = drawn(2)
    counts = count_pixels(values, truth)
    for level in range(256):
        assert counts.forged[level] == np.sum((values >= level) & truth)
        assert counts.authentic[level] == np.sum((values >= level) & ~truth)
    assert counts.largest == values.max()


def test_large_maps_are_counted_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    [(values, truth)] = drawn(3)
    whole = count_pixels(values, truth)
    monkeypatch.setattr(maps, "EXACT", 25)
    assert np.array_equal(count_pixels(values, truth).forged, whole.forged)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([3, 256]))
def test_iou_at_false_alarm_percentiles_is_that_of_a_plain_loop(seed: int, levels: int) -> None:
    pairs = [(values, truth) for values, truth in drawn(seed, levels=levels, images=5) if truth.any()]
    authentic = [values for values, _ in drawn(seed + 1, levels=levels, images=7)]
    maxima = [int(values.max()) for values in authentic]
    thresholds = false_alarm_thresholds(np.array(maxima, np.uint8))
    expected = [
        [np.sum((values > t) & truth) / np.sum((values > t) | truth) for t in np.percentile(maxima, range(91, 100))]
        for values, truth in pairs
    ]
    counts = [count_pixels(*pair) for pair in pairs]
    found = iou_above(
        np.stack([each.forged for each in counts]), np.stack([each.authentic for each in counts]), thresholds
    )
    assert found == pytest.approx(np.array(expected), abs=1e-12)


def test_nothing_is_above_the_largest_value_of_all() -> None:
    counts = count_pixels(np.full((4, 4), 255, np.uint8), np.eye(4, dtype=np.bool_))
    assert iou_above(counts.forged[None], counts.authentic[None], np.array([255.0])).tolist() == [[0.0]]
