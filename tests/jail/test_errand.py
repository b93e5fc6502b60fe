"""Errands whose program has been taken over by the file that it reads."""

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tiltyard.errors import JailUnavailable
from tiltyard.jail import errand
from tiltyard.jail.errand import LIMITS, Answer, ErrandFailed, ErrandTooSlow, Facts, run_errand
from tiltyard.jail.limits import MIB

pytestmark = pytest.mark.usefixtures("jail")

PRELUDE = """
import json, os, socket, sys, time
seconds, given, taken = map(int, sys.argv[1:4])
words = sys.argv[4:]
content = open(given, "rb", closefd=False).read()
def answer(facts, content=b""):
    os.write(taken, facts if isinstance(facts, bytes) else json.dumps(facts).encode() + b"\\n")
    os.write(taken, content)
"""
SMALL = replace(LIMITS, memory=200 * MIB, disk=20 * MIB, seconds=60.0)


def run(code: str, monkeypatch: pytest.MonkeyPatch, *words: str, content: bytes = b"file", **options: object) -> Answer:
    monkeypatch.setattr(errand, "_start", lambda program: [sys.executable, "-I", "-c", PRELUDE + code])
    return run_errand("any", content, *words, **{"limits": SMALL, "seconds": 5, **options})


def failure(code: str, monkeypatch: pytest.MonkeyPatch, **options: object) -> str:
    with pytest.raises(ErrandFailed) as caught:
        run(code, monkeypatch, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("trust", [False, True])
def test_the_file_goes_in_and_the_answer_comes_out(trust: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "answer({'pages': 2, 'marks': words}, content[::-1])"
    got = run(code, monkeypatch, "a", "b", content=b"x" + bytes(3 * MIB), trust=trust)
    assert got == Answer(Facts(pages=2, marks=("a", "b")), bytes(3 * MIB) + b"x")


def test_a_refusal_is_told_in_one_printable_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failure("answer({'refusal': 'is\\n\\x1b[31mbad' + 999 * '!'})", monkeypatch).startswith("is [31mbad!!!")


@pytest.mark.parametrize(
    "line",
    [
        "b''", "b'\\n'", "b'{}'", "b'[' * 4000", "{'pages': -1}", "{'pages': '7'}", "{'pages': 1, 'more': 2}",
        "{'marks': [1]}", "b'\\xff\\xfe\\n'", "{'kind': 'x' * 5000}", "None",
    ],
)  # fmt: skip
def test_facts_that_are_none_break_the_protocol(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = failure(f"answer({line})" if line != "b'{}'" else "answer(b'{')", monkeypatch)
    assert told == "its reader broke the protocol"


def test_an_answer_of_too_many_bytes_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failure("answer({}, bytes(2 << 20))", monkeypatch, most=MIB) == "became more than 1 MiB"


def test_an_answer_cannot_outgrow_the_guests_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    told = failure("os.ftruncate(taken, 21 << 20)", monkeypatch)
    assert "its reader failed" in told


def test_one_that_computes_for_ever_is_stopped_by_its_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from tiltyard.jail.errands.work import _limit\n_limit(1)\nwhile True: pass"
    assert failure(code, monkeypatch, seconds=1) == "takes more than 1 s of computing to read"
    assert failure(code, monkeypatch, seconds=1, trust=True) == "takes more than 1 s of computing to read"


def test_one_that_sleeps_is_stopped_and_not_told_as_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ErrandTooSlow, match=r"^is not read after 1 s: the machine is busy, or the file stalls its"):
        run("time.sleep(600)", monkeypatch, limits=replace(SMALL, seconds=1.0))


@pytest.mark.parametrize("trust", [False, True])
def test_one_that_prints_without_end_is_read(trust: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
from tiltyard.jail.errands.work import Made, work
def read(content):
    print("x" * (1 << 20), flush=True)
    os.write(2, bytes(1 << 20))
    return Made(b"read")
work(read)
"""
    assert run(code, monkeypatch, trust=trust, limits=replace(SMALL, seconds=20.0)).content == b"read"


def test_one_that_takes_all_memory_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "memory limit of 200 MiB exceeded" in failure("b = [bytearray(9 << 20) for _ in range(99)]", monkeypatch)


def test_one_that_crashes_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "killed by signal 11 (SIGSEGV)" in failure("os.kill(os.getpid(), 11); time.sleep(9)", monkeypatch)
    assert failure("raise OSError('gone')", monkeypatch) == "its reader failed: exit status 1 (OSError: gone)"


def test_it_sees_no_file_of_the_host_and_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("secret")
    code = f"""
def outcome(action):
    try:
        return str(action())
    except OSError as error:
        return type(error).__name__
answer({{"marks": [
    outcome(lambda: open({str(tmp_path / "secret")!r}).read()),
    outcome(lambda: os.listdir({str(Path(__file__).parents[2])!r} + "/tests")),
    outcome(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
    outcome(lambda: open("/etc/passwd").read()),
]}})"""
    marks = run(code, monkeypatch).facts.marks
    assert marks[:2] == ("FileNotFoundError", "FileNotFoundError")
    assert marks[2] in ("OSError", "PermissionError")
    assert marks[3] == "FileNotFoundError"


def test_what_it_does_to_its_file_is_not_seen_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"as it was"
    run("os.pwrite(given, b'changed!!', 0); answer({})", monkeypatch, content=content)
    assert content == b"as it was"


def test_a_jail_that_does_not_start_is_not_blamed_on_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(
        JailUnavailable, match=r"^the jail does not start \(bwrap: setting up uid map: Permission denied"
    ):
        run("answer({})", monkeypatch)


def test_a_file_for_which_no_memory_is_left_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with files_of_at_most(MIB):
        told = failure("answer({})", monkeypatch, content=bytes(2 * MIB))
    assert told == "cannot be held in memory (File too large)"


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_descriptor_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    run("answer({})", monkeypatch)
    before = os.listdir("/proc/self/fd")
    run("answer({})", monkeypatch)
    failure("os._exit(1)", monkeypatch)
    assert len(os.listdir("/proc/self/fd")) == len(before)
