"""`tiltyard demo` as a newcomer calls it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tiltyard.cli.demo import forensic
from tiltyard.contest.verify import verify

TRACKS = ("forgery", "forgery-maps", "credential")


def demo(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tiltyard", "demo", "--out", "demo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_demo_prints_boards_and_leaves_reports_that_verify(tmp_path: Path, jail: None) -> None:
    done = demo(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the jail works" in done.stdout
    assert "over budget" in done.stdout
    out = tmp_path / "demo"
    pages = ("board.html", "forensics/sheet.png", *(f"forensics/{name}.html" for name in TRACKS))
    assert all((out / page).is_file() for page in pages)
    assert all(done.stdout.count(f"\n{name}") == len(TRACKS) for name in ("error_level", "copy_move", "nothing"))
    for run in ("run-starter", "run-greedy", "forensics/forgery-error_level", "forensics/credential-nothing"):
        assert (out / run / "report.html").is_file()
        assert not verify(out / run)


def test_demo_does_not_delete_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "precious").touch()
    assert demo(tmp_path).returncode == 2
    assert (tmp_path / "demo" / "precious").is_file()


def test_what_is_missing_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forensic, "NEEDED", ("no_such_package",))
    forensic.forensic_contests(tmp_path / "forensics")
    assert capsys.readouterr().out.strip().splitlines() == [
        "no forged documents without no_such_package: pip install 'tiltyard[documents]'"
    ]
    assert not (tmp_path / "forensics").exists()
