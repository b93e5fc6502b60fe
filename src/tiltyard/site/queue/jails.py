"""Whether a stranger's code can be run here now."""

import threading
from datetime import datetime, timedelta

from tiltyard.errors import JailUnavailable
from tiltyard.jail import doctor
from tiltyard.site.clock import now
from tiltyard.site.models import Worker
from tiltyard.site.queue.terms import UNSEEN

BELIEVED = timedelta(minutes=5)
_asking = threading.Lock()
_found: tuple[datetime, str] | None = None


def why_no_jail() -> str:
    """What the workers lack for running code; empty where one can, or where they have not looked yet.

    Where no worker lives, this host is asked: the ones to come will most likely stand here.
    """
    living = list(Worker.objects.filter(ended=None, seen__gt=now() - UNSEEN).values_list("jail", "jail_says"))
    if not living:
        return _of_this_host()
    if any(jail for jail, _says in living):
        return ""
    return "" if any(not says for _jail, says in living) else living[0][1]


def _of_this_host() -> str:
    global _found
    with _asking:
        if _found is None or now() - _found[0] > BELIEVED:
            _found = now(), _examined()
        return _found[1]


def _examined() -> str:
    try:
        doctor.require_jail()
    except JailUnavailable as error:
        return str(error)
    return ""
