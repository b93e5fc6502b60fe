"""Plots as SVG that follow the page: text stays text, colours are its variables, the same data gives the same bytes."""

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib.style
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from tiltyard.report.page import plain

Axes = Any
INK, LINE, COOL, WARM = "#010203", "#010204", "#010205", "#010206"
"""Stand for colours that the page decides; nothing else may have these values."""
VARIABLES = {
    INK: "var(--ink, #1c2128)",
    LINE: "var(--line, #c9d1d9)",
    COOL: "var(--cool, #0072b2)",
    WARM: "var(--warm, #c44f00)",
}
FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
WIDTH = 4.4
PALE = 0.3
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tiltyard",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
}


def draw(name: str, alt: str, paint: Callable[[Axes], None], *, height: float = 2.7) -> Markup:
    """The SVG that `paint` leaves on fresh axes. `name` keeps its ids apart in a page, `alt` is read to the blind."""
    with _style():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        paint(figure.subplots())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return Markup(_themed(buffer.getvalue(), name, alt))  # noqa: S704 - matplotlib escapes what it writes


def short(text: str, length: int = 18) -> str:
    """A label that fits beside an axis."""
    shown = plain(text).replace("\n", " ")
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def rising(axes: Axes, positions: Any, heights: Any, *, strong: bool, label: str, base: Any = 0, width: Any) -> None:
    """Vertical bars, pale with an outline or solid, so that they differ without colour too; none for height 0."""
    drawn = np.where(np.equal(heights, 0), np.nan, heights)
    axes.bar(positions, drawn, width, bottom=base, label=label, linewidth=0.9, **_fill(strong))


def lying(axes: Axes, positions: Any, lengths: Any, *, strong: bool, label: str, base: Any = 0) -> None:
    """Horizontal bars, likewise."""
    drawn = np.where(np.equal(lengths, 0), np.nan, lengths)
    axes.barh(positions, drawn, 0.62, left=base, label=label, linewidth=0.9, **_fill(strong))


def legend(axes: Axes) -> None:
    """Above the plot, in one line."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2, handlelength=1.2, columnspacing=1)


def only_grid(axes: Axes, axis: str) -> None:
    """Grid lines across one axis, no tick marks."""
    axes.grid(visible=False)
    axes.grid(visible=True, axis=axis)
    axes.tick_params(length=0)


def _fill(strong: bool) -> dict[str, Any]:
    return {"color": WARM, "edgecolor": WARM} if strong else {"color": (COOL, PALE), "edgecolor": COOL}


@contextmanager
def _style() -> Iterator[None]:
    """Ours, whatever the user's matplotlibrc says; names in scripts that the measuring font lacks are no news."""
    with matplotlib.style.context(STYLE, after_reset=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def _themed(svg: str, name: str, alt: str) -> str:
    """The bare `<svg>` element: no prologue, metadata or style sheet of its own; ids that start with the name."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>\s*|<defs>\s*<style.*?</style>\s*</defs>\s*", "", element, flags=re.S)
    element = re.sub(r'(?<=\sid=")|(?<=url\(#)|(?<=href="#)', f"{name}-", element)
    element = re.sub(r"(font(?:-family)?:[^;\"<>]*?)'DejaVu Sans'[^;\"<>]*", rf"\g<1>{FONT}", element)
    for placeholder, variable in VARIABLES.items():
        element = element.replace(placeholder, variable)
    return element.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" stroke-linejoin="round" ', 1).strip()
