"""One turn of a worker: take a job, do it, report what came of it."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from django.db import InterfaceError, OperationalError, connection

from tiltyard.contest.executor import Executor
from tiltyard.contest.names import one_line
from tiltyard.contest.ray_executor import ClusterAway
from tiltyard.contest.run import Progress
from tiltyard.errors import EntryError, JailUnavailable
from tiltyard.site.models import Worker
from tiltyard.site.queue.finishing import Refused, fault, finish
from tiltyard.site.queue.leasing import Fenced, Leased, give_back, take
from tiltyard.site.worker.pulse import Lost, no_pulse

log = logging.getLogger("tiltyard.worker")
Pulse = Callable[[Leased], AbstractContextManager[Progress]]
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Between tries to report, should the database be out of reach: a result may be hours of work."""


def step(worker: Worker, *, pulse: Pulse = no_pulse, executor: Executor | None = None) -> bool:
    """Does the next job in this process; False where there is none for this worker."""
    leased = take(worker)
    if leased is not None:
        do(leased, worker, pulse=pulse, executor=executor)
    return leased is not None


def do(leased: Leased, worker: Worker, *, pulse: Pulse, executor: Executor | None = None) -> None:
    """Does a leased job and reports; where the lease is lost nothing is written."""
    try:
        with pulse(leased) as progress:
            report = _outcome(leased, worker, progress, executor)
            _patiently(report)
    except (Fenced, Lost):
        log.warning("job %d: the lease was lost, its work is thrown away", leased.job)


def _outcome(leased: Leased, worker: Worker, progress: Progress, executor: Executor | None) -> Callable[[], None]:
    """Does the work; returns what reports of it."""
    from tiltyard.site.worker.work import work_on

    try:
        result = work_on(leased, progress, executor)
    except EntryError as error:
        refused = Refused(str(error))
        return lambda: finish(leased, refused)
    except JailUnavailable as error:
        message = str(error)
        return lambda: _without_jail(leased, worker, message)
    except ClusterAway as error:
        message = str(error)
        return lambda: _without_cluster(leased, message)
    except (Lost, OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("job %d failed by a fault of ours", leased.job)
        message = f"{type(error).__name__}: {one_line(error, 1900)}"
        return lambda: fault(leased, message)
    return lambda: finish(leased, result)


def _without_jail(leased: Leased, worker: Worker, message: str) -> None:
    """The worker takes no such job any more, and this one costs no attempt."""
    worker.jail, worker.jail_says = False, message[:400]
    worker.save(update_fields=["jail", "jail_says"])
    give_back(leased, message)


def _without_cluster(leased: Leased, message: str) -> None:
    """Costs no attempt; a pause, so that the same job is not tried again and again."""
    log.warning("job %d is given back: %s", leased.job, message)
    give_back(leased, message)
    time.sleep(PAUSES[-1])


def _patiently(report: Callable[[], None]) -> None:
    for pause in (*PAUSES, None):
        try:
            report()
            return
        except (OperationalError, InterfaceError) as error:
            if pause is None:
                raise
            log.warning("the database is out of reach, trying again: %s", one_line(error))
            connection.close()
            time.sleep(pause)
