"""Pairs: beside a forged sample the same picture as nobody forged it."""

import json
from pathlib import Path

import numpy as np
import pytest

from tiltyard.contest.executor import Here
from tiltyard.forensics.making.folder import write_set
from tiltyard.forensics.making.paired import PAIRED, Paired
from tiltyard.forensics.making.recipe import Recipe, document_recipe
from tiltyard.forensics.making.series import Sample
from tiltyard.vision.masks import decode_mask
from tiltyard.vision.pictures import decode_picture


@pytest.fixture(scope="module")
def series() -> Recipe:
    return document_recipe(
        seed=900_778, count=8, families=["invoice"], scripts=["latin"], kinds=["splice", "repaint"], long_side=400,
        samples_a_part=4,
    )  # fmt: skip


def shown(sample: Sample) -> np.ndarray:
    return decode_picture(sample.image, sample.name).pixels.astype(int)


def truth(sample: Sample) -> np.ndarray:
    return decode_mask(sample.mask, sample.name, size=None)


def test_a_twin_shows_the_same_picture_without_the_forgery(series: Recipe) -> None:
    paired, forged = Paired(series), 0
    for number in range(series.count):
        first, second = paired.sample(2 * number), paired.sample(2 * number + 1)
        assert first is not None
        plain = series.sample(number)
        assert plain is not None
        assert first.image == plain.image
        if first.facts["kind"] == "authentic":
            assert second is None
            continue
        forged += 1
        assert second is not None
        assert (second.index, second.facts["kind"], second.facts["forged"]) == (2 * number + 1, "authentic", "0")
        assert second.facts["post"] == first.facts["post"]
        assert not truth(second).any()
        if shown(first).shape == shown(second).shape:
            differs = np.abs(shown(first) - shown(second)).max(2)
            assert differs[truth(first)].mean() > 4 * differs[~truth(first)].mean()
    assert 0 < forged < series.count


def test_a_set_of_pairs_says_so_and_leaves_out_the_twins_of_what_is_authentic(series: Recipe, tmp_path: Path) -> None:
    write_set(Paired(series), tmp_path, Here())
    assert json.loads((tmp_path / "recipe.json").read_text())[PAIRED] is True
    stems = [int(path.stem) for path in sorted(tmp_path.glob("part-*/images/*"))]
    assert [stem for stem in stems if stem % 2 == 0] == list(range(0, 16, 2))
    assert 0 < sum(stem % 2 for stem in stems) < 8
    assert sorted(path.name for path in tmp_path.glob("part-*")) == ["part-00000", "part-00001"]
