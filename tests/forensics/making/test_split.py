"""Splits keep together what belongs together, near-duplicates too, or say why they cannot."""

import csv
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.part import as_csv
from tiltyard.forensics.making.series import COLUMNS
from tiltyard.forensics.making.split import parse_shares, split_set

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}


def hashes_of(count: int, seed: int = 0) -> list[str]:
    return [row.tobytes().hex() for row in np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)]


def near(phash: str, bits: int) -> str:
    return f"{int(phash, 16) ^ int('1' * bits, 2) << 40:064x}"


def a_set(folder: Path, phashes: Iterable[str], *, variants: int = 2, families: int = 20) -> Path:
    rows = []
    for index, phash in enumerate(phashes):
        document = index // variants
        facts = dict.fromkeys(COLUMNS, "")
        facts |= {
            "name": f"{index:09d}.jpg", "source": f"document-{document}", "family": f"f{document % families}",
            "template": "ab"[document % 2], "kind": "erase", "phash": phash,
        }  # fmt: skip
        rows.append(facts)
    folder.mkdir(exist_ok=True)
    (folder / "samples.csv").write_bytes(as_csv(COLUMNS, rows))
    return folder


def sides(folder: Path) -> dict[int, str]:
    with (folder / "split.csv").open(newline="") as file:
        return {int(row["name"][:9]): row["split"] for row in csv.DictReader(file)}


@pytest.mark.parametrize(("by", "key"), [
    ("source", lambda i: i // 2), ("family", lambda i: i // 2 % 20), ("template", lambda i: (i // 2 % 20, i // 2 % 2)),
])  # fmt: skip
def test_what_belongs_together_stands_on_one_side(tmp_path: Path, by: str, key: object) -> None:
    folder = a_set(tmp_path / "set", hashes_of(600))
    done = split_set(folder, by=by, shares=SHARES, seed=3)
    found = defaultdict(set)
    for index, side in sides(folder).items():
        found[key(index)].add(side)  # type: ignore[operator]
    assert all(len(each) == 1 for each in found.values())
    assert (done.groups, done.joined) == (len(found), 0)
    assert sum(done.counts.values()) == 600
    for name, share in SHARES.items():
        assert abs(done.counts[name] / 600 - share) <= 0.05


def test_planted_near_duplicates_are_on_one_side(tmp_path: Path) -> None:
    phashes = hashes_of(400)
    planted = [(index, 399 - index) for index in range(0, 120, 3)]
    for index, other in planted:
        phashes[other] = near(phashes[index], 14)
    folder = a_set(tmp_path / "set", phashes)
    done = split_set(folder, by="source", shares=SHARES)
    found = sides(folder)
    assert all(found[one] == found[other] for one, other in planted)
    assert done.joined == len(planted)
    loose = a_set(tmp_path / "loose", hashes_of(400))
    split_set(loose, by="source", shares=SHARES)
    apart = sides(loose)
    assert any(apart[one] != apart[other] for one, other in planted), "without near-duplicates they would be torn"


def test_the_seed_decides(tmp_path: Path) -> None:
    folder = a_set(tmp_path / "set", hashes_of(300))
    texts = []
    for seed in (1, 1, 2):
        split_set(folder, by="source", shares=SHARES, seed=seed)
        texts.append((folder / "split.csv").read_bytes())
    assert texts[0] == texts[1] != texts[2]


def test_a_group_that_is_too_large_is_named(tmp_path: Path) -> None:
    folder = a_set(tmp_path / "set", hashes_of(200), families=2)
    with pytest.raises(TiltyardError, match=r"that of 'f0', has 50\.0%"):
        split_set(folder, by="family", shares=SHARES)
    assert not (folder / "split.csv").exists()


@pytest.mark.parametrize(
    "text", ["", "train", "train=1", "a=0.5,b=0.6", "a=0.5,a=0.5", "a=nan,b=0.5", "a=-1,b=2", "=1,b=0"]
)
def test_shares_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(TiltyardError, match="--shares"):
        parse_shares(text)


def test_shares_are_read_in_order() -> None:
    assert parse_shares("train=0.8,test=0.2") == {"train": 0.8, "test": 0.2}


@pytest.mark.parametrize(("content", "reason"), [
    (None, "holds no samples.csv"), (b"name,source\n", "lacks columns"), (b"\xff\xfe", "make the set again"),
    ((",".join(COLUMNS) + "\n../../x.jpg" + "," * (len(COLUMNS) - 1)).encode(), "'../../x.jpg' is no row"),
    ((",".join(COLUMNS) + "\n000000001.jpg,a\n").encode(), "line 2"),
])  # fmt: skip
def test_a_table_that_is_none_is_one_line(tmp_path: Path, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "samples.csv").write_bytes(content)
    with pytest.raises(TiltyardError, match=reason):
        split_set(tmp_path, by="source", shares=SHARES)
