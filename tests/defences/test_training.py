"""Training: exact resumption, what is kept between calls, and what errors say."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tiltyard.defences import recipes
from tiltyard.defences.pool import load_pool
from tiltyard.defences.recipes import Recipe, falling, find_recipe, one_cycle
from tiltyard.defences.training import train_model, train_pool, training_images
from tiltyard.errors import TiltyardError
from tiltyard.vision.data import LabelledImages, digits

POOL = load_pool("digits")
DATA = digits("train").first(96)


def short(name: str, **changes: object) -> Recipe:
    return replace(find_recipe("digits", name), epochs=3, **changes)  # type: ignore[arg-type]


def weights_of(recipe: Recipe, out: Path, *, data: LabelledImages = DATA, seed: int = 0, stop_after: int = -1) -> bytes:
    """Trains to the end, or as far as a user lets it; the bytes of the file."""

    def stop(name: str, done: float, total: int) -> None:
        if done == stop_after:
            raise KeyboardInterrupt

    out.mkdir(exist_ok=True)
    train_model(POOL, recipe, data, out, seed=seed, deadline=time.monotonic() + 60, progress=stop)
    return (out / f"{recipe.name}.safetensors").read_bytes()


@pytest.mark.parametrize(
    "recipe",
    [
        short("undefended"),
        short("awp", held_out=32, augment=True, schedule=one_cycle),
        short("random_noise"),
    ],
    ids=["plain", "averaged weights under weight perturbation", "randomised network"],
)
def test_an_interrupted_training_ends_with_the_same_bytes(tmp_path: Path, recipe: Recipe) -> None:
    whole = weights_of(recipe, tmp_path / "whole")
    for after in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            weights_of(recipe, tmp_path / "parts", stop_after=after)
        torch.rand(after)  # whatever else happens in the process
    assert weights_of(recipe, tmp_path / "parts") == whole
    lines = [(tmp_path / place / f"{recipe.name}.csv").read_text().splitlines() for place in ("whole", "parts")]
    without_seconds = [[line.rpartition(",")[0] for line in found] for found in lines]
    assert without_seconds[0] == without_seconds[1]


@pytest.mark.parametrize("stop_after", [0.5, 1.5], ids=["in the first epoch", "in the second"])
def test_time_that_is_over_in_an_epoch_costs_only_that_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: float
) -> None:
    recipe, clock = short("random_noise", batch_size=24), [0.0]
    whole = weights_of(recipe, tmp_path / "whole")
    (tmp_path / "parts").mkdir()
    monkeypatch.setattr("tiltyard.defences.training.time.monotonic", lambda: clock[0])

    def late(name: str, done: float, total: int) -> None:
        clock[0] = 2.0 * (done >= stop_after)

    message = rf"in epoch {int(stop_after) + 1} of 3, which is done again; run it again"
    with pytest.raises(TiltyardError, match=message) as told:
        train_model(POOL, recipe, DATA, tmp_path / "parts", seed=0, deadline=1.0, progress=late)
    assert ("with more minutes" in str(told.value)) == (stop_after < 1)
    monkeypatch.undo()
    assert weights_of(recipe, tmp_path / "parts") == whole


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    recipe = short("undefended")
    assert weights_of(recipe, tmp_path / "a") != weights_of(recipe, tmp_path / "b", seed=1)


@pytest.mark.parametrize("other", [{"seed": 1}, {"data": digits("train").first(80)}], ids=["seed", "images"])
def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path, other: dict[str, object]) -> None:
    recipe = short("undefended")
    with pytest.raises(KeyboardInterrupt):
        weights_of(recipe, tmp_path, stop_after=1)
    with pytest.raises(TiltyardError, match=r"another recipe, seed or data; name another folder with --out"):
        weights_of(recipe, tmp_path, **other)  # type: ignore[arg-type]


def test_the_epoch_that_held_out_images_prefer_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter([{"clean": 1.0, "baseline": value} for value in (0.1, 0.9, 0.3)])
    monkeypatch.setattr("tiltyard.defences.training.accuracies", lambda *_: next(found))
    best = weights_of(short("undefended", held_out=32), tmp_path / "best")
    found = iter([{"clean": 1.0, "baseline": 0.1}] * 2)
    second = replace(short("undefended", held_out=32, schedule=lambda done, _: falling(done, 3)), epochs=2)
    assert weights_of(second, tmp_path / "second") == best


def test_a_model_that_starts_from_another_begins_with_its_weights(tmp_path: Path) -> None:
    still = short("undefended", start="pgd_at", learning_rate=0.0, weight_decay=0.0)
    weights_of(still, tmp_path)
    network = POOL.classifier(POOL.model("pgd_at")).module.state_dict()
    found = load_file(tmp_path / "undefended.safetensors")
    assert all(torch.equal(found[name], tensor) for name, tensor in network.items())


def test_a_pool_is_trained_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(recipes.RECIPES["digits"], "undefended", short("undefended"))
    seen: list[float] = []

    def train() -> list[Path]:
        models, count = ["undefended"], lambda _, done, __: seen.append(done)
        return train_pool("digits", tmp_path, models=models, attacks=("baseline",), progress=count)

    [weights] = train()
    assert train() == [weights]
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert {1, 2, 3} < set(seen)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "undefended.csv", "undefended.md", "undefended.safetensors",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "digits", "models": ["nobody"]}, "no recipe for 'nobody': it has undefended"),
        ({"name": "cvpr2021"}, "no recipes for pool 'cvpr2021': there are some for digits, cifar10"),
        ({"name": "cifar10"}, "no training images for pool cifar10: name some with --data"),
        ({"name": "digits", "attacks": ("unheard",)}, "no attack named 'unheard'"),
    ],
)
def test_what_cannot_be_trained_is_said_before_anything_is_written(
    tmp_path: Path, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(TiltyardError, match=message):
        train_pool(out=tmp_path / "out", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_training_images_are_the_half_that_is_not_measured_on() -> None:
    assert set(training_images("digits", None).names).isdisjoint(digits("test").names)


def test_schedules_end_at_zero_and_peak_at_one() -> None:
    assert [falling(done, 4) for done in (0, 0.9, 1, 3.5)] == [1, 1, 0.75, 0.25]
    assert [one_cycle(done, 8) for done in (0, 1, 2, 5, 8)] == pytest.approx([0, 0.5, 1, 0.5, 0])
