"""Tampering: making it, tracing it, locating it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiltyard.forensics.inspecting import Inspection, Region, Said, Unread, Verdict, inspect, inspections

__all__ = ["Inspection", "Region", "Said", "Unread", "Verdict", "inspect", "inspections"]


def __getattr__(name: str) -> Any:
    """The names above, loaded when they are first asked for: they bring torch."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tiltyard.forensics import inspecting

    return getattr(inspecting, name)
