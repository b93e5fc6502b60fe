"""Robustness of one's own classifier in one call: figures, table, plots, a page, and what a notebook shows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tiltyard.attacks.result import Attack, Progress
from tiltyard.attacks.robustness import Robustness, measure_robustness
from tiltyard.contest.evaluation import write_atomically
from tiltyard.contest.threat import Threat
from tiltyard.errors import TiltyardError
from tiltyard.report.page import render
from tiltyard.report.pictures import MANY, Example, examples
from tiltyard.report.plots import MOST_CLASSES, Plot, accuracy_plot, confusion_plot, distance_plot, worst_of
from tiltyard.report.whitebox import NORMS
from tiltyard.report.wilson import wilson
from tiltyard.vision.classifier import Classifier, declared_range
from tiltyard.vision.references import load_model

MOST_VERDICTS = 50
INTERVAL = "Wilson 95 %"
Images = NDArray[Any] | Tensor
Labels = NDArray[Any] | Tensor | Sequence[int]
TABLE = {"figure": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "unit": pl.String}


def evaluate(
    model: str | Classifier | nn.Module,
    images: Images,
    labels: Labels,
    threat: Threat,
    *,
    attack: str | Attack = "pgd",
    gradients: float = 100,
    forwards: float = 200,
    batch_size: int = 128,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
) -> "RobustnessReport":
    """Attacks a classifier and reports its clean and robust accuracy, image by image.

    `model` is a model reference (`file.py:function`, `pool:digits/pgd_at`, `timm:NAME`, …), a `Classifier`, or a module
    in eval mode whose range is 0–1 unless it declares `bounds` or `x_min` and `x_max`. `images` are (n, c, h, w):
    floats in the model's range, or uint8, which is scaled to it. `labels` are (n,) integers. `threat.eps` is in the
    model's units. `gradients` and `forwards` are averages an image over the whole run; the total is enforced. Raises
    TiltyardError where model, images and labels do not fit, ReferenceFailed where a reference leads nowhere.
    """
    classifier = _classifier(model)
    inputs, truth = _inputs(images, classifier), _truth(labels)
    with _gradient_flags_kept(classifier.module):
        found = measure_robustness(
            classifier, inputs, truth, threat, attack=attack, gradients=gradients, forwards=forwards,
            batch_size=batch_size, seed=seed, device=device, progress=progress,
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
        """Whether the attack asked for more than its budget: what it had not attacked by then counts as it was."""
        return self.robustness.over_budget

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
        """One line an image: item, label, predicted, attacked, clean, robust, distance, and the target if there is."""
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
        """SVGs by name: `accuracy` and `distances`, and `confusion` where there are at most 20 classes."""
        return {name: str(plot.svg) for name, plot in self._plots.items()}

    @property
    def gallery(self) -> str:
        """A fragment of HTML: images that the attack broke, beside what it made of them."""
        return render("gallery.html.j2", examples=self._examples)

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
        return (
            f"RobustnessReport({self.model}: clean {self.clean_accuracy:.1%}, robust {self.robust_accuracy:.1%} "
            f"under {self._threat}, {len(self.rows)} images{budget})"
        )

    def _context(self) -> dict[str, Any]:
        return {
            "report": self,
            "found": self.robustness,
            "figures": self.figures(),
            "threat": self._threat,
            "plots": list(self._plots.values()),
            "examples": self._examples,
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
        plots = {"accuracy": self._accuracy_plot()}
        threat, clean = self.robustness.threat, self.rows.filter("clean")
        if len(clean) and threat.eps > 0:
            broken, robust = (
                (clean.filter(pl.col("robust") == held)["distance"] / threat.eps).to_list() for held in (False, True)
            )
            plots["distances"] = distance_plot(broken, robust, norm=NORMS[threat.norm])
        if max(self.rows["label"].n_unique(), self.rows["attacked"].n_unique()) <= MOST_CLASSES:
            plots["confusion"] = self._confusion_plot()
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
    def _examples(self) -> list[Example]:
        chosen = self._broken["item"].to_list()[:MANY]
        found = self.robustness
        return examples(
            found.images[chosen].numpy(),
            found.examples[chosen].numpy(),
            self._broken["label"].to_list(),
            self._broken["attacked"].to_list(),
            found.bounds,
        )

    def _verdicts(self) -> list[dict[str, Any]]:
        """The first images, those that the attack broke before the others."""
        fate = pl.when(~pl.col("clean")).then(1).when(pl.col("robust")).then(2).otherwise(0).alias("fate")
        return self.rows.with_columns(fate).sort("fate", "item").head(MOST_VERDICTS).to_dicts()


def _classifier(model: str | Classifier | nn.Module) -> Classifier:
    if isinstance(model, str):
        return load_model(model)
    if isinstance(model, Classifier):
        return model
    if isinstance(model, nn.Module):
        return Classifier(model, *declared_range(model), type(model).__name__)
    raise TiltyardError(f"the model is {type(model).__name__}: give a model reference, a Classifier or a torch module")


def _inputs(images: Images, model: Classifier) -> Tensor:
    """Float32 in the model's range; integers other than uint8 have no agreed scale."""
    given = images if isinstance(images, Tensor) else torch.from_numpy(np.ascontiguousarray(images))
    if given.dtype == torch.uint8:
        return model.to_range(given)
    if not given.is_floating_point():
        raise TiltyardError(f"images are {given.dtype}: give uint8 in 0–255, or floats in the model's range")
    if not bool(torch.isfinite(given).all()):
        raise TiltyardError("images hold NaN or infinite values")
    return given.detach().float()


def _truth(labels: Labels) -> Tensor:
    given = labels if isinstance(labels, Tensor) else torch.from_numpy(np.array(labels))
    if given.dim() != 1 or given.is_floating_point() or given.is_complex() or given.dtype == torch.bool:
        raise TiltyardError(f"labels are {given.dtype} of shape {tuple(given.shape)}: give one integer an image")
    if len(given) and int(given.min()) < 0:
        raise TiltyardError("labels must be integers from 0")
    return given.long()


@contextmanager
def _gradient_flags_kept(module: nn.Module) -> Iterator[None]:
    """Measuring freezes the parameters; the caller's model is given back as it came."""
    wanted = [parameter for parameter in module.parameters() if parameter.requires_grad]
    try:
        yield
    finally:
        for parameter in wanted:
            parameter.requires_grad_(True)
