"""`tiltyard defences train` and `card` as a user calls them."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tiltyard.defences.pool import load_pool

MODEL = ("--model", "undefended", "--attack", "baseline")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tiltyard", "defences", *map(str, arguments)]


def tiltyard(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_training_stops_at_its_minutes_and_goes_on(tmp_path: Path) -> None:
    first = tiltyard("train", "digits", *MODEL, "--minutes", 0.01, cwd=tmp_path)
    assert first.returncode == 2
    begun, *_, last = first.stderr.splitlines()
    assert begun.startswith("undefended: 0 of ")
    assert "run it again" in last
    done = tiltyard("train", "digits", *MODEL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {path.suffix for path in (tmp_path / "trained").iterdir()} == {".safetensors", ".csv", ".md"}


def test_an_interrupted_training_says_how_to_go_on(tmp_path: Path) -> None:
    running = subprocess.Popen(
        command("train", "digits", "--model", "pgd_at"), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    checkpoint = tmp_path / "trained" / "pgd_at.checkpoint.pt"
    while not checkpoint.is_file():
        assert running.poll() is None, running.communicate()[1]
    running.send_signal(signal.SIGINT)
    assert "the same command goes on" in running.communicate()[1]
    assert running.returncode == 130
    assert checkpoint.is_file()


def test_a_card_is_written_anew(tmp_path: Path) -> None:
    shipped = load_pool("digits").folder / "digits"
    shutil.copy(shipped / "undefended.safetensors", tmp_path)
    done = tiltyard("card", "digits", *MODEL, "--out", tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "undefended.md")]
    written, before = (place / "undefended.md" for place in (tmp_path, shipped))
    clean = "- clean accuracy on 500 test images: "
    figures = [
        next(line for line in card.read_text().splitlines() if line.startswith(clean)) for card in (written, before)
    ]
    assert float(figures[0].removeprefix(clean)) == pytest.approx(float(figures[1].removeprefix(clean)), abs=0.0051)


def test_a_card_of_what_is_not_trained_yet_says_how_it_is_trained(tmp_path: Path) -> None:
    (tmp_path / "trained").mkdir()
    (tmp_path / "trained" / "pgd_at.safetensors").touch()
    done = tiltyard("card", "digits", "--out", "trained", cwd=tmp_path)
    cure = "train it first (tiltyard defences train digits --model undefended --out trained), or --model pgd_at"
    assert done.returncode == 2
    assert done.stderr == f"tiltyard: trained/undefended.safetensors: no such file: {cure}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "cvpr2021"], "no recipes for pool 'cvpr2021'"),
        (["card", "cifar10", "--attack", "baseline"], "(--files)"),
    ],
)
def test_what_is_missing_is_said_in_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = tiltyard(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
