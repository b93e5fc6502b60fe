"""The pulse of a job: a thread that renews the lease, tells progress, and ends a worker that hangs."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

from tiltyard.contest.run import Progress, Step
from tiltyard.site.clock import now
from tiltyard.site.queue.leasing import Leased, renew
from tiltyard.site.queue.terms import HEARTBEAT

log = logging.getLogger("tiltyard.worker")
LOOK = min(1.0, HEARTBEAT)
"""Seconds after which progress is told."""
GRACE = float(os.environ.get("TILTYARD_GRACE", "5"))
"""Seconds in which work whose lease is lost must stop by itself."""
HUNG = 75
"""Exit status of a worker whose work would not stop."""


class Lost(Exception):
    """The lease is lost: the work is to stop."""


@contextmanager
def pulse(leased: Leased) -> Iterator[Progress]:
    """While the block runs the lease is renewed; the callback takes its progress, and raises Lost once it is lost."""
    beating = _Pulse(leased)
    thread = threading.Thread(target=beating.run, name="pulse", daemon=True)
    thread.start()
    try:
        yield beating.progress
    finally:
        beating.over.set()
        thread.join()


@contextmanager
def no_pulse(leased: Leased) -> Iterator[Progress]:
    """For work that is done before a lease could run out."""
    yield lambda step: None


class _Pulse:
    def __init__(self, leased: Leased) -> None:
        self.leased = leased
        self.over, self.lost = threading.Event(), threading.Event()
        self.done_items, self.spent = 0, dict[str, Any]()
        self.told, self.beaten = (0, self.spent), time.monotonic()

    def progress(self, step: Step) -> None:
        if self.lost.is_set():
            raise Lost
        spent = {"forwards": step.spent.forwards, "backwards": step.spent.backwards} if step.spent else {}
        self.done_items, self.spent = step.done, spent

    def run(self) -> None:
        try:
            while not self.over.wait(LOOK):
                if not self._beat():
                    self.lost.set()
                    self._end_unless_over()
                    return
        finally:
            connection.close()

    def _beat(self) -> bool:
        here = (self.done_items, self.spent)
        due = time.monotonic() - self.beaten >= HEARTBEAT or now() >= self.leased.deadline
        if here == self.told and not due:
            return True
        try:
            held = renew(self.leased, done_items=here[0], spent=here[1])
        except (DatabaseError, InterfaceError) as error:
            log.warning("lease of job %d not renewed, trying again: %s", self.leased.job, error)
            connection.close()
            return True
        self.told, self.beaten = here, time.monotonic()
        return held

    def _end_unless_over(self) -> None:
        if not self.over.wait(GRACE):
            log.error("job %d does not stop though its lease is lost: this worker ends", self.leased.job)
            os._exit(HUNG)
