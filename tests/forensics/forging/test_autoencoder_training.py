"""Training the auto-encoder: exact resumption, a bound in time, what is left behind, and what errors say."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from toy_retouched import page

from tiltyard.errors import TiltyardError
from tiltyard.forensics.forging.autoencoder import with_weights
from tiltyard.forensics.forging.autoencoder_card import held_out_psnr
from tiltyard.forensics.forging.autoencoder_training import Schedule, train
from tiltyard.forensics.picture import Pixels

PAGES = [page(seed, width=150, height=140, portraits=0, lines=2).pixels for seed in range(5)]
SHORT = Schedule(steps=12, batch=2, crop=32, every=3)


def trained(out: Path, *, minutes: float = 5, seed: int = 0, pages: list[Pixels] = PAGES[:4], pause: float = 0) -> Path:
    return train(
        pages, PAGES[4:], out, origin="toy pages", minutes=minutes, seed=seed, schedule=SHORT,
        progress=lambda *_: time.sleep(pause),
    )  # fmt: skip


def slowly(out: Path) -> None:
    trained(out, pause=0.5)


def interrupt(*_: int) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("whole"))


def test_a_killed_training_ends_with_the_same_weights(whole: Path, tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=slowly, args=(tmp_path,))
    process.start()
    checkpoint = tmp_path / "autoencoder.checkpoint.pt"
    deadline = time.monotonic() + 60
    while not checkpoint.is_file() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert checkpoint.is_file()
    assert not (tmp_path / "autoencoder.safetensors").exists()
    assert trained(tmp_path).read_bytes() == whole.read_bytes()
    assert not checkpoint.exists()


def test_another_seed_gives_other_weights(whole: Path, tmp_path: Path) -> None:
    assert trained(tmp_path, seed=1).read_bytes() != whole.read_bytes()


def test_when_time_is_over_it_says_how_far_it_came_and_goes_on_later(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(TiltyardError, match=r"time is over after step 3 of 12; run it again to go on"):
        train(
            PAGES[:4], PAGES[4:], tmp_path, origin="toy pages", minutes=0.02, schedule=SHORT,
            progress=lambda *_: time.sleep(1.3),
        )  # fmt: skip
    assert trained(tmp_path).read_bytes() == whole.read_bytes()


def test_a_checkpoint_of_other_pages_is_refused_and_ignored_without_resume(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(PAGES[:3], PAGES[4:], tmp_path, origin="toy pages", minutes=5, schedule=SHORT, progress=interrupt)
    with pytest.raises(TiltyardError, match="another seed, schedule or pages; name another folder with --out"):
        trained(tmp_path)
    fresh = train(PAGES[:4], PAGES[4:], tmp_path, origin="toy pages", minutes=5, schedule=SHORT, resume=False)
    assert fresh.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"no checkpoint"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "autoencoder.checkpoint.pt").write_bytes(content)
    with pytest.raises(TiltyardError, match=r"autoencoder\.checkpoint\.pt: is no readable checkpoint; delete it"):
        trained(tmp_path)


def test_it_leaves_a_card_and_a_curve_with_what_was_measured(whole: Path) -> None:
    card = whole.with_suffix(".md").read_text(encoding="utf-8")
    assert "4 pages: toy pages" in card
    assert "12 steps of 2 crops" in card
    assert f"{held_out_psnr(with_weights(whole), PAGES[4:]):.2f} dB" in card
    lines = whole.with_suffix(".csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "step,loss,held_out_psnr,seconds"
    assert [line.split(",")[0] for line in lines[1:]] == ["3", "6", "9", "12"]
    assert whole.with_suffix(".svg").read_text(encoding="utf-8").startswith("<?xml")


def test_pages_smaller_than_a_crop_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TiltyardError, match="at least 32 pixels"):
        trained(tmp_path, pages=[np.zeros((31, 64, 3), np.uint8)])
    with pytest.raises(TiltyardError, match="at least 32 pixels"):
        trained(tmp_path, pages=[])


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    weights = train(
        PAGES[:4], PAGES[4:], tmp_path, origin="toy pages", minutes=5, schedule=Schedule(60, batch=4, crop=32, every=15)
    )
    losses = [float(line.split(",")[1]) for line in weights.with_suffix(".csv").read_text().splitlines()[1:]]
    assert losses[-1] < 0.9 * losses[0]
