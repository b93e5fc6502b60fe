"""Tiltyard: AI models attacked and defended under rules that cannot be bent."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiltyard.contest.threat import Threat
    from tiltyard.report.robustness import RobustnessReport, evaluate

__all__ = ["RobustnessReport", "Threat", "evaluate"]

_HOMES = {
    "RobustnessReport": "tiltyard.report.robustness",
    "Threat": "tiltyard.contest.threat",
    "evaluate": "tiltyard.report.robustness",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used: `import tiltyard` itself stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
