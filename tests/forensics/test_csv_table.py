"""Columns of a CSV table that has others too."""

import pytest

from tiltyard.errors import EntryError
from tiltyard.forensics.csv_table import read_columns


def test_columns_are_read_by_name_and_the_rest_left_out() -> None:
    content = b"name,x,source,x\na.jpg,1,d,2\nb.jpg,,e,\n"
    assert read_columns(content, "s.csv", key="name", optional=("source", "kind")) == {
        "name": ["a.jpg", "b.jpg"], "source": ["d", "e"]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"x\n1\n", "s.csv: line 1: lacks the column name"),
        (b"", "s.csv: line 1: lacks the column name"),
        (b"name,name\n", "s.csv: line 1: column 'name' stands there twice"),
        (b"name,x\na,1\n\na,2\n", "s.csv: line 4: 'a' stands there twice"),
        (b"name,x\n,1\n", "s.csv: line 2: the name is empty"),
        (b"name,x\na\n", "s.csv: line 2: 1 fields, the first line has 2"),
    ],
)
def test_a_table_whose_lines_cannot_be_told_apart_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(EntryError) as caught:
        read_columns(content, "s.csv", key="name")
    assert str(caught.value) == told
