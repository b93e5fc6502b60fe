"""The forensic half of `tiltyard demo`, on fewer documents."""

from pathlib import Path

import pytest

from tiltyard.cli.demo import forensic
from tiltyard.contest.verify import verify


def test_documents_are_forged_and_both_contests_ranked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("faker", reason="the demo's documents need the extra `documents`")
    monkeypatch.setattr(forensic, "COUNT", 2)
    out = tmp_path / "forensics"
    forensic.forensic_contests(out)
    told = capsys.readouterr().out
    assert all(told.count(f"\n{name}") >= 2 for name in ("error_level", "copy_move", "nothing"))
    assert all((out / name).is_file() for name in ("sheet.png", "forgery.html", "credential.html"))
    for track in ("forgery", "credential"):
        assert (out / f"{track}-nothing" / "report.html").is_file()
        assert not verify(out / f"{track}-error_level")


def test_what_is_missing_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forensic, "NEEDED", ("no_such_package",))
    forensic.forensic_contests(tmp_path / "forensics")
    assert capsys.readouterr().out.strip().splitlines() == [
        "no forged documents without no_such_package: pip install 'tiltyard[documents]'"
    ]
    assert not (tmp_path / "forensics").exists()
