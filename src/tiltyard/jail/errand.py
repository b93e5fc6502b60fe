"""An errand: one stranger's file goes into the jail, one of our programs reads it there, bytes come back unbelieved.

For formats whose readers are large C or C++ libraries. The guest gets the file as a memory and writes its answer into
another one; nothing is read from it before it is dead. What comes back is a stranger's word, bounded in size.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from tiltyard.contest.names import one_line
from tiltyard.errors import JailUnavailable, TiltyardError
from tiltyard.jail.launch import Guest, launch
from tiltyard.jail.limits import MIB, Limits

LIMITS = Limits(memory=2048 * MIB, processes=16, disk=512 * MIB, open_files=64, seconds=90.0)
"""`disk` bounds the answer too: no file of the guest grows beyond it. `seconds` is for a guest that sleeps."""
PROCESSOR_SECONDS = 30
"""What one errand may compute, on a busy host as on an idle one."""
OUT_OF_COMPUTING = (-signal.SIGXCPU, 128 + signal.SIGXCPU)
"""How a guest ends by its own limit, beside and in the jail."""
FACTS_BYTES = 4096
LOG_BYTES = 65_536
"""All that the pipe of a log holds."""


class ErrandFailed(TiltyardError):
    """The file could not be read in the jail; the message is the reason, without the file's name or a cure."""


class ErrandTooSlow(ErrandFailed):
    """It took too long, in computing or by the clock: another part of the same file may cost the same again."""


class Facts(BaseModel):
    """What the guest says of the file, or why it refuses it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    refusal: str = ""
    pages: NonNegativeInt = 0
    kind: str = ""
    """How a page became a picture; empty for what has no pages."""
    marks: tuple[str, ...] = ()
    """Names of what is worth a note."""


@dataclass(frozen=True)
class Answer:
    """`content` is a file that must be read as any stranger's."""

    facts: Facts
    content: bytes


def run_errand(
    program: str,
    content: bytes,
    *words: str,
    limits: Limits = LIMITS,
    seconds: int = PROCESSOR_SECONDS,
    most: int = LIMITS.disk,
    trust: bool = False,
) -> Answer:
    """What `tiltyard.jail.errands.PROGRAM` makes of a file's `content`: at most `most` bytes, in computing `seconds`.

    With `trust` there is no jail: the program then limits its own memory and processor time, and nothing more.
    Raises ErrandFailed where the file is to blame, JailUnavailable where the host is.
    """
    with _memory("file", content) as given, _memory("answer") as taken:
        command = [*_start(program), str(seconds), str(given), str(taken), *words]
        with launch(command, limits=limits, pass_fds=(given, taken), trust=trust) as guest:
            _check_end(guest, guest.wait(limits.seconds), limits.seconds, seconds)
        answer = _answer(taken, most)
    if answer.facts.refusal:
        raise ErrandFailed(one_line(answer.facts.refusal))
    return answer


def _start(program: str) -> list[str]:
    return [sys.executable, "-I", "-m", f"tiltyard.jail.errands.{program}"]


def _check_end(guest: Guest, status: int | None, waited: float, seconds: int) -> None:
    """Raises where there is no answer to read."""
    if status is None:
        raise ErrandTooSlow(f"is not read after {waited:.0f} s: the machine is busy, or the file stalls its reader")
    if status in OUT_OF_COMPUTING:
        raise ErrandTooSlow(f"takes more than {seconds} s of computing to read")
    if status and guest.never_began:
        raise JailUnavailable(f"the jail does not start{_last_words(guest)}; `tiltyard doctor` tells the cure")
    if status:
        raise ErrandFailed(f"its reader failed: {guest.ended()}{_last_words(guest)}")


def _last_words(guest: Guest) -> str:
    try:
        lines = os.read(guest.log, LOG_BYTES).decode(errors="replace").splitlines()
    except BlockingIOError:
        lines = []
    return f" ({one_line(lines[-1], 120)})" if lines else ""


@contextmanager
def _memory(name: str, content: bytes = b"") -> Iterator[int]:
    descriptor = os.memfd_create(f"tiltyard-{name}", os.MFD_CLOEXEC)
    try:
        _fill(descriptor, content)
        yield descriptor
    finally:
        os.close(descriptor)


def _fill(descriptor: int, content: bytes) -> None:
    """Leaves the descriptor at the start; ErrandFailed where the host has no room for it."""
    view = memoryview(content)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as error:
        raise ErrandFailed(f"cannot be held in memory ({error.strerror})") from None
    os.lseek(descriptor, 0, os.SEEK_SET)


def _answer(descriptor: int, most: int) -> Answer:
    """One line of facts, then the content; its size is checked before anything is read."""
    if os.fstat(descriptor).st_size > most + FACTS_BYTES:
        raise ErrandFailed(f"became more than {most >> 20} MiB")
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        return Answer(_facts(file.readline(FACTS_BYTES)), file.read(most))


def _facts(line: bytes) -> Facts:
    try:
        return Facts.model_validate_json(line)
    except ValidationError:
        raise ErrandFailed("its reader broke the protocol") from None
