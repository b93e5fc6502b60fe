"""Standard output whose reader goes away, as `head` does: the command ends silently, as programs do that SIGPIPE ends.

The signal itself stays ignored: a guest that dies must not end the process that wrote to it.
"""

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from tiltyard.cli.exits import UNREAD

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Pipe(io.FileIO):
    """A pipe that ends the command when nobody reads it; what is still written goes nowhere."""

    unread = False
    """Whether that has happened: the thread that wrote may not have been the one that ends the command."""

    def write(self, content: "ReadableBuffer", /) -> int:
        try:
            return super().write(content)
        except BrokenPipeError:
            self.unread = True
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
    which = _pipe_of(sys.stdout, sys.__stdout__)
    if which is None:
        yield
        return
    ours = [_over(sys.stdout)]
    sys.stdout = ours[0][0]
    if _pipe_of(sys.stderr, sys.__stderr__) == which:
        ours.append(_over(sys.stderr))
        sys.stderr = ours[1][0]
    try:
        yield
    finally:
        for stream, _ in ours:
            with suppress(SystemExit):
                stream.flush()
        sys.stdout, sys.stderr = before
        if any(pipe.unread for _, pipe in ours):
            raise SystemExit(UNREAD)


def _pipe_of(stream: TextIO | None, own: TextIO | None) -> tuple[int, int] | None:
    """Which pipe the process was started with there; None where it is a file, a terminal or nothing."""
    if stream is None or stream is not own:
        return None
    found = os.fstat(stream.fileno())
    return (found.st_dev, found.st_ino) if stat.S_ISFIFO(found.st_mode) else None


def _over(stream: TextIO) -> tuple[TextIO, _Pipe]:
    """The same encoding and habits over the same pipe, and that pipe."""
    pipe = _Pipe(stream.fileno(), "wb", closefd=False)
    buffered = isinstance(stream.buffer, io.BufferedWriter)
    text = io.TextIOWrapper(
        io.BufferedWriter(pipe) if buffered else pipe,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=bool(stream.line_buffering),
        write_through=bool(getattr(stream, "write_through", False)),
    )
    return text, pipe
