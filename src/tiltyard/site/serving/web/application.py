"""The WSGI application in the process that answers, which ends with its parent."""

import signal

from tiltyard.site.serving.tied import tie_to_parent

tie_to_parent(first=signal.SIGKILL)

from tiltyard.site.wsgi import application  # noqa: E402 - the tie comes first: loading takes a while

__all__ = ["application"]
