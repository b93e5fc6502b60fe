"""Ties a process to its parent: it ends with it, however that ends."""

import ctypes
import os
import signal
import threading
import time

PR_SET_PDEATHSIG = 1
LOOK = 0.5
PARENT = "TILTYARD_PARENT"
"""Environment variable by which a supervisor tells its children who it is."""


def tie_to_parent(*, first: signal.Signals = signal.SIGTERM, grace: float = 3.0) -> None:
    """The kernel sends `first` when the parent dies; where that does not end this process, it ends after `grace` s.

    No effect in a process that no supervisor started.
    """
    parent = int(os.environ.get(PARENT, "0"))
    if not parent:
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(first), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=_watch, args=(parent, first, grace), name="parent", daemon=True).start()


def _watch(parent: int, first: signal.Signals, grace: float) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os.kill(os.getpid(), first)
    time.sleep(grace)
    os._exit(1)
