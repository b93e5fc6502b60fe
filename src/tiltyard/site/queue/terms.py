"""How long leases hold, how often a job is tried, and by when what waits must be taken."""

import os
from datetime import timedelta

from django.utils.translation import gettext_noop

LEASE = timedelta(seconds=float(os.environ.get("TILTYARD_LEASE", "30")))
HEARTBEAT = LEASE.total_seconds() / 4
"""Seconds between two renewals of a lease."""
TRIES = 3
"""Attempts that may fail or be lost before the evaluation counts as broken."""
PATIENCE = timedelta(days=float(os.environ.get("TILTYARD_PATIENCE_DAYS", "7")))
"""How long a job may wait for a worker."""
OVERTIME, SLACK = 1.5, timedelta(seconds=float(os.environ.get("TILTYARD_SLACK", "300")))
"""An attempt that takes so much more than the rules' own limit of time hangs."""
LONGEST = timedelta(hours=2)
"""An attempt where the rules set no limit."""

UNSEEN = timedelta(minutes=2)
"""After which a worker that says nothing counts as gone."""

FAILED_THRICE = gettext_noop(
    "Infrastructure failure: the evaluation failed three times by a fault of ours. It does not count against the "
    "quota; an organiser can run it again."
)
NOBODY_CAME = gettext_noop(
    "Infrastructure failure: no worker took the evaluation in time. It does not count against the quota; an organiser "
    "can run it again."
)
UNCHARGED = gettext_noop("infrastructure failure")


def hard_limit(seconds: float | None) -> timedelta:
    """After which an attempt is given up however lively its worker is; `seconds` is the rules' own limit."""
    return LONGEST if seconds is None else timedelta(seconds=seconds * OVERTIME) + SLACK
