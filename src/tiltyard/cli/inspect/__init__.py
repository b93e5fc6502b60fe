"""`tiltyard inspect`: are these pictures forged, where, and why."""

from tiltyard.cli.inspect.command import inspect

__all__ = ["inspect"]
