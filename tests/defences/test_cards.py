"""Model cards: measured from the files, keeping what only training knows."""

import shutil
from pathlib import Path

import pytest
import torch

from tiltyard.defences.cards import described_training, write_card, write_cards
from tiltyard.defences.pool import load_pool
from tiltyard.defences.recipes import find_recipe
from tiltyard.errors import ReferenceFailed
from tiltyard.vision.data import digits

POOL = load_pool("digits", items=20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for model in ("undefended", "pgd_at"):
        for kind in ("safetensors", "md"):
            shutil.copy(POOL.folder / "digits" / f"{model}.{kind}", tmp_path)
    return tmp_path


def lines(path: Path) -> dict[str, str]:
    found = (line.removeprefix("- ").partition(": ") for line in path.read_text(encoding="utf-8").splitlines())
    return {key: value for key, _, value in found}


def test_a_card_that_is_measured_again_keeps_what_training_knew(folder: Path) -> None:
    before = lines(folder / "undefended.md")
    path = write_card(POOL, POOL.model("undefended"), folder, POOL.images("digits"), attacks=("pgd",))
    after = lines(path)
    assert (after["data"], after["training"]) == (before["data"], before["training"])
    assert "clean accuracy on 20 test images" in after
    assert float(after["robust accuracy under pgd (100 gradients, 200 forwards an image, 20 images)"]) < 0.5


def test_figures_come_from_the_weights_that_lie_there(folder: Path) -> None:
    shutil.copy(folder / "pgd_at.safetensors", folder / "undefended.safetensors")
    found = write_card(POOL, POOL.model("undefended"), folder, POOL.images("digits"), attacks=("baseline",))
    assert float(lines(found)["accuracy under the contest's PGD-10 baseline"]) > 0.5


def test_a_card_without_images_says_how_to_measure(folder: Path) -> None:
    found = lines(write_card(POOL, POOL.model("undefended"), folder, None))
    assert found["accuracy"] == "not measured; `tiltyard defences card digits --files IMAGES` does"
    assert not any(key.startswith("robust") for key in found)


def test_chosen_models_are_measured_in_order(folder: Path) -> None:
    done: list[str] = []
    cards = write_cards(
        "digits", folder, models=["pgd_at", "undefended"], attacks=("baseline",),
        progress=lambda name, *_: done.append(name),
    )  # fmt: skip
    assert [path.name for path in cards] == ["pgd_at.md", "undefended.md"]
    assert list(dict.fromkeys(done)) == ["pgd_at baseline", "undefended baseline"]


def test_an_unknown_attack_is_refused_before_a_card_is_touched(folder: Path) -> None:
    before = (folder / "undefended.md").read_bytes()
    with pytest.raises(ReferenceFailed, match="no attack named 'unheard'"):
        list(write_cards("digits", folder, models=["undefended"], attacks=("unheard",)))
    assert (folder / "undefended.md").read_bytes() == before


def test_the_line_about_training_tells_images_time_and_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    found = described_training(
        "cifar10", digits("train").first(400), find_recipe("cifar10", "awp"), [{"seconds": 90.0}, {"seconds": 30.0}]
    )
    assert found["training"].startswith("2.0 minutes on 3 of 8 cores (")
    assert found["data"] == "CIFAR-10 (Krizhevsky 2009), 100 training images; 300 others chose the epoch"
