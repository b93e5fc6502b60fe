"""What the site does of itself when its time has come."""

import logging
from datetime import datetime

from tiltyard.site.organising.asking import ask_due
from tiltyard.site.ranking.awards import give_due
from tiltyard.site.ranking.snapshots import take_due

log = logging.getLogger("tiltyard.due")
TASKS = (take_due, give_due, ask_due)


def all_due(moment: datetime) -> None:
    """Boards, awards, requests for reproduction; called every second, and cheap when nothing is due.

    One that fails is logged and holds up no other.
    """
    for task in TASKS:
        try:
            task(moment)
        except Exception:
            log.exception("%s failed", task.__name__)
