"""Ctrl-C, or a service that is stopped, ends the looking, never the writing."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Interruption:
    """Whether Ctrl-C was pressed, and where it may end what is being done."""

    def __init__(self) -> None:
        self.pressed = False
        self._heard = False

    def press(self, *_: object) -> None:
        """KeyboardInterrupt where it is heard, once; noted elsewhere."""
        self.pressed = True
        if self._heard:
            self._heard = False
            raise KeyboardInterrupt

    @contextmanager
    def heard(self) -> Iterator[None]:
        """KeyboardInterrupt from within the block, or at its start where Ctrl-C was pressed before it."""
        self._heard = True
        try:
            if self.pressed:
                raise KeyboardInterrupt
            yield
        finally:
            self._heard = False


@contextmanager
def interruption_held_back() -> Iterator[Interruption]:
    """Ctrl-C (or SIGTERM), however often, waits until the block is done, but for what is done within `heard`.

    Where it was ignored, as in what a script starts in the background, it stays so.
    """
    interruption = Interruption()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heeded = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    for number in heeded:
        signal.signal(number, interruption.press)
    try:
        yield interruption
    finally:
        for number in heeded:
            signal.signal(number, before[number])
