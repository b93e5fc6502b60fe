"""Names and numbers are drawn from the generator alone, and no number can be anybody's."""

import re

import numpy as np
import pytest

from tiltyard.forensics.documents.facts import LOCALES, facts


@pytest.mark.parametrize("language", LOCALES)
def test_facts_are_a_function_of_the_generator(language: str) -> None:
    def some(seed: int) -> list[str]:
        contents = facts(language, np.random.default_rng(seed))
        return [
            contents.name(),
            contents.company(),
            contents.address(),
            contents.bank(),
            contents.account(),
            str(contents.day()),
        ]

    first = some(5)
    some(6)
    assert some(5) == first
    assert some(6) != first


@pytest.mark.parametrize("language", LOCALES)
def test_numbers_are_of_ranges_that_nobody_assigns(language: str) -> None:
    contents = facts(language, np.random.default_rng(1))
    for _ in range(20):
        assert contents.account().startswith("00" if language == "zh" else "XX00")
        assert contents.phone().startswith(("000-", "+00 "))
        assert re.fullmatch(r"ZX00\d{5}[0-9A-Y]{9}", contents.tax_number())
        assert contents.swift()[4:6] == "XX"
        assert re.match(r"(\*{4} |000000|XXXX-)", contents.masked_card())
