"""The report of an evaluation folder: `report.html`, beside the evidence and no part of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from tiltyard.contest.evaluation import Evaluation, write_atomically
from tiltyard.contest.registry import find_track
from tiltyard.contest.track import Metric, Track
from tiltyard.errors import TiltyardError
from tiltyard.report.page import render

REPORT = "report.html"
VIEWS: Mapping[str, tuple[str, str]] = {
    "credential": ("credential.html.j2", "tiltyard.report.credential:credential_view"),
    "forgery": ("forgery.html.j2", "tiltyard.report.forgery:forgery_view"),
    "forgery_maps": ("forgery.html.j2", "tiltyard.report.forgery:forgery_view"),
    "whitebox": ("whitebox.html.j2", "tiltyard.report.whitebox:whitebox_view"),
}
"""Tracks that have a page of their own: its template, and the function (loaded when needed) that says what it shows."""


@dataclass(frozen=True)
class Value:
    """One figure of the score as it is read."""

    name: str
    unit: str
    shown: str
    interval: str


def write_report(evaluation: Evaluation) -> Path:
    """Writes the report into the evaluation folder and returns its path; the same evaluation gives the same bytes."""
    path = evaluation.folder / REPORT
    write_atomically(path, report_html(evaluation).encode())
    return path


def report_html(evaluation: Evaluation) -> str:
    """The report as one page; EvaluationError where the rows cannot be read."""
    record = evaluation.record
    track = _track(record.identity.track)
    metrics = {metric.name: metric for metric in track.metrics} if track else {}
    template, view = VIEWS.get(record.identity.track, ("evaluation.html.j2", ""))
    return render(
        template,
        title=track.title if track else record.identity.track,
        record=record,
        identity=asdict(record.identity),
        jail=_jail(track, trust=record.identity.trust),
        values=_values(evaluation, metrics),
        environment=_environment(record.environment),
        view=resolve_name(view)(evaluation) if view else None,
    )


def _track(name: str) -> Track | None:
    """None where it is not installed here: a folder may come from elsewhere."""
    try:
        return find_track(name)
    except TiltyardError:
        return None


def _jail(track: Track | None, *, trust: bool) -> str:
    if track and not track.runs_code:
        return "none needed: no code was run, the entry was only read"
    return "none (--trust)" if trust else "yes"


def _values(evaluation: Evaluation, metrics: Mapping[str, Metric]) -> list[Value]:
    """The ranking figure first."""
    record = evaluation.record
    names = sorted(record.values, key=lambda name: list(metrics).index(name) if name in metrics else len(metrics))
    return [_value(metrics.get(name, Metric(name)), record.values[name], record.intervals.get(name)) for name in names]


def _value(metric: Metric, value: float, interval: tuple[float, float] | None) -> Value:
    decimals = metric.interval_decimals
    span = f"{interval[0]:.{decimals}f} – {interval[1]:.{decimals}f}" if interval else ""
    return Value(metric.name, metric.unit, f"{value:.{metric.decimals}f}", span)


def _environment(environment: Mapping[str, Any]) -> dict[str, str]:
    """One line a fact; versions of packages in one."""
    return {
        name: ", ".join(f"{key} {item}" for key, item in value.items()) if isinstance(value, dict) else str(value)
        for name, value in environment.items()
    }
