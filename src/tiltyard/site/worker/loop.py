"""A worker's life: register, take jobs as long as there are any, look again when there are none."""

import logging
import time

from django.db import DatabaseError, InterfaceError, connection

from tiltyard.contest.executor import Executor
from tiltyard.site.models import Worker
from tiltyard.site.queue.leasing import take
from tiltyard.site.queue.reaping import bury, reap
from tiltyard.site.worker import registration
from tiltyard.site.worker.ending import Ending
from tiltyard.site.worker.pulse import pulse
from tiltyard.site.worker.step import do

log = logging.getLogger("tiltyard.worker")
IDLE = (0.1, 0.2, 0.5)
"""Seconds between looks, the longer nothing comes the rarer."""
REAPING, SEEING = 1.0, 5.0
"""Seconds between two looks for what others left behind, and two signs of life."""


def work(*, ray: str | None = None) -> None:
    """Works for ever; SIGTERM ends the process."""
    worker, lock = registration.register(elsewhere=ray is not None)
    ending = Ending(lambda: registration.ended(worker))
    ending.listen()
    registration.look_for_jail(worker, elsewhere=ray is not None)
    with lock:
        _Loop(worker, ending, _executor(ray)).run()


def _executor(ray: str | None) -> Executor | None:
    if ray is None:
        return None
    from tiltyard.contest.ray_executor import RayExecutor

    return RayExecutor(ray)


class _Loop:
    def __init__(self, worker: Worker, ending: Ending, executor: Executor | None) -> None:
        self.worker, self.ending, self.executor = worker, ending, executor
        self.idle = 0
        self.reaped = self.seen = 0.0

    def run(self) -> None:
        while True:
            try:
                self._turn()
            except (DatabaseError, InterfaceError) as error:
                log.warning("the database is out of reach: %s", error)
                connection.close()
                time.sleep(1)

    def _turn(self) -> None:
        self._look_after_others()
        with self.ending.taking() as hold:
            leased = take(self.worker)
            hold(leased)
        if leased is None:
            self._rest()
            return
        try:
            do(leased, self.worker, pulse=pulse, executor=self.executor)
        finally:
            self.idle = 0
            self.ending.done()

    def _look_after_others(self) -> None:
        if (moment := time.monotonic()) - self.reaped >= REAPING:
            self.reaped = moment
            bury()
            reap()

    def _rest(self) -> None:
        if (moment := time.monotonic()) - self.seen >= SEEING:
            self.seen = moment
            registration.seen(self.worker)
        time.sleep(IDLE[min(self.idle, len(IDLE) - 1)])
        self.idle += 1
