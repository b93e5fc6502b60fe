"""What every errand's program does: limits itself, takes the file, gives its answer or says why there is none."""

import io
import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from tiltyard.contest.names import one_line
from tiltyard.vision.pictures import MAX_BYTES, MAX_PIXELS

ADDRESS_SPACE = 4 << 30


class Refused(Exception):
    """What is wrong with the file, in a few words that follow its name."""


@dataclass(frozen=True)
class Made:
    """A file made of what was given, and facts about it."""

    content: bytes = b""
    pages: int = 0
    kind: str = ""
    marks: tuple[str, ...] = ()


def work(read: Callable[..., Made]) -> None:
    """Runs `read(content, *words)` on what the command line names, within limits of its own.

    Processor time is limited here alone; the other limits are for hosts where the guest is trusted, the jail's are
    tighter or the same. Any exception is an answer: native readers fail in any way.
    """
    seconds, given, taken, *words = sys.argv[1:]
    _limit(int(seconds))
    _fall_silent()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with open(int(given), "rb") as file, open(int(taken), "wb") as answer:
        try:
            made = read(file.read(), *words)
        except Exception as error:
            answer.write(_line(refusal=_told(error)))
        else:
            answer.write(_line(pages=made.pages, kind=made.kind, marks=made.marks) + made.content)
        answer.flush()
    os._exit(0)  # a library that damaged the heap would fail on its way out


def as_png(image: Image.Image) -> bytes:
    """A PNG, hardly compressed: it is decoded at once and thrown away. Refused above 100 megapixels."""
    check_size(*image.size)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise Refused(
            f"{width}×{height} pixels are more than the {MAX_PIXELS // 1_000_000} megapixels that are decoded"
        )


def _limit(seconds: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_FSIZE, MAX_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # at the first, a signal that says why


def _fall_silent() -> None:
    """A reader that prints would wait for ever once the pipe of its log is full, which nobody empties."""
    silence = os.open(os.devnull, os.O_WRONLY)
    for printed in (1, 2):
        os.dup2(silence, printed)
    os.close(silence)


def _line(**facts: object) -> bytes:
    return json.dumps(facts).encode() + b"\n"


def _told(error: Exception) -> str:
    if isinstance(error, Refused):
        return str(error)
    return f"cannot be read ({one_line(error, 120) or type(error).__name__})"
