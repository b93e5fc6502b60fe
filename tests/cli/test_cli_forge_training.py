"""`tiltyard forge train` as a user calls it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tiltyard.cli.app import app
from tiltyard.cli.exits import INTERRUPTED
from tiltyard.errors import TiltyardError

RUN = CliRunner()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(9):
        pixels = np.random.default_rng(number).integers(0, 256, (130, 140, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def arguments(images: Path, out: Path, *, minutes: float = 5) -> list[str]:
    return [
        "forge", "train", "--images", str(images), "--pages", "0", "--steps", "2", "--out", str(out),
        "--minutes", str(minutes),
    ]  # fmt: skip


def test_it_trains_on_a_folder_and_leaves_weights_curve_and_card(images: Path, tmp_path: Path) -> None:
    done = RUN.invoke(app, arguments(images, tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert "step 2 of 2" in done.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"autoencoder.{suffix}" for suffix in ("safetensors", "md", "csv", "svg")}
    assert "9 pictures of the user's" in (tmp_path / "out" / "autoencoder.md").read_text(encoding="utf-8")


def test_time_that_is_over_is_one_line(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiltyard.forensics.forging.autoencoder_training.time.monotonic", iter((0, 1000)).__next__)
    done = RUN.invoke(app, arguments(images, tmp_path / "out"))
    assert isinstance(done.exception, TiltyardError)
    assert str(done.exception) == "time is over after step 0 of 2; run it again to go on"


def test_an_interrupted_training_says_how_to_go_on(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tiltyard.cli.forge_training._say", interrupt)
    done = RUN.invoke(app, arguments(images, tmp_path / "out"))
    assert done.exit_code == INTERRUPTED
    assert "goes on from the last checkpoint" in done.output
