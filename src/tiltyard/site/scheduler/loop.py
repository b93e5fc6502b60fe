"""What the scheduler does every second, and what now and then."""

import logging
import threading
import time
from collections.abc import Callable

from django.db import connection

from tiltyard.site.clock import now
from tiltyard.site.queue.reaping import bury, forget_workers, keep_patience, reap
from tiltyard.site.scheduler.cleaning import clean
from tiltyard.site.scheduler.due import all_due
from tiltyard.site.telling import letters

log = logging.getLogger("tiltyard.scheduler")
SECOND, MINUTE, HOUR = 1.0, 60.0, 3600.0


def every_second() -> None:
    bury()
    reap()
    all_due(now())


def every_minute() -> None:
    keep_patience()
    forget_workers()


DUTIES: tuple[tuple[float, Callable[[], object]], ...] = (
    (SECOND, every_second),
    (MINUTE, every_minute),
    (HOUR, clean),
)


def keep_going() -> None:
    """For ever; what fails once is logged and tried again at its next turn."""
    threading.Thread(target=keep_mailing, daemon=True).start()
    due = {duty: time.monotonic() for _, duty in DUTIES}
    while True:
        for pause, duty in DUTIES:
            if time.monotonic() >= due[duty]:
                due[duty] = time.monotonic() + pause
                attempt(duty)
        time.sleep(SECOND / 4)


def keep_mailing() -> None:
    """For ever, beside all else: a mail server may be slow, and nothing else waits for it."""
    while True:
        time.sleep(SECOND if attempt(mail_out) else MINUTE)


def mail_out() -> None:
    """Mails what waits, and pauses where the mail server fails."""
    if letters.deliver():
        time.sleep(MINUTE)


def attempt(duty: Callable[[], object]) -> bool:
    """Does a duty; an error is logged, and keeps no other duty from being done."""
    try:
        duty()
    except Exception:
        log.exception("%s failed", duty.__name__)
        connection.close()
        return False
    return True
