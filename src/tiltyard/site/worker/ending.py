"""How a worker ends when it is told to: the job it holds is given back first, whatever the main thread is busy with."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tiltyard.site.queue.leasing import Leased, give_back


class Ending:
    """Knows which job is held, and gives it back on SIGTERM; the process is gone then."""

    def __init__(self, say_goodbye: Callable[[], None]) -> None:
        self._say_goodbye = say_goodbye
        self._turn = threading.Lock()
        self._held: Leased | None = None

    def listen(self) -> None:
        """From now on. The signal wakes a thread: Python's own handlers wait while the main thread is in C code.

        The signal is asked for last: one that came before the thread could hear it would be lost.
        """
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing)
        threading.Thread(target=self._wait, args=(reading,), name="ending", daemon=True).start()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, frame: None)

    @contextmanager
    def taking(self) -> Iterator[Callable[[Leased | None], None]]:
        """While a job is taken nobody ends this process; the callback says which was."""
        with self._turn:
            yield self._hold

    def done(self) -> None:
        """Nothing is held any more."""
        self._held = None

    def _hold(self, leased: Leased | None) -> None:
        self._held = leased

    def _wait(self, reading: int) -> None:
        while os.read(reading, 1)[0] != signal.SIGTERM:
            pass
        with self._turn:
            try:
                if self._held is not None:
                    give_back(self._held, "the worker was told to end")
                self._say_goodbye()
            finally:
                os._exit(0)
