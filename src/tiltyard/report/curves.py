"""Robust accuracy as a curve: against eps, and against what the attack spent."""

from collections.abc import Sequence

from tiltyard.attacks.checks import Rung
from tiltyard.attacks.checks.ladder import FACTORS, FORWARDS, GRADIENTS
from tiltyard.attacks.result import Point
from tiltyard.contest.threat import Threat
from tiltyard.report.drawing import COOL, INK, PALE, WARM, Axes, draw, only_grid
from tiltyard.report.plots import BEYOND_ONE, Plot
from tiltyard.report.wilson import wilson


def eps_plot(rungs: Sequence[Rung], threat: Threat, *, attack: str) -> Plot:
    """Accuracy at a ladder of eps up to 4 × eps, with Wilson intervals; a line marks the eps of the evaluation."""
    shown = [rung for rung in rungs if rung.eps <= FACTORS[-1] * threat.eps * BEYOND_ONE]
    across = [rung.eps for rung in shown]
    ends = [wilson(round(rung.accuracy * rung.items), rung.items) for rung in shown]

    def paint(axes: Axes) -> None:
        axes.fill_between(
            across, *zip(*[(100 * low, 100 * high) for low, high in ends], strict=True), color=(COOL, PALE), linewidth=0
        )
        axes.plot(across, [100 * rung.accuracy for rung in shown], color=COOL, marker="o", markersize=4)
        axes.axvline(threat.eps, color=INK, linewidth=0.9, linestyle="--")
        axes.text(threat.eps, 103, "eps", ha="center", va="bottom", fontsize=9.5)
        axes.set(xlim=(0, None), ylim=(0, 102), xlabel="eps", ylabel="accuracy in %")
        only_grid(axes, "y")

    alt = "Accuracy against eps: " + ", ".join(f"{100 * rung.accuracy:.0f} % at {rung.eps:.4g}" for rung in shown)
    note = (
        f"{shown[0].items} images, {attack} with at most {FORWARDS} forwards and {GRADIENTS} gradients an image at "
        "each eps. What breaks an image counts at every larger eps. Band: Wilson 95 %."
    )
    return Plot(draw("eps", alt, paint), "Robust accuracy, by eps", note)


def spending_plot(curve: Sequence[Point], images: int, *, targeted: bool) -> Plot:
    """Share of images that still held when so many passes an image had been spent, as steps."""
    passes = [(point.forwards + point.backwards) / images for point in curve]
    left = [100 * (1 - point.broken / images) for point in curve]

    def paint(axes: Axes) -> None:
        axes.step(passes, left, where="post", color=WARM)
        axes.set(xlim=(0, None), ylim=(0, 102), xlabel="passes an image (forwards + gradients)")
        axes.set(ylabel="target not reached, %" if targeted else "accuracy in %")
        only_grid(axes, "y")

    alt = f"Images that held against passes spent: {left[0]:.0f} % at first, {left[-1]:.0f} % after {passes[-1]:.0f}"
    return Plot(
        draw("spending", alt, paint), "Robust accuracy, by spending", "If it still falls at the right end, spend more."
    )
