"""Robustness of one's own classifier in one call: figures, table, plots, a page, and what a notebook shows."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from torch import nn

from tiltyard.attacks.catalogue import DEFAULT_ATTACK
from tiltyard.attacks.checks import Checks
from tiltyard.attacks.result import Attack, Progress
from tiltyard.attacks.robustness import Robustness, measure_robustness, turns
from tiltyard.contest.evaluation import write_atomically
from tiltyard.contest.threat import Threat
from tiltyard.report.curves import eps_plot, spending_plot
from tiltyard.report.inputs import Images, Labels, as_classifier, as_inputs, as_labels, gradient_flags_kept
from tiltyard.report.page import render
from tiltyard.report.pictures import NEAREST, Example, examples
from tiltyard.report.plots import MOST_CLASSES, Plot, accuracy_plot, confusion_plot, distance_plot, worst_of
from tiltyard.report.whitebox import NORMS
from tiltyard.report.wilson import wilson
from tiltyard.vision.classifier import Classifier

MOST_VERDICTS = 50
INTERVAL = "Wilson 95 %"
TABLE = {"figure": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "unit": pl.String}


def evaluate(
    model: str | Classifier | nn.Module,
    images: Images,
    labels: Labels,
    threat: Threat,
    *,
    attack: str | Attack = DEFAULT_ATTACK,
    gradients: float | None = None,
    forwards: float | None = None,
    batch_size: int = 128,
    seed: int = 0,
    device: str = "cpu",
    checks: bool = True,
    progress: Progress | None = None,
    check_progress: Progress | None = None,
) -> "RobustnessReport":
    """Attacks a classifier and reports its clean and robust accuracy, image by image.

    `model` is a model reference (`file.py:function`, `pool:digits/pgd_at`, `timm:NAME`, …), a `Classifier`, or a module
    in eval mode whose range is 0–1 unless it declares `bounds` or `x_min` and `x_max`. `images` are (n, c, h, w):
    floats in the model's range, or uint8, which is scaled to it. `labels` are (n,) integers. `threat.eps` is in the
    model's units. `gradients` and `forwards` are averages an image over the whole run; the total is enforced. By
    default they are 100 and 200, but as many as `autoattack` and `autoattack_rand` take to their end. `checks` look for
    signs that the attack was weak, at about a third of its passes, which are booked apart; where images or budget are
    few it is more. Raises TiltyardError where model, images and labels do not fit, ReferenceFailed where a reference
    leads nowhere.
    """
    classifier = as_classifier(model)
    inputs, truth = as_inputs(images, classifier), as_labels(labels)
    with gradient_flags_kept(classifier.module):
        found = measure_robustness(
            classifier, inputs, truth, threat, attack=attack, gradients=gradients, forwards=forwards,
            batch_size=batch_size, seed=seed, device=device, checks=checks, progress=progress,
            check_progress=check_progress,
        )  # fmt: skip
    return RobustnessReport(found, model if isinstance(model, str) else classifier.name)


@dataclass(frozen=True, repr=False, eq=False)
class RobustnessReport:
    """What `evaluate` found, as figures, tables, plots and pages. `robustness` holds the rows and the examples."""

    robustness: Robustness
    model: str = "model"

    @property
    def clean_accuracy(self) -> float:
        return self.robustness.clean_accuracy

    @property
    def robust_accuracy(self) -> float:
        return self.robustness.robust_accuracy

    @property
    def over_budget(self) -> bool:
        """Whether the attack asked for more than its budget; where that ended it, every image counts as it was."""
        return self.robustness.over_budget

    @property
    def checks(self) -> Checks | None:
        """What the checks found; None where they were not wanted."""
        return self.robustness.checks

    @property
    def verdict(self) -> str:
        """`no reason to doubt`, `doubtful: …` with the checks that doubt the figure, or `not checked`."""
        return self.checks.verdict if self.checks else "not checked"

    @property
    def clean_interval(self) -> tuple[float, float]:
        """95 % interval of the clean accuracy, by Wilson's score method."""
        return self._interval("clean")

    @property
    def robust_interval(self) -> tuple[float, float]:
        """95 % interval of the robust accuracy, by Wilson's score method: over images, not over attacks."""
        return self._interval("robust")

    @property
    def success_rate(self) -> float:
        """Share of the correctly classified images that the attack broke; 0 where there are none."""
        clean = int(self.rows["clean"].sum())
        return len(self._broken) / clean if clean else 0.0

    @property
    def rows(self) -> pl.DataFrame:
        """One line an image: what it is taken for, how far it was moved, its margin and verdict; see `Robustness`."""
        return self.robustness.rows

    def figures(self) -> dict[str, Any]:
        """The figures as JSON values: accuracies and intervals as fractions, spending an image, eps in model units."""
        return {
            "model": self.model,
            **self.robustness.figures(),
            "clean_accuracy_interval": list(self.clean_interval),
            "robust_accuracy_interval": list(self.robust_interval),
            "interval": INTERVAL,
            "success_rate": self.success_rate,
        }

    def table(self) -> pl.DataFrame:
        """A row a figure: `figure`, `value`, `low` and `high` (Wilson 95 %, null where there is none), `unit`."""
        found = self.robustness.figures()
        accuracies = [
            ("clean accuracy", self.clean_accuracy, *self.clean_interval, "fraction"),
            ("robust accuracy", self.robust_accuracy, *self.robust_interval, "fraction"),
            ("attack success rate", self.success_rate, None, None, "fraction"),
        ]
        others = [
            ("median distance of broken images", self._median_distance(), None, None, "model units"),
            ("images", float(found["items"]), None, None, "images"),
            ("forwards per image", found["forwards_per_image"], None, None, "passes"),
            ("gradients per image", found["gradients_per_image"], None, None, "passes"),
            ("attack time", found["seconds"], None, None, "s"),
        ]
        return pl.DataFrame([*accuracies, *others], schema=TABLE, orient="row")

    def plots(self) -> dict[str, str]:
        """SVGs by name: `eps` (with checks), `spending` (where the attack keeps a curve), `accuracy`, `distances`,
        and `confusion` where there are at most 20 classes.
        """
        return {name: str(plot.svg) for name, plot in self._plots.items()}

    @property
    def gallery(self) -> str:
        """A fragment of HTML: the nearest misses, images that held and images that broke by the smallest margins."""
        return render("gallery.html.j2", nearest=self._nearest)

    def to_html(self) -> str:
        """The whole report as one self-contained page."""
        return render("robustness.html.j2", **self._context(), verdicts=self._verdicts(), most=MOST_VERDICTS)

    def write_html(self, path: str | Path) -> Path:
        """Writes the page and returns its path."""
        target = Path(path)
        write_atomically(target, self.to_html().encode())
        return target

    def _repr_html_(self) -> str:
        return render("notebook.html.j2", **self._context())

    def __repr__(self) -> str:
        budget = ", over budget" if self.over_budget else ""
        doubt = f"; {self.verdict}" if self.checks else ""
        return (
            f"RobustnessReport({self.model}: clean {self.clean_accuracy:.1%}, robust {self.robust_accuracy:.1%} "
            f"under {self._threat}, {len(self.rows)} images{budget}{doubt})"
        )

    def _context(self) -> dict[str, Any]:
        return {
            "report": self,
            "found": self.robustness,
            "figures": self.figures(),
            "threat": self._threat,
            "plots": list(self._plots.values()),
            "checks": self.checks,
            "nearest": self._nearest,
            "median": self._median_distance(),
        }

    @property
    def _threat(self) -> str:
        threat = self.robustness.threat
        return f"{NORMS[threat.norm]}, eps {threat.eps:.4g}{', targeted' if threat.targeted else ''}"

    @cached_property
    def _broken(self) -> pl.DataFrame:
        return self.rows.filter(pl.col("clean") & ~pl.col("robust"))

    def _interval(self, column: str) -> tuple[float, float]:
        return wilson(int(self.rows[column].sum()), len(self.rows))

    def _median_distance(self) -> float | None:
        return float(np.median(self._broken["distance"].to_numpy())) if len(self._broken) else None

    @cached_property
    def _plots(self) -> dict[str, Plot]:
        plots = {**self._curves(), "accuracy": self._accuracy_plot()}
        threat, clean = self.robustness.threat, self.rows.filter("clean")
        if len(clean) and threat.eps > 0:
            broken, robust = (
                (clean.filter(pl.col("robust") == held)["distance"] / threat.eps).to_list() for held in (False, True)
            )
            plots["distances"] = distance_plot(broken, robust, norm=NORMS[threat.norm])
        if max(self.rows["label"].n_unique(), self.rows["attacked"].n_unique()) <= MOST_CLASSES:
            plots["confusion"] = self._confusion_plot()
        return plots

    def _curves(self) -> dict[str, Plot]:
        found, plots = self.robustness, dict[str, Plot]()
        if self.checks and len(self.checks.by_eps) > 2:
            plots["eps"] = eps_plot(self.checks.by_eps, found.threat, attack=self.checks.by_eps_attack)
        if found.curve:
            plots["spending"] = spending_plot(turns(found.curve), len(self.rows), targeted=found.threat.targeted)
        return plots

    def _accuracy_plot(self) -> Plot:
        by_class = self.rows.group_by("label").agg(pl.col("clean", "robust").mean() * 100).sort("label")
        left_out = len(by_class) - MOST_CLASSES
        if left_out > 0:
            by_class = by_class.sort("robust", "label").head(MOST_CLASSES)
        plot = accuracy_plot(by_class["label"].to_list(), by_class["clean"].to_list(), by_class["robust"].to_list())
        return replace(plot, note=worst_of(left_out))

    def _confusion_plot(self) -> Plot:
        totals = dict(self.rows.group_by("label").len().rows())
        pairs = {
            (row[0], row[1]): row[2] / totals[row[0]] for row in self.rows.group_by("label", "attacked").len().rows()
        }
        return confusion_plot(sorted(totals), sorted(set(self.rows["attacked"]) | set(totals)), pairs)

    @cached_property
    def _nearest(self) -> dict[str, list[Example]]:
        """By heading: what just held and what just broke."""
        held = self.rows.filter("robust").sort("margin", "item", descending=[True, False])
        broken = self._broken.sort("margin", "item")
        groups = {"Just held": held.head(NEAREST), "Just broken": broken.head(NEAREST)}
        return {heading: self._pictures(rows) for heading, rows in groups.items() if len(rows)}

    def _pictures(self, rows: pl.DataFrame) -> list[Example]:
        found, chosen = self.robustness, rows["item"].to_list()
        return examples(
            found.images[chosen].numpy(),
            found.examples[chosen].numpy(),
            rows["label"].to_list(),
            rows["attacked"].to_list(),
            found.bounds,
            margins=rows["margin"].to_list(),
        )

    def _verdicts(self) -> list[dict[str, Any]]:
        """The first images, those that the attack broke before the others."""
        order = pl.when(pl.col("robust")).then(2).when("clean").then(0).otherwise(1).alias("order")
        return self.rows.with_columns(order).sort("order", "item").head(MOST_VERDICTS).to_dicts()
