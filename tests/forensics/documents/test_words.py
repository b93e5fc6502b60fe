"""Every family has its words in every language."""

import pytest

from tiltyard.forensics.documents.catalogue import families
from tiltyard.forensics.documents.kit.words import LANGUAGES, words


@pytest.mark.parametrize("family", families())
def test_no_word_is_missing(family: str) -> None:
    for key, row in words(family).items():
        assert set(row) == set(LANGUAGES), key
        assert all(wording.strip() == wording != "" for wordings in row.values() for wording in wordings), key
