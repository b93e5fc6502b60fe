"""The reader of credential tables: what it takes, what it refuses and how, and that nothing else comes out."""

import csv
import io
import json
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiltyard.errors import EntryError
from tiltyard.forensics import credential_table, csv_table
from tiltyard.forensics.credential_table import CredentialTable, read_table

BOUNDED = settings(max_examples=150, deadline=None)
QUAD = "[[[1,2],[9,2],[9,8],[1,8]]]"
GOOD = f'Path,Polygon\r\na.jpg,"{QUAD}"\r\nb.jpg,[]\r\n'


def read(text: str | bytes) -> CredentialTable:
    return read_table(text if isinstance(text, bytes) else text.encode(), "r.csv")


def with_polygon(text: str) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["Path", "Polygon"], ["a.jpg", "[]"], ["b.jpg", text]])
    return buffer.getvalue().encode()


@contextmanager
def bounded(*, seconds: float, mebibytes: int) -> Iterator[None]:
    """Processor time, and by how much the process may grow beyond the most it ever had."""
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    yield
    assert time.process_time() - start < seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < mebibytes << 10


def test_files_polygons_and_lines_come_as_they_stand() -> None:
    table = read(f'Path,Polygon\na.jpg,"{QUAD}"\n\nb.jpg,[]\nc.jpg,"[[[0,0],[1.5,0],[0,2e0]],{QUAD[1:]}"\n')
    assert table.paths == ("a.jpg", "b.jpg", "c.jpg")
    assert table.lines.tolist() == [2, 4, 5]
    assert table.regions.counts.tolist() == [1, 0, 2]
    assert table.regions.points[4:7].tolist() == [[0, 0], [1.5, 0], [0, 2]]
    assert table.scores is None


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("\r\n", "\n"),
        GOOD.rstrip(),
        "\ufeff" + GOOD,
        GOOD.replace("a.jpg", '"a.jpg"'),
        f'Polygon,Path\n"{QUAD}",a.jpg\n[],b.jpg\n',
        GOOD.replace(",[1,8]]]", ",\r\n [1, 8]]]\n"),
    ],
)
def test_all_of_csv_is_understood(text: str) -> None:
    table = read(text)
    assert table.paths == ("a.jpg", "b.jpg")
    assert table.regions.points.tolist() == [[1, 2], [9, 2], [9, 8], [1, 8]]


def test_names_may_hold_commas_quotes_and_chinese_text() -> None:
    assert read('Path,Polygon\n"票据,""1"".jpg",[]\n').paths == ('票据,"1".jpg',)


def test_scores_are_read_where_they_are_given() -> None:
    table = read("Path,Polygon,Score\na.jpg,[],0.25\nb.jpg,[],-1e-3\n")
    assert table.scores is not None
    assert table.scores.tolist() == [0.25, -0.001]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: lacks the column Path"),
        ("Path\na.jpg\n", "line 1: lacks the column Polygon"),
        ("Path,Polygon,Note\n", "line 1: unknown column 'Note': the table has Path, Polygon and, if you like, Score"),
        ("Path,Polygon,Path\n", "line 1: column 'Path' stands there twice"),
        ("Path,Polygon\na.jpg,[]\na.jpg,[]\n", "line 3: 'a.jpg': stands there twice, first on line 2"),
        ("Path,Polygon\na.jpg\n", "line 2: 1 fields, the first line has 2"),
        (f"Path,Polygon\na.jpg,{QUAD}\n", "line 2: 9 fields, the first line has 2: put the polygons in double quotes"),
        ('Path,Polygon\na.jpg,"[]\n', "line 2: no valid CSV (unexpected end of data)"),
        ('Path,Polygon\na.jpg,"[]"x\n', "line 2: no valid CSV"),
        ("Path,Polygon\ra.jpg,[]\r", "line 1: no valid CSV (new-line character seen in unquoted field"),
        (b"Path,Polygon\na.jpg,[]\nb\xff.jpg,[]\n", "line 3: no valid UTF-8"),
        (b"Path,Polygon\n\xed\xa0\x80.jpg,[]\n", "line 2: no valid UTF-8"),
        ("Path,Polygon,Score\na.jpg,[],0.5\nb.jpg,[],\n", "line 3: 'b.jpg': Score is '', no finite number"),
        ("Path,Polygon,Score\na.jpg,[],nan\n", "Score is 'nan', no finite number"),
        ("Path,Polygon,Score\na.jpg,[],1e999\n", "Score is '1e999', no finite number"),
        ("Path,Polygon,Score\na.jpg,[],1_0\n", "Score is '1_0', no finite number"),
        ("Path,Polygon,Score\na.jpg,[],٣\n", "Score is"),
    ],
)
def test_a_table_that_breaks_a_rule_is_refused_by_line(text: str | bytes, told: str) -> None:
    with pytest.raises(EntryError) as caught:
        read(text)
    assert str(caught.value).startswith("r.csv: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("polygons", "told"),
    [
        ("", "no valid JSON (Expecting value at character 1): write [] where nothing is forged"),
        ("[[[1,2],[3,4],[5,7]]", "no valid JSON"),
        ("[[[1,2],[3,4],[5,7]]] x", "no valid JSON"),
        ("{}", "the polygons are no list"),
        ("null", "the polygons are no list"),
        ("5", "the polygons are no list"),
        ("[[1,2],[3,4],[5,7]]", "polygon 1 is no list of points"),
        (f"[{QUAD[1:-1]},7]", "polygon 2 is no list of points"),
        ('[[{"x":1},[3,4],[5,7]]]', "polygon 1 is no list of points"),
        ("[[[1,2],[3,4],[5,7,9]]]", "polygon 1 has a point that is not of two numbers"),
        ("[[[1,2],[3,4],[5]]]", "polygon 1 has a point that is not of two numbers"),
        ('[[[1,2],[3,4],[5,"7"]]]', "polygon 1 has a coordinate that is no number"),
        ("[[[1,2],[3,4],[true,7]]]", "polygon 1 has a coordinate that is no number"),
        ("[[[1,2],[3,4],[null,7]]]", "polygon 1 has a coordinate that is no number"),
        ("[[[1,2],[3,4],[[],7]]]", "polygon 1 has a coordinate that is no number"),
        ("[[[1,2],[3,4],[NaN,7]]]", "NaN is no coordinate"),
        ("[[[1,2],[3,4],[-Infinity,7]]]", "-Infinity is no coordinate"),
        ("[[[1,2],[3,4],[1e999,7]]]", "lies outside every picture: a coordinate is above 1000000"),
        (f"[[[1,2],[3,4],[{10**400},7]]]", "lies outside every picture"),
        (f"[[[1,2],[3,4],[1{'0' * 5000},7]]]", "a number has too many digits"),
        ("[[[1,2],[3,4],[-1,7]]]", "polygon 1 lies outside the picture: a coordinate is negative"),
        ("[[]]", "polygon 1 has fewer than 3 points"),
        ("[[[1,2],[3,4]]]", "polygon 1 has fewer than 3 points"),
        ("[[[1,2],[3,4],[1,2]]]", "polygon 1 has fewer than 3 points"),
        (f"[{QUAD[1:-1]},[[0,0],[9,9],[9,0],[0,9]]]", "polygon 2 crosses or touches itself at (4.5, 4.5)"),
        ("[[[0,0],[5,5],[9,9]]]", "polygon 1 has no area"),
        (json.dumps([[[0, 0], [1, 0], [0, 1]]] * 2001), "2001 polygons, at most 2000 are allowed"),
        ("[" * 60_000 + "]" * 60_000, "no valid list of polygons: nested too deeply"),
        ("[" * 130_000, "no valid list of polygons: nested too deeply"),
        ("\x00", "no valid JSON"),
    ],
)
def test_a_polygon_that_breaks_a_rule_is_named_with_its_file(polygons: str, told: str) -> None:
    with pytest.raises(EntryError) as caught:
        read(with_polygon(polygons))
    assert str(caught.value).startswith("r.csv: line 3: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_polygon_of_too_many_points_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_table, "MOST_POINTS", 5)
    with pytest.raises(EntryError, match="polygon 1 has 6 points, at most 5 are allowed"):
        read(with_polygon("[[[0,0],[5,0],[9,3],[9,9],[4,9],[1,5]]]"))


def test_more_lines_or_bytes_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "MOST_LINES", 2)
    with pytest.raises(EntryError, match="more than the 2 lines"):
        read(GOOD)
    monkeypatch.setattr(csv_table, "MOST_BYTES", 10)
    with pytest.raises(EntryError, match="larger than"):
        read(GOOD)


HEAD = b"Path,Polygon\n"


@pytest.mark.parametrize(
    ("head", "piece", "times", "told"),
    [
        (HEAD, b"x", 50_000_000, "more than 1048576 bytes without the end of a record"),
        (HEAD + b'a.jpg,"', b"[", 50_000_000, "more than 1048576 bytes without the end of a record"),
        (HEAD + b'a.jpg,"[[', b"[1,2],", 1_000_000, "more than 1048576 bytes"),
        (HEAD + b'a.jpg,"', b"[],\n", 10_000_000, "field larger than field limit"),
        (HEAD + b'a.jpg,"', b'""', 10_000_000, "more than 1048576 bytes"),
        (HEAD, b'a,"\n",', 10_000_000, "more than 1048576 bytes"),
        (HEAD, b"\x00", 50_000_000, "more than 1048576 bytes"),
        (HEAD, b"\xff", 50_000_000, "more than 1048576 bytes"),
        (HEAD, b"\n", 2_000_000, "more than the 1000001 lines"),
        (b"", b"a,", 20_000_000, "more than 1048576 bytes"),
        (b"Path,", b"b,", 100_000, "unknown column 'b'"),
    ],
)
def test_what_is_meant_to_exhaust_the_reader_is_refused_at_once(
    head: bytes, piece: bytes, times: int, told: str
) -> None:
    content = head + piece * times
    with bounded(seconds=3, mebibytes=64), pytest.raises(EntryError, match=told):
        read(content)


def test_as_many_points_as_a_field_holds_are_read_in_bounded_time() -> None:
    circle = [
        [round(500 + 400 * float(np.cos(angle)), 2), round(500 + 400 * float(np.sin(angle)), 2)]
        for angle in np.linspace(0, 2 * np.pi, 7000, endpoint=False)
    ]
    with bounded(seconds=3, mebibytes=64):
        assert len(read(with_polygon(json.dumps([circle], separators=(",", ":")))).regions.points) == 7000


def only_entry_errors(content: bytes) -> None:
    told = ""
    try:
        table = read(content)
    except EntryError as error:
        told = str(error)
    else:
        assert np.isfinite(table.regions.points).all()
        assert len(table.regions) == len(set(table.paths)) == len(table.lines)
    assert told.isprintable()
    assert len(told) < 1000


@BOUNDED
@given(st.binary(max_size=300))
def test_raw_bytes_raise_nothing_but_entry_errors(content: bytes) -> None:
    only_entry_errors(content)
    only_entry_errors(HEAD + content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=25,
)


@BOUNDED
@given(st.lists(JSON, max_size=3))
def test_any_json_raises_nothing_but_entry_errors(values: list[object]) -> None:
    for value in values:
        only_entry_errors(with_polygon(json.dumps(value)))


POINT = st.lists(st.integers(-2, 12) | st.floats(-1, 12), min_size=2, max_size=2)


@BOUNDED
@given(st.lists(st.lists(POINT, max_size=7), max_size=3))
def test_any_polygons_are_read_or_refused(polygons: list[list[list[float]]]) -> None:
    only_entry_errors(with_polygon(json.dumps(polygons)))


@BOUNDED
@given(st.integers(0, 2**32))
def test_mutated_tables_raise_nothing_but_entry_errors(seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(f'Path,Polygon,Score\r\na.jpg,"{QUAD}",0.5\r\n"b,1.jpg",[],1e-3\r\n'.encode())
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(content))
        piece = chance.choice([b'"', b",", b"\n", b"\r", b"[", b"]", b"\x00", b"\xff", b"\xed\xa0\x80", b"1e999", b"-"])
        content[place : place + chance.randint(0, 3)] = piece
    only_entry_errors(bytes(content))
