"""Keeps the processes of a site running: starts them, starts again what dies, ends all of them."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tiltyard.site.serving.tied import PARENT

log = logging.getLogger("tiltyard.serve")
LOOK = 0.1
PAUSES = (0.2, 1.0, 5.0, 15.0, 30.0)
"""Before a part is started again, the oftener it dies the longer."""
SETTLED = 5.0
"""Seconds after which a part that lives is no longer one that dies at its start."""
PATIENCE = 5.0
"""Seconds that the parts have to end by themselves."""


@dataclass(frozen=True)
class Part:
    """One process: a module of ours with its arguments, and what its environment adds."""

    name: str
    module: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[bytes]:
        """In a process group of its own, so that Ctrl-C reaches the supervisor alone."""
        command = [sys.executable, "-m", self.module, *self.arguments]
        environment = {**os.environ, **self.environment, PARENT: str(os.getpid())}
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, process_group=0)


@dataclass
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    since: float
    deaths: int = 0
    again_at: float | None = None


class Supervisor:
    """Runs parts until SIGTERM or Ctrl-C; each ends with this process, however that ends."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self._running: list[_Running] = []
        self._stop = False

    def run(self, on_look: Callable[[], None] = lambda: None) -> None:
        """Blocks; `on_look` is called between looks at the parts."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._wanted)
        self._running = [_Running(part, part.start(), time.monotonic()) for part in self.parts]
        try:
            while not self._stop:
                for running in self._running:
                    self._look_at(running)
                on_look()
                time.sleep(LOOK)
        finally:
            self._end()

    def _wanted(self, number: int, frame: object) -> None:
        self._stop = True

    def _look_at(self, running: _Running) -> None:
        now = time.monotonic()
        if running.again_at is not None:
            if now >= running.again_at:
                running.process, running.since, running.again_at = running.part.start(), now, None
            return
        status = running.process.poll()
        if status is None:
            running.deaths = 0 if now - running.since > SETTLED else running.deaths
            return
        _kill(running.process)
        pause = PAUSES[min(running.deaths, len(PAUSES) - 1)]
        running.deaths, running.again_at = running.deaths + 1, now + pause
        log.warning("%s ended (status %d): started again in %.1f s", running.part.name, status, pause)

    def _end(self) -> None:
        for running in self._running:
            with suppress(ProcessLookupError):
                running.process.terminate()
        until = time.monotonic() + PATIENCE
        for running in self._running:
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(max(0.0, until - time.monotonic()))
            _kill(running.process)
            running.process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """What is left of its process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
