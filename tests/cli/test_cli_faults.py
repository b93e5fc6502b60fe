"""What the system refuses, and what was called wrongly: one line with the place and the cure, and exit code 2."""

import errno
import os
import resource
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tiltyard.cli.display import check_writable
from tiltyard.cli.exits import BAD_INPUT, BROKEN
from tiltyard.cli.faults import told
from tiltyard.errors import TiltyardError


def tiltyard(*arguments: str, cwd: Path, largest: int | None = None) -> subprocess.CompletedProcess[str]:
    """Called where no file may be larger than so many bytes."""
    command = [sys.executable, "-m", "tiltyard", *arguments]
    limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))) if largest else None
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, preexec_fn=limit)


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.ENOSPC, "No space left on device: free some space, or name another place"),
        (errno.EROFS, "Read-only file system: name another place"),
        (errno.EACCES, "Permission denied: change its permissions, or name another place"),
        (errno.ENOTDIR, "Not a directory: name a folder"),
    ],
)
def test_what_the_system_refuses_is_told_with_its_place_and_cure(number: int, cure: str) -> None:
    assert told(OSError(number, os.strerror(number), "runs/a")) == (f"runs/a: {cure}", BAD_INPUT)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 22592 vs 22480"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
    ids=["python", "torch", "rust"],
)
def test_a_full_disk_is_found_among_the_places_of_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("sys.argv", ["tiltyard", "attack", f"--html={tmp_path}/new/report.html"])
    monkeypatch.setattr("tiltyard.cli.faults._is_full", lambda folder: folder == tmp_path)
    message, code = told(error)
    assert message == f"{tmp_path}: No space left on device: free some space, or name another place"
    assert code == BAD_INPUT


@pytest.mark.parametrize(
    ("error", "words", "code"),
    [
        (
            socket.gaierror(-2, "Name or service not known"),
            "gaierror: [Errno -2] Name or service not known (",
            BAD_INPUT,
        ),
        (ssl.SSLCertVerificationError(1, "no certificate"), "SSLCertVerificationError: ", BAD_INPUT),
        (
            RuntimeError("unexpected pos 4 vs 2, says a model"),
            "RuntimeError: unexpected pos 4 vs 2, says a model",
            BROKEN,
        ),
        (
            RuntimeError('I/O error: No such file or directory (os error 2) at path "a/b"'),
            'I/O error: No such file or directory (os error 2) at path "a/b": name what is there',
            BAD_INPUT,
        ),
    ],
    ids=["name", "certificate", "torch", "rust"],
)
def test_what_was_said_is_kept_and_no_false_cure_is_named(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str, code: int
) -> None:
    monkeypatch.setattr("tiltyard.cli.faults._is_full", lambda folder: False)
    message, found = told(error)
    assert message.startswith(words)
    assert found == code


def test_a_full_disk_is_told_though_no_folder_can_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: Path) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr("os.statvfs", refuse)
    assert told(OSError(errno.ENOSPC, "No space left on device"))[0].startswith("No space left on device: free some")


def test_a_fault_of_ours_says_how_it_is_reported() -> None:
    assert told(KeyError("x")) == ("KeyError: 'x' (tiltyard --debug … shows where)", BROKEN)


def test_a_verb_that_meets_a_full_disk_ends_with_one_line(tmp_path: Path) -> None:
    done = tiltyard("tracks", "--json", "/dev/full", cwd=tmp_path)
    assert done.returncode == BAD_INPUT
    assert done.stderr.endswith("No space left on device: free some space, or name another place\n")
    assert done.stderr.count("\n") == 1


def test_a_file_in_a_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.txt").touch()
    done = tiltyard("demo", "--out", "text.txt", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (BAD_INPUT, "tiltyard: text.txt: Not a directory: name a folder\n")


@pytest.mark.parametrize("folder", ["new/defence", "here"])
def test_a_starter_entry_is_written_whole_or_not_at_all(tmp_path: Path, folder: str) -> None:
    (tmp_path / "here").mkdir()
    failed = tiltyard("new", "defence", folder, cwd=tmp_path, largest=20_000)
    assert failed.returncode == BAD_INPUT, failed.stderr
    assert "File too large: allow larger files (ulimit -f)" in failed.stderr
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
    assert (tmp_path / folder).exists() == (folder == "here")
    assert tiltyard("new", "defence", folder, cwd=tmp_path).returncode == 0
    assert {path.name for path in (tmp_path / folder).iterdir()} == {"README.md", "model.safetensors", "model.toml"}


def test_a_folder_that_takes_no_files_is_seen_before_the_work() -> None:
    with pytest.raises(TiltyardError, match=r"^/proc/x.json: you may not write there; name another place$"):
        check_writable("/proc/x.json")


def test_looking_whether_a_file_can_be_written_leaves_none(tmp_path: Path) -> None:
    check_writable(str(tmp_path / "a.json"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["attack"], "Missing argument 'model'; see tiltyard attack --help"),
        (["run", "whitebox", "--zzz"], "No such option: --zzz; see tiltyard run whitebox --help"),
        (["bogus"], "No such command 'bogus'; see tiltyard --help"),
        (["--debug", "attack", "a", "b", "--eps"], "Option '--eps' requires an argument; see tiltyard attack --help"),
        (["serve", "--port", "x"], "; see tiltyard serve --help"),
        (
            ["run", "forgery", "a", "--truth", "b", "--empty", "x"],
            "Invalid value for '--empty': 'x' is not one of 'iou', 'both', 'none'; see tiltyard run forgery --help",
        ),
    ],
)
def test_a_wrong_call_is_one_line_that_names_the_help(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = tiltyard(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (BAD_INPUT, "")
    assert done.stderr.startswith("tiltyard: ")
    assert done.stderr.endswith(f"{message}\n")
    assert done.stderr.count("\n") == 1


def test_a_family_of_verbs_called_alone_shows_its_help(tmp_path: Path) -> None:
    done = tiltyard("defences", cwd=tmp_path)
    assert done.returncode == BAD_INPUT
    assert "train" in done.stdout
    assert done.stderr == ""
