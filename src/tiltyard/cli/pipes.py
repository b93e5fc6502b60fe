"""Standard output whose reader goes away, as `head` does: the command ends silently, as programs do that SIGPIPE ends.

The signal itself stays ignored: a guest that dies must not end the process that wrote to it.
"""

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from tiltyard.cli.exits import UNREAD

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Pipe(io.FileIO):
    """A pipe that ends the command when nobody reads it; what is still written goes nowhere."""

    def write(self, content: "ReadableBuffer", /) -> int:
        try:
            return super().write(content)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            raise SystemExit(UNREAD) from None


@contextmanager
def watched() -> Iterator[None]:
    """Ends by SystemExit when nobody reads standard output any more; so does standard error where it is the same pipe.

    A standard error of its own is left alone: a server goes on though nobody reads its log.
    """
    before = sys.stdout, sys.stderr
    pipe = _pipe_of(sys.stdout, sys.__stdout__)
    if pipe is None:
        yield
        return
    ours = [_over(sys.stdout)]
    sys.stdout = ours[0]
    if _pipe_of(sys.stderr, sys.__stderr__) == pipe:
        ours.append(_over(sys.stderr))
        sys.stderr = ours[1]
    try:
        yield
    finally:
        for stream in ours:
            stream.flush()
        sys.stdout, sys.stderr = before


def _pipe_of(stream: TextIO | None, own: TextIO | None) -> tuple[int, int] | None:
    """Which pipe the process was started with there; None where it is a file, a terminal or nothing."""
    if stream is None or stream is not own:
        return None
    found = os.fstat(stream.fileno())
    return (found.st_dev, found.st_ino) if stat.S_ISFIFO(found.st_mode) else None


def _over(stream: TextIO) -> TextIO:
    """The same pipe, encoding and habits."""
    pipe = _Pipe(stream.fileno(), "wb", closefd=False)
    buffered = isinstance(stream.buffer, io.BufferedWriter)
    return io.TextIOWrapper(
        io.BufferedWriter(pipe) if buffered else pipe,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=bool(stream.line_buffering),
        write_through=bool(getattr(stream, "write_through", False)),
    )
