"""A whole training run as the command does it, and the weights it leaves."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from tiltyard.cli.app import app
from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.card import Facts, write_card
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.run import Order
from tiltyard.forensics.locating.sets import NEVER_TRAINED_ON, trained_on
from tiltyard.forensics.locating.weights import SHIPPED, named_weights, shipped, with_weights


@pytest.fixture(scope="module")
def trained(documents: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of some seconds."""
    out, aside = tmp_path_factory.mktemp("trained"), tmp_path_factory.mktemp("sets") / "aside"
    shutil.copytree(documents, aside)
    options = ["--documents", "0", "--set", str(documents), "--aside", str(aside), "--minutes", "0.05"]
    done = CliRunner().invoke(app, ["forensics", "train", *options, "--out", str(out), "--threads", "1", "--jobs", "1"])
    assert done.exit_code == 0, done.output
    return out


def test_a_run_leaves_weights_curve_and_card(trained: Path) -> None:
    network, rule = with_weights(trained / "locator.safetensors")
    assert isinstance(network, Locator)
    assert rule.edge < rule.peak
    with (trained / "locator.csv").open() as file:
        assert float(list(csv.DictReader(file))[-1]["seen"]) > 0
    assert "<svg" in (trained / "locator.svg").read_text()
    card = (trained / "locator.md").read_text()
    count = str(sum(parameter.numel() for parameter in network.parameters()))
    for told in ("random weights", count, "never trained on", "| aside |"):
        assert told in card


def test_the_card_tells_of_twins_and_names_pictures_without_a_manifest(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    facts = Facts({"rendered": 7}, 3, (tmp_path / "mine",), "", 0, 1, "cpu")
    (tmp_path / "locator.safetensors").write_bytes((trained / "locator.safetensors").read_bytes())
    line = {"minutes": 0.25, "seen": 12.0}
    card = write_card(tmp_path / "locator.safetensors", {}, [line], facts).read_text()
    for told in (
        "7 of rendered; 3 of them also as nobody forged them",
        "mine (the user's, no manifest",
        "0.25 minutes",
    ):
        assert told in card


def test_few_authentic_pictures_of_those_kept_aside_are_flagged(trained: Path) -> None:
    row = next(line for line in (trained / "locator.md").read_text().splitlines() if line.startswith("| aside |"))
    assert row.split("|")[-2].strip() == "0.0%"


def test_what_ships_is_small_and_finite() -> None:
    network, rule = shipped()
    assert SHIPPED.stat().st_size < 10_000_000
    assert rule.edge < rule.peak
    assert all(torch.isfinite(parameter).all() for parameter in network.parameters())


def test_families_that_measure_are_never_trained_on() -> None:
    assert not set(trained_on()) & set(NEVER_TRAINED_ON)
    card = SHIPPED.with_suffix(".md").read_text()
    assert ", ".join(NEVER_TRAINED_ON) in card


@pytest.mark.parametrize("content", [b"", b"no weights", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_file_that_holds_no_weights_is_named(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "bad.safetensors"
    place.write_bytes(content)
    with pytest.raises(TiltyardError, match="holds no weights of this locator"):
        with_weights(place)


def test_weights_of_another_network_are_named(tmp_path: Path) -> None:
    place = tmp_path / "older.safetensors"
    rule = json.dumps({"peak": 3.0, "edge": 0.0, "slope": 1.0})
    save_file({"forged.bias": torch.zeros(1)}, place, metadata={"rule": rule})
    with pytest.raises(TiltyardError, match="holds no weights of this locator"):
        with_weights(place)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--documents", "0"], "nothing to train on"),
        (["--device", "tpu"], "write cpu or cuda"),
        (["--documents", "0", "--set", "nowhere"], "holds no part of a set"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(tmp_path: Path, options: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["forensics", "train", *options, "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, TiltyardError)
    assert told in str(done.exception)


def test_the_packages_own_weights_are_named_by_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[Order] = []
    monkeypatch.chdir(tmp_path)

    def carry_out(order: Order, *_: object, **__: object) -> Path:
        orders.append(order)
        return SHIPPED

    monkeypatch.setattr("tiltyard.forensics.locating.run.carry_out", carry_out)
    for start in ("shipped", "mine.safetensors"):
        done = CliRunner().invoke(app, ["forensics", "train", "--start", start, "--documents", "0", "--out", "out"])
        assert done.exit_code == 0, done.output
    (tmp_path / "shipped").touch()
    assert [order.start for order in orders] == [SHIPPED, Path("mine.safetensors")]
    assert named_weights(Path("shipped")) == Path("shipped")


def test_what_is_kept_aside_is_never_trained_on(documents: Path, tmp_path: Path) -> None:
    options = ["--documents", "0", "--set", str(documents), "--aside", str(documents), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["forensics", "train", *options])
    assert "kept aside is never trained on" in str(done.exception)


def test_a_set_called_like_one_that_is_made_is_refused_before_anything_is_made(documents: Path, tmp_path: Path) -> None:
    aside = tmp_path / "rendered-aside"
    shutil.copytree(documents, aside)
    options = ["--documents", "20", "--aside", str(aside), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["forensics", "train", *options, "--jobs", "1"])
    assert "two sets are called rendered-aside" in str(done.exception)
    assert not list((tmp_path / "out").glob("sets/*"))


def test_an_aside_set_without_authentic_pictures_is_refused_before_training(documents: Path, tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    shutil.copytree(documents, aside)
    for table in aside.glob("part-*/samples.csv"):
        table.write_text(table.read_text().replace(",authentic,", ",splice,"))
    options = ["--documents", "0", "--set", str(documents), "--aside", str(aside), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["forensics", "train", *options, "--jobs", "1"])
    assert "holds 0 authentic" in str(done.exception)
    assert not (tmp_path / "out" / "locator.checkpoint.pt").exists()
