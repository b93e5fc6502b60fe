"""A reader that goes away early, as `head` does: the command ends silently, as programs do that SIGPIPE ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tiltyard.cli.exits import UNREAD

BOARD = """
import sys
import threading
from tiltyard.cli import display, main
from tiltyard.cli import evaluations

def board(lines: int, thread: bool = False):
    def work():
        for number in range(lines):
            display.show(f"line {number}")

    if thread:
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    else:
        work()

evaluations.board = board
sys.argv[1:] = sys.argv[2:]
main()
"""


@pytest.fixture(autouse=True, params=["", "1"], ids=["buffered", "unbuffered"])
def unbuffered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether Python hands on every piece that is written at once."""
    monkeypatch.setenv("PYTHONUNBUFFERED", request.param)


def ended(command: list[str], *, lines: int, together: bool = False) -> tuple[int, bytes]:
    """How a command ends, and what it says on standard error, whose reader closes the pipe after some lines."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT if together else subprocess.PIPE
    )
    assert process.stdout
    for _ in range(lines):
        assert process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read() if process.stderr else b""
    return process.wait(60), said


def tiltyard(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tiltyard", *arguments]


def board(*arguments: str) -> list[str]:
    """A board of a hundred thousand lines, or of as many as are named."""
    return [sys.executable, "-c", BOARD, "tiltyard", "board", *(arguments or ["100000"])]


@pytest.mark.parametrize("arguments", [["--help"], ["tracks"], ["run", "--help"], ["--version"]])
@pytest.mark.parametrize("together", [False, True])
def test_nobody_reads_at_all(arguments: list[str], together: bool) -> None:
    assert ended(tiltyard(*arguments), lines=0, together=together) == (UNREAD, b"")


@pytest.mark.parametrize("together", [False, True])
def test_only_the_head_is_read(together: bool) -> None:
    assert ended(board(), lines=1, together=together) == (UNREAD, b"")


@pytest.mark.parametrize("together", [False, True])
def test_only_the_head_is_read_of_what_a_thread_writes(together: bool) -> None:
    assert ended(board("100000", "--thread"), lines=1, together=together) == (UNREAD, b"")


def test_all_arrives_that_a_thread_writes() -> None:
    assert ended(board("3", "--thread"), lines=3) == (0, b"")


def test_what_is_written_at_the_very_end_is_unread_too() -> None:
    assert ended(board("1"), lines=0) == (UNREAD, b"")


def test_an_error_that_nobody_reads_ends_silently() -> None:
    assert ended(tiltyard("verify", "/nowhere"), lines=0, together=True) == (UNREAD, b"")


def test_an_error_is_told_and_its_code_kept_where_standard_output_was_not_needed() -> None:
    code, said = ended(tiltyard("verify", "/nowhere"), lines=0)
    assert code == 2
    assert said == b"tiltyard: /nowhere: holds no evaluation\n"


def test_all_arrives_where_all_is_read() -> None:
    done = subprocess.run(board("20000"), capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == [f"line {number}" for number in range(20_000)]


@pytest.mark.parametrize("code", ["utf-8", "ascii"])
def test_the_encoding_of_the_environment_is_kept(tmp_path: Path, code: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": f"{code}:backslashreplace"}
    script = "import sys; from tiltyard.cli.pipes import watched\nwith watched(): print('é ─')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=environment)
    assert done.stdout == "é ─\n".encode(code, "backslashreplace")


@pytest.mark.parametrize("closed", ["", "2"])
def test_closed_streams_are_no_fault(closed: str) -> None:
    done = subprocess.run(["sh", "-c", f'"{sys.executable}" -m tiltyard --version {closed}>&-'], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
