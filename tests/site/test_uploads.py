"""What arrives from the network: names made harmless, sizes believed only as far as they bind."""

from pathlib import Path

import pytest
from django.test import RequestFactory

from tiltyard.contest.entry import EntryFormat
from tiltyard.site.arriving.uploads import ROOM, body_size, most_bytes, plain_name, staged


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("result.csv", "result.csv"),
        ("C:\\Users\\ann\\My Result.CSV", "My Result.csv"),
        ("../../etc/passwd.zip", "passwd.zip"),
        ("结果.zip", "结果.zip"),
        ("a\x00b\n\u202ec.zip", "abc.zip"),
        ("..", "entry"),
        ("", "entry"),
        (".zip", "zip"),
    ],
)
def test_a_file_keeps_as_much_of_its_name_as_is_harmless(given: str, kept: str) -> None:
    assert plain_name(given) == kept


def test_a_long_name_is_cut_and_keeps_its_type() -> None:
    name = plain_name("长" * 300 + ".zip")
    assert name.endswith(".zip")
    assert len(name.encode()) <= 120


def test_a_staged_file_bears_its_name_and_is_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "upload.tmp"
    path.write_bytes(b"content")
    with staged(path, "attack.zip") as file:
        assert (file.name, file.read_bytes()) == ("attack.zip", b"content")
    assert not file.parent.exists()
    assert path.read_bytes() == b"content"


@pytest.mark.parametrize(("told", "size"), [("17", 17), ("", 0), ("-1", 0), ("x", 0), ("１７", 0)])
def test_the_size_of_a_body_is_what_its_header_says_in_digits(told: str, size: int) -> None:
    assert body_size(RequestFactory().get("/", CONTENT_LENGTH=told)) == size


def test_a_zip_may_be_as_large_as_the_largest_format_and_its_frame() -> None:
    small, large = EntryFormat("a", max_bytes=10), EntryFormat("b", max_bytes=64 << 20, max_files=1000)
    assert most_bytes((small, large)) == (64 << 20) + (1 << 20) + 2_048_000 + ROOM
