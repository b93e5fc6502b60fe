"""The plots of a forgery evaluation: how figures are spread over images, and what each kind of forgery scored."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tiltyard.report.drawing import Axes, draw, legend, lying, only_grid, rising, short
from tiltyard.report.plots import Plot

BINS = 20


def histogram(first: str, second: str, firsts: Any, seconds: Any) -> Plot:
    """How two figures in [0, 1] are spread over forged images."""
    edges = np.linspace(0, 1, BINS + 1)
    counts, middles = [np.histogram(values, edges)[0] for values in (firsts, seconds)], (edges[:-1] + edges[1:]) / 2

    def paint(axes: Axes) -> None:
        rising(axes, middles - 0.011, counts[0], strong=False, label=first, width=0.02)
        rising(axes, middles + 0.011, counts[1], strong=True, label=second, width=0.02)
        axes.set(xlim=(0, 1), xlabel=f"{first} and {second} of an image", ylabel="images")
        axes.yaxis.get_major_locator().set_params(integer=True)
        only_grid(axes, "y")
        legend(axes)

    medians = f"median {first} {np.median(firsts):.2f}, {second} {np.median(seconds):.2f}"
    alt = f"Histograms over {len(firsts)} images: {medians}"
    return Plot(draw("distribution", alt, paint), "Forged images, by what they scored")


def auc_plot(values: Any) -> Plot:
    """How pixel AUC is spread over forged images."""
    edges = np.linspace(0, 1, BINS + 1)
    counts = np.histogram(values, edges)[0]

    def paint(axes: Axes) -> None:
        rising(axes, (edges[:-1] + edges[1:]) / 2, counts, strong=True, label="images", width=0.045)
        axes.set(xlim=(0, 1), xlabel="pixel AUC of an image (0.5: chance)", ylabel="images")
        axes.yaxis.get_major_locator().set_params(integer=True)
        only_grid(axes, "y")

    alt = f"Histogram of pixel AUC over {len(values)} images: median {np.median(values):.2f}"
    return Plot(draw("distribution", alt, paint), "Forged images, by pixel AUC")


def kind_plot(parts: Sequence[Mapping[str, Any]], *, binary: bool) -> Plot:
    """The mean figures of each kind of forgery."""
    names, places = [short(str(part["name"])) for part in parts], np.arange(len(parts))

    def paint(axes: Axes) -> None:
        if binary:
            iou = np.array([part["iou"] for part in parts])
            lying(axes, places, iou, strong=True, label="IoU")
            lying(axes, places, [part["f1"] for part in parts], strong=False, label="F1", base=iou)
            legend(axes)
        else:
            lying(axes, places, [part.get("auc", 0.0) for part in parts], strong=True, label="AUC")
        axes.set_yticks(places, names)
        axes.set(xlim=(0, 2 if binary else 1), xlabel="mean of IoU + F1" if binary else "mean pixel AUC")
        axes.set(ylim=(len(parts) - 0.4, -0.6))
        only_grid(axes, "x")

    alt = "Mean by kind: " + ", ".join(
        f"{name} {part['f1'] + part['iou'] if binary else part.get('auc', 0.0):.2f}"
        for name, part in zip(names, parts, strict=True)
    )
    return Plot(draw("kinds", alt, paint, height=max(1.6, 1.0 + 0.34 * len(parts))), "By kind of forgery")
