"""The rule that is chosen on pictures kept aside."""

import numpy as np
import pytest

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.choosing import SILENT, Kept, chosen


def kept(height: float, *, forged: bool) -> Kept:
    logits, mask = np.full((64, 64), min(height, -5), np.float16), np.zeros((64, 64), bool)
    logits[16:48, 16:48] = height
    mask[16:48, 16:48] = forged
    return Kept(logits, mask)


def test_the_peak_lies_above_the_authentic_and_below_the_forged() -> None:
    rule = chosen([[kept(1, forged=False), kept(2, forged=False), kept(6, forged=True), kept(7, forged=True)]])
    assert 2 < rule.peak < 6


def test_a_network_that_finds_nothing_above_the_authentic_flags_nothing() -> None:
    rule = chosen([[kept(1, forged=False), kept(9, forged=False), kept(6, forged=True), kept(7, forged=True)]])
    assert rule.peak == SILENT


def test_sets_count_alike_and_one_without_authentic_pictures_says_nothing_of_them() -> None:
    many = [kept(height, forged=False) for height in np.linspace(-3, 3, 300)]
    first, second = [*many, kept(8, forged=True)], [kept(1, forged=False), kept(8, forged=True)]
    both = chosen([first, second]).peak
    assert 1 < both < chosen([first]).peak < 3
    assert chosen([first, second, [kept(8, forged=True)]]).peak == both


def test_without_an_authentic_picture_no_rule_is_chosen() -> None:
    with pytest.raises(TiltyardError, match="keep more such aside"):
        chosen([[kept(3, forged=True)]])
