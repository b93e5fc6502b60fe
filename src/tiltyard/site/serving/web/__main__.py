"""Serves the site's pages: `python -m tiltyard.site.serving.web HOST PORT`."""

import multiprocessing
import os
import sys

from tiltyard.site.serving.tied import PARENT, tie_to_parent
from tiltyard.site.serving.web import THREADS

BACKLOG = 512


def main() -> None:
    """Serves until it is told to end, or its parent is gone."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    tie_to_parent()
    os.environ[PARENT] = str(os.getpid())
    multiprocessing.set_start_method("spawn")
    host, port = sys.argv[1:3]
    server = Server(
        "tiltyard.site.serving.web.application:application",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=3,
        respawn_failed_workers=True,
    )
    server.serve()


if __name__ == "__main__":
    main()
