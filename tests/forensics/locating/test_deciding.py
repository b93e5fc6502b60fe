"""From logits to a mask and a probability."""

import numpy as np
import pytest

from tiltyard.forensics.locating.deciding import Rule, decided, height, spread

SILENCE = np.zeros((120, 160), np.float32)
RULE = Rule(peak=2.0, edge=-1.0, slope=1.5)


def hill(height: float, side: int = 40) -> np.ndarray:
    """A flat field of -6 with a square of that height, and a lower seam around it."""
    logits = np.full((120, 160), -6, np.float32)
    logits[30 : 30 + side + 20, 40 : 40 + side + 20] = 0
    logits[40 : 40 + side, 50 : 50 + side] = height
    return logits


def test_a_region_that_reaches_the_peak_spreads_to_its_seam() -> None:
    answer = decided(hill(4), SILENCE, RULE)
    assert answer.mask.sum() == 60 * 60
    assert answer.probability > 0.9
    assert answer.map[60, 70] > answer.map[32, 42] > answer.map[0, 0]


def test_a_region_below_the_peak_is_let_be() -> None:
    answer = decided(hill(1.5), SILENCE, RULE)
    assert not answer.mask.any()
    assert 0.1 < answer.probability < 0.5


def test_the_verdict_changes_at_one_half() -> None:
    assert decided(hill(2.05), SILENCE, RULE).probability == pytest.approx(0.5, abs=0.03)


def test_a_lower_threshold_takes_what_a_higher_one_leaves() -> None:
    low, high = (decided(hill(1.5), SILENCE, RULE, threshold=threshold) for threshold in (0.2, 0.8))
    assert low.mask.any()
    assert not high.mask.any()


def test_a_lone_pixel_is_noise() -> None:
    logits = np.full((120, 160), -6, np.float32)
    logits[60, 60] = 30
    assert height(logits) < 0
    assert not decided(logits, SILENCE, RULE).mask.any()


def test_trusted_cues_are_believed_where_they_speak_whatever_the_network_must_reach() -> None:
    copies = np.zeros((120, 160), np.float32)
    copies[10:40, 10:40] = 0.9
    for threshold in (0.05, 0.5, 0.95):
        answer = decided(np.full((120, 160), -6, np.float32), copies, RULE, threshold=threshold)
        assert answer.mask.sum() == 30 * 30
        assert answer.probability == pytest.approx(0.9)


def test_holes_are_filled_and_specks_dropped() -> None:
    logits = hill(4)
    logits[55:60, 65:70] = -9
    logits[2:5, 2:5] = 4
    mask = spread(logits, peak=2.0, edge=-1.0)
    assert mask[57, 67]
    assert not mask[:8, :8].any()
