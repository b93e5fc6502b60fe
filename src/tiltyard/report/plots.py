"""The plots of classification under attack: what failed, where, and how far it had to be moved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from markupsafe import Markup
from matplotlib.patches import Rectangle

from tiltyard.report.drawing import INK, WARM, WIDTH, Axes, draw, legend, lying, only_grid, rising, short

MOST_CLASSES = 20
BINS = 20
BEYOND_ONE = 1.0001
"""Float32 rounding may lift a distance of exactly eps above it."""


@dataclass(frozen=True)
class Plot:
    """An SVG and what a reader must know about it."""

    svg: Markup
    caption: str
    note: str = ""


def share_plot(names: Sequence[str], mistakes: Sequence[float], successes: Sequence[float]) -> Plot:
    """Misclassified per cent of each model: clean mistakes, then successes of the attack."""

    def paint(axes: Axes) -> None:
        rows = np.arange(len(names))
        lying(axes, rows, mistakes, strong=False, label="clean mistakes")
        lying(axes, rows, successes, strong=True, label="broken by the attack", base=mistakes)
        for row, total in enumerate(np.add(mistakes, successes)):
            axes.text(total + 1.5, row, f"{total:.1f}", va="center")
        axes.set_yticks(rows, [short(name) for name in names])
        axes.set(xlim=(0, 112), xticks=range(0, 101, 25), xlabel="% of the images", ylim=(len(names) - 0.4, -0.6))
        only_grid(axes, "x")
        legend(axes)

    alt = "Misclassified share of each model: " + ", ".join(
        f"{short(name)} {total:.1f} %" for name, total in zip(names, np.add(mistakes, successes), strict=True)
    )
    return Plot(draw("models", alt, paint, height=max(1.6, 1.0 + 0.34 * len(names))), "Misclassified, by model")


def class_plot(rows: pl.DataFrame) -> Plot:
    """Misclassified per cent of each true class over all models, from columns data, label, predicted, misclassified."""
    shares = _class_shares(rows)
    left_out = len(shares) - MOST_CLASSES
    if left_out > 0:
        shares = shares.sort("total", "data", "label", descending=[True, False, False]).head(MOST_CLASSES)
    several = shares["data"].n_unique() > 1
    names = [f"{data} {label}" if several else str(label) for data, label in shares.select("data", "label").rows()]
    places = np.arange(len(names))
    mistakes, successes = shares["mistakes"].to_numpy(), shares["successes"].to_numpy()

    def paint(axes: Axes) -> None:
        rising(axes, places, mistakes, strong=False, label="clean mistakes", width=0.7)
        rising(axes, places, successes, strong=True, label="broken by the attack", base=mistakes, width=0.7)
        axes.set_xticks(places, [short(name, 12) for name in names], rotation=90 if several or len(names) > 12 else 0)
        axes.set(ylim=(0, 100), xlabel="true class", ylabel="% of the images")
        only_grid(axes, "y")
        legend(axes)

    alt = "Misclassified share of each true class: " + ", ".join(
        f"{name} {total:.0f} %" for name, total in zip(names, shares["total"], strict=True)
    )
    return Plot(draw("classes", alt, paint), "Misclassified, by true class", worst_of(left_out))


def worst_of(left_out: int) -> str:
    """The note of a plot that shows some classes only."""
    return f"The {MOST_CLASSES} worst classes; {left_out} more." if left_out > 0 else ""


def _class_shares(rows: pl.DataFrame) -> pl.DataFrame:
    wrong, clean = pl.col("misclassified"), pl.col("predicted") == pl.col("label")
    return (
        rows.group_by("data", "label")
        .agg(mistakes=100 * (wrong & ~clean).mean(), successes=100 * (wrong & clean).mean(), total=100 * wrong.mean())
        .sort("data", "label")
    )


def distance_plot(broken: Sequence[float], robust: Sequence[float], *, norm: str) -> Plot:
    """How far correctly classified images were moved, as a share of eps, apart by whether that broke them."""
    farthest = max([1.0, *broken, *robust])
    edges = np.linspace(0, 1 if farthest <= BEYOND_ONE else farthest, BINS + 1)
    counts = [np.histogram(np.minimum(values, edges[-1]), edges)[0] for values in (broken, robust)]
    middles, width = (edges[:-1] + edges[1:]) / 2, edges[1] * 0.9

    def paint(axes: Axes) -> None:
        rising(axes, middles, counts[1], strong=False, label="withstood", width=width)
        rising(axes, middles, counts[0], strong=True, label="broken", base=counts[1], width=width)
        axes.set(xlim=(0, edges[-1]), xlabel=f"{norm} distance / eps", ylabel="images")
        axes.yaxis.get_major_locator().set_params(integer=True)
        only_grid(axes, "y")
        legend(axes)

    alt = f"Histogram of distances: {len(broken)} images were broken, {len(robust)} withstood"
    return Plot(draw("distances", alt, paint), "How far images were moved", "Correctly classified ones only.")


def accuracy_plot(labels: Sequence[int], clean: Sequence[float], robust: Sequence[float]) -> Plot:
    """Clean and robust accuracy, in per cent, of each true class."""
    places = np.arange(len(labels))

    def paint(axes: Axes) -> None:
        rising(axes, places - 0.2, clean, strong=False, label="clean", width=0.38)
        rising(axes, places + 0.2, robust, strong=True, label="under attack", width=0.38)
        axes.set_xticks(places, [str(label) for label in labels], rotation=90 if len(labels) > 12 else 0)
        axes.set(ylim=(0, 100), xlabel="true class", ylabel="accuracy in %")
        only_grid(axes, "y")
        legend(axes)

    alt = "Accuracy of each true class, clean and under attack: " + ", ".join(
        f"{label}: {one:.0f} and {other:.0f} %" for label, one, other in zip(labels, clean, robust, strict=True)
    )
    return Plot(draw("accuracy", alt, paint), "Accuracy, by true class")


def confusion_plot(labels: Sequence[int], answers: Sequence[int], shares: dict[tuple[int, int], float]) -> Plot:
    """What each true class is taken for under attack: shares of its images, dark for many."""
    rows = {label: place for place, label in enumerate(labels)}
    columns = {answer: place for place, answer in enumerate(answers)}

    def paint(axes: Axes) -> None:
        for (label, answer), share in sorted(shares.items()):
            corner = (columns[answer] - 0.5, rows[label] - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=(WARM, max(0.1, share)), edgecolor="none"))
            if label == answer:
                axes.add_patch(Rectangle(corner, 1, 1, facecolor="none", edgecolor=INK, linewidth=0.8))
        axes.set_xticks(range(len(answers)), [str(answer) for answer in answers])
        axes.set_yticks(range(len(labels)), [str(label) for label in labels])
        axes.set(xlim=(-0.5, len(answers) - 0.5), ylim=(len(labels) - 0.5, -0.5))
        axes.set(xlabel="taken for, under attack", ylabel="true class")
        axes.grid(visible=False)
        axes.tick_params(length=0)

    alt = "What each true class is most often taken for under attack: " + ", ".join(
        f"{label} for {max(answers, key=lambda answer: shares.get((label, answer), 0.0))}" for label in labels
    )
    svg = draw("confusion", alt, paint, height=min(WIDTH, 1.1 + 0.2 * len(labels)))
    return Plot(
        svg, "Answers under attack", "Outlined: the right one. The stronger, the larger the share of the class."
    )
