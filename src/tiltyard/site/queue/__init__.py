"""The queue: one table of jobs with leases, fenced by attempt numbers; result and state are committed together."""

from tiltyard.site.queue.beginning import begin
from tiltyard.site.queue.ending import cancel
from tiltyard.site.queue.reaping import reap

__all__ = ["begin", "cancel", "reap"]
