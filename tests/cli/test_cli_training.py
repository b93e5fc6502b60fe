"""What `tiltyard forensics train` shows before and while it works."""

import io
import re
from contextlib import redirect_stderr

import pytest
from typer.testing import CliRunner

from tiltyard.cli.app import app
from tiltyard.cli.forensics.bars import training_bars
from tiltyard.cli.forge.bar import samples_bar
from tiltyard.forensics.documents import fonts

LINE = {"loss": 0.31, "auc": 0.82, "found": 0.2}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_one_bar_at_a_time_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with redirect_stderr(Terminal()) as terminal, training_bars() as shown:
        shown.making(3, 10)
        shown.making(2, 4)
        shown.told(0.0, {})
        shown.told(0.5, LINE)
    *before, last = terminal.getvalue().split("\x1b[2K")
    assert any("material" in frame for frame in before)
    assert "training" in last
    assert "loss 0.310, AUC 0.820, found 0.200" in last
    assert "material" not in last


def test_where_there_is_no_terminal_training_alone_tells_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with training_bars() as shown:
        shown.making(3, 10)
        shown.told(0.0, {})
        shown.told(0.5, LINE)
    assert capsys.readouterr().err == "0% training begins\n50% loss 0.310, AUC 0.820, found 0.200\n"


@pytest.mark.parametrize(("documents", "lines"), [(40, 1), (0, 0)])
def test_without_chinese_fonts_it_says_that_all_is_latin(
    documents: int, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", dict)
    refused = ["--device", "tpu", "--out", "nowhere"]
    done = CliRunner().invoke(app, ["forensics", "train", "--documents", str(documents), *refused])
    told = "tiltyard: Chinese fonts are missing, all documents are Latin: apt-get install fonts-"
    assert done.stderr.count(told) == lines
    assert done.stderr.count("\n") == lines


def test_where_one_file_takes_minutes_the_bar_of_files_tells_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with redirect_stderr(Terminal()) as terminal, samples_bar("files") as bar:
        bar(0, 1)
    assert re.search(r"files .*0/1.*0:00:0\d", terminal.getvalue())
