"""What the site knows of a worker: that it is there, and whether strangers' code can be run where it stands."""

import os
import secrets
import socket
import threading
import time
from typing import BinaryIO

from django.db import connection

from tiltyard.errors import JailUnavailable
from tiltyard.site.clock import now
from tiltyard.site.models import Worker
from tiltyard.site.places import places
from tiltyard.site.serving.sign_of_life import live

LOOK_AGAIN = 600.0
"""Seconds after which a worker without a jail looks whether there is one now."""


def register(*, elsewhere: bool) -> tuple[Worker, BinaryIO]:
    """The row of this process and the lock that shows it living; `elsewhere`: it measures on a cluster's nodes."""
    host = socket.gethostname()
    name = f"{host[:80]}-{os.getpid()}-{secrets.token_hex(3)}"
    lock = live(places(), name)
    worker = Worker.objects.create(name=name, host=host[:120], pid=os.getpid(), jail=elsewhere)
    return worker, lock


def look_for_jail(worker: Worker, *, elsewhere: bool) -> None:
    """Finds out in the background whether a jail works here, and looks again from time to time where none does."""
    threading.Thread(target=_look, args=(worker, elsewhere), name="jail", daemon=True).start()


def _look(worker: Worker, elsewhere: bool) -> None:
    while True:
        if not worker.jail:
            says = "" if elsewhere else why_not()
            worker.jail, worker.jail_says = not says, says
            worker.save(update_fields=["jail", "jail_says"])
            connection.close()
        time.sleep(LOOK_AGAIN)


def why_not() -> str:
    """What this host lacks for a jail; empty where one works."""
    from tiltyard.jail.doctor import require_jail

    try:
        require_jail()
    except JailUnavailable as error:
        return str(error)[:400]
    return ""


def seen(worker: Worker) -> None:
    """The worker is still there though it has nothing to do."""
    Worker.objects.filter(pk=worker.pk).update(seen=now(), ended=None)


def ended(worker: Worker) -> None:
    """The worker ends as it should."""
    Worker.objects.filter(pk=worker.pk).update(ended=now())
