"""A few of many: both kinds are among them, in the proportion of all."""

import pytest

from tiltyard.forensics.locating.spread import spread


@pytest.mark.parametrize("rare", [0, 17, 4999])
def test_the_only_one_of_its_kind_is_among_them(rare: int) -> None:
    for forged in ([number == rare for number in range(5000)], [number != rare for number in range(5000)]):
        found = spread(forged, 200)
        assert rare in found
        assert len(set(found)) == 200


def test_kinds_are_in_the_proportion_of_all_and_spread_evenly() -> None:
    found = spread([number % 4 == 0 for number in range(1000)], 100)
    assert sum(number % 4 == 0 for number in found) in (24, 25, 26)
    assert 45 <= sum(number < 500 for number in found) <= 55
    assert found == sorted(found)


def test_of_few_all_are_taken() -> None:
    assert spread([True, False, True], 100) == [0, 1, 2]
