"""The curve of a training run: a CSV, and the same drawn."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STYLES = ("-", "--")


@dataclass(frozen=True)
class Drawn:
    """Which columns of a curve are drawn beside its `loss`, and what is written at the axes."""

    along: str
    qualities: tuple[str, ...]
    """At most two, on one axis."""
    along_label: str
    quality_label: str


def write_curve(curve: Sequence[Mapping[str, float]], path: Path, drawn: Drawn) -> None:
    """Writes the curve to `path` (CSV), and drawn beside it (SVG)."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(curve[0]))
        writer.writeheader()
        writer.writerows(curve)
    _draw(curve, path.with_suffix(".svg"), drawn)


def _draw(curve: Sequence[Mapping[str, float]], path: Path, drawn: Drawn) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.2), layout="constrained")
    loss = figure.subplots()
    quality = loss.twinx()
    along = [line[drawn.along] for line in curve]
    loss.plot(along, [line["loss"] for line in curve], color="#b45309")
    for name, style in zip(drawn.qualities, STYLES, strict=False):
        quality.plot(along, [line[name] for line in curve], style, color="#1d4ed8", label=name)
    if len(drawn.qualities) > 1:
        quality.legend(loc="center right", frameon=False)
    loss.set_xlabel(drawn.along_label)
    loss.set_ylabel("training loss", color="#b45309")
    quality.set_ylabel(drawn.quality_label, color="#1d4ed8")
    with mpl.rc_context({"svg.hashsalt": "tiltyard"}):
        figure.savefig(path, metadata={"Date": None})
