"""A sample of rendered documents is a pure function of recipe and index, and gives nothing away but its pixels."""

import io
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tiltyard.errors import TiltyardError
from tiltyard.forensics.forging.truth import mask_of
from tiltyard.forensics.making.late import LatePicture
from tiltyard.forensics.making.recipe import SCRIPTS, Recipe, document_recipe
from tiltyard.forensics.making.sample import donor
from tiltyard.forensics.making.series import Sample
from tiltyard.forensics.picture import Picture
from tiltyard.forensics.saving import Saving, decoded

SIZE = 400


def recipe(**changes: object) -> Recipe:
    return document_recipe(**{"seed": 5, "count": 1000, "scripts": ["latin"], "long_side": SIZE, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made() -> Sequence[Sample]:
    return [some(recipe().sample(index)) for index in range(16)]


def some(sample: Sample | None) -> Sample:
    assert sample is not None
    return sample


def test_other_order_and_another_process_give_the_same_bytes(made: Sequence[Sample]) -> None:
    script = (
        "import hashlib; from tiltyard.forensics.making.recipe import document_recipe\n"
        f"recipe = document_recipe(seed=5, count=1000, scripts=['latin'], long_side={SIZE})\n"
        "for index in (11, 2, 7, 6): print(hashlib.sha256(recipe.sample(index).image).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [made[index].facts["sha256"] for index in (11, 2, 7, 6)]


def test_count_and_parts_change_no_sample(made: Sequence[Sample]) -> None:
    other = recipe(count=12, samples_a_part=3)
    assert other.digest == recipe().digest
    assert other.sample(4) == made[4]


@pytest.mark.parametrize("changes", [{"seed": 6}, {"authentic": 0.4}, {"variants": 2}, {"long_side": 500}])
def test_what_changes_samples_changes_the_digest(changes: dict[str, object]) -> None:
    assert recipe(**changes).digest != recipe().digest


def test_other_packages_or_fonts_change_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    from tiltyard.forensics.documents import fonts
    from tiltyard.forensics.making import recipe as module

    before = recipe().digest
    with monkeypatch.context() as patch:
        patch.setattr(module, "made_with", lambda: {"numpy": "0.1"})
        assert recipe().digest != before
    with monkeypatch.context() as patch:
        patch.setattr(fonts, "fonts_digest", lambda: "other")
        assert recipe().digest != before
    assert recipe().digest == before


def test_truth_mask_and_facts_agree(made: Sequence[Sample]) -> None:
    assert {sample.facts["forged"] for sample in made} == {"0", "1"}
    for sample in made:
        mask = np.asarray(Image.open(io.BytesIO(sample.mask)))
        assert set(np.unique(mask)) <= {0, 255}
        height, width = decoded(sample.image).shape[:2]
        assert (str(width), str(height)) == (sample.facts["width"], sample.facts["height"])
        assert mask.shape == (height, width)
        forged = sample.facts["kind"] != "authentic"
        assert forged == bool(mask.any()) == bool(sample.polygons) == (sample.facts["forged"] == "1")
        drawn = mask_of(sample.polygons, (width, height))
        if forged:
            assert (drawn & (mask > 0)).sum() >= 0.9 * (mask > 0).sum()


def test_variants_show_one_document() -> None:
    three = recipe(variants=3, authentic=1.0)
    samples = [some(three.sample(index)) for index in range(6)]
    assert [sample.facts["source"] for sample in samples] == [f"document-{n:09d}" for n in (0, 0, 0, 1, 1, 1)]
    assert len({(sample.facts["family"], sample.facts["template"]) for sample in samples[:3]}) == 1
    assert len({sample.image for sample in samples}) == 6


def metadata(sample: Sample, digest: str) -> str:
    """Everything in the file but pixels and tables, without what tells one recipe from another."""
    with Image.open(io.BytesIO(sample.image)) as image:
        words = {name: str(value) for name, value in image.info.items() if name != "exif"}
        return str((image.format, image.mode, words, dict(image.getexif()))).replace(digest[:16], "recipe")


def test_forged_and_authentic_differ_in_nothing_but_pixels() -> None:
    """The same pages, once all forged and once all authentic: same names, formats, tables, sizes and words."""
    forged, authentic = recipe(authentic=0.0), recipe(authentic=1.0)
    for index in range(6):
        one, other = some(forged.sample(index)), some(authentic.sample(index))
        assert one.facts["kind"] != "authentic"
        assert (one.name, one.facts["post"], one.facts["format"]) == (
            other.name,
            other.facts["post"],
            other.facts["format"],
        )
        if one.facts["post"] != "crop":
            assert (one.facts["width"], one.facts["height"]) == (other.facts["width"], other.facts["height"])
        assert metadata(one, forged.digest) == metadata(other, authentic.digest)
        with Image.open(io.BytesIO(one.image)) as a, Image.open(io.BytesIO(other.image)) as b:
            assert getattr(a, "quantization", None) == getattr(b, "quantization", None)


def test_both_are_saved_again_as_often() -> None:
    from tiltyard.forensics.making.finished import ONCE, sent_on, unchanged
    from tiltyard.forensics.making.stages import Stage, chance

    change = unchanged(np.full((64, 64, 3), 200, np.uint8))
    first = Saving("jpeg", (3,) * 64, (5,) * 64, maker="camera")
    savings = [
        sent_on(change, first, chance(0, index, Stage.SAVE), chance(0, index, Stage.POST), long_side=64).saving
        for index in range(400)
    ]
    assert abs(np.mean([saving == first for saving in savings]) - ONCE) < 0.08
    assert Counter(saving.format for saving in savings)["png"] > 10


def test_a_recipe_names_what_it_does_not_know() -> None:
    for changes, reason in [
        ({"families": ["poem"]}, "family 'poem' is not known"), ({"kinds": ["magic"]}, "kind 'magic' is not known"),
        ({"scripts": ["runes"]}, "script 'runes' is not known"), ({"long_side": 20}, "long side 20"),
        ({"authentic": 1.5}, "authentic share"), ({"count": 0}, "count 0"), ({"variants": 0}, "0 variants"),
    ]:  # fmt: skip
        with pytest.raises(TiltyardError, match=reason):
            recipe(**changes)


def test_chinese_without_fonts_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from tiltyard.forensics.documents import fonts

    monkeypatch.setattr(fonts, "has_chinese", lambda: False)
    with pytest.raises(TiltyardError, match=r"apt-get install .*--scripts latin"):
        recipe(scripts=SCRIPTS)
    assert recipe().count == 1000


def test_only_the_wanted_kinds_and_families_come() -> None:
    one = recipe(families=["invoice"], kinds=["splice"], authentic=0.0)
    samples = [sample for index in range(4) if (sample := one.sample(index)) is not None]
    assert {(sample.facts["family"], sample.facts["kind"]) for sample in samples} == {("invoice", "splice")}


def test_a_page_without_a_place_for_the_kinds_gives_no_sample() -> None:
    assert recipe(families=["invoice"], kinds=["portrait_exchange"], authentic=0.0).sample(0) is None


def test_authentic_documents_are_of_the_families_that_can_be_forged() -> None:
    chosen = recipe(families=["invoice", "passport_page"], kinds=["portrait_exchange"], authentic=1.0)
    families = {sample.facts["family"] for index in range(8) if (sample := chosen.sample(index))}
    assert families == {"passport_page"}


def test_a_donor_is_drawn_only_where_it_is_looked_at() -> None:
    looked: list[int] = []

    def make() -> Picture:
        looked.append(1)
        return Picture(np.zeros((20, 30, 3), np.uint8), source="donor")

    late = LatePicture(make)
    assert not looked
    assert (late.size, late.source, late.lines, late.portraits, late.saved) == ((30, 20), "donor", (), (), Saving())
    assert late.moved(late.pixels, np.eye(3)).source == "donor"
    assert replace(late, source="other").source == "other"
    assert looked == [1]


def test_a_recipe_can_be_sent_to_another_process() -> None:
    import pickle

    sent = pickle.loads(pickle.dumps(recipe()))
    assert sent == recipe()
    assert hash(sent) == hash(recipe())
    assert replace(sent, seed=9) != sent


def test_a_page_with_a_portrait_gets_a_donor_with_one() -> None:
    assert all(donor(recipe(), index, "passport_page", alike=True).portraits for index in range(6))
