"""Robustness of one's own classifier: inputs of every kind, figures, plots, pages, what a notebook shows."""

import json
import math
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from html_page import Page, check_adaptive, check_self_contained
from torch import Tensor, nn

from tiltyard.attacks.result import AttackResult
from tiltyard.contest.threat import Threat
from tiltyard.errors import TiltyardError
from tiltyard.report.robustness import RobustnessReport, evaluate
from tiltyard.report.wilson import wilson
from tiltyard.vision.classifier import Classifier
from tiltyard.vision.data import load_data

THREAT = Threat("linf", 0.15)


class Brightness(nn.Module):
    """Two classes: dark and bright, by the mean of an image in `bounds`."""

    def __init__(self, high: float = 1.0) -> None:
        super().__init__()
        self.bounds = (0.0, high)
        self.slope = nn.Parameter(torch.tensor(10 / high))

    def forward(self, images: Tensor) -> Tensor:
        lead = (images.flatten(1).mean(1) - self.bounds[1] / 2) * self.slope
        return torch.stack([-lead, lead], 1)


def grey(levels: list[float]) -> tuple[Tensor, Tensor]:
    images = torch.tensor(levels).view(-1, 1, 1, 1).expand(-1, 3, 4, 4).contiguous()
    return images, (images[:, 0, 0, 0] > 0.5).long()


LEVELS = [0.1, 0.45, 0.55, 0.9]


@pytest.fixture(scope="module")
def report() -> RobustnessReport:
    data = load_data("digits", items=60)
    return evaluate("pool:digits/undefended", data.tensor(), data.labels, THREAT, gradients=10, forwards=20)


def test_known_model_gets_its_known_robust_accuracy() -> None:
    images, labels = grey(LEVELS)
    found = evaluate(Brightness().eval(), images, labels, Threat("linf", 0.1), gradients=10, forwards=20)
    assert (found.clean_accuracy, found.robust_accuracy, found.success_rate) == (1.0, 0.5, 0.5)
    assert found.rows["robust"].to_list() == [True, False, False, True]
    assert found.robust_interval == wilson(2, 4)


def test_bytes_are_scaled_to_the_range_that_the_model_declares() -> None:
    images, labels = grey(LEVELS)
    raw = (images * 255).round().to(torch.uint8).numpy()
    found = evaluate(Brightness(255.0).eval(), raw, labels.numpy(), Threat("linf", 25.0), gradients=10, forwards=20)
    assert found.robust_accuracy == 0.5
    assert found.robustness.bounds == (0.0, 255.0)
    assert float(found.robustness.images.max()) == pytest.approx(230)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16])
def test_arrays_of_any_float_lists_and_classifiers_are_taken(kind: type) -> None:
    images, labels = grey(LEVELS)
    model = Classifier(Brightness().eval(), name="mine")
    flipped = images.numpy().astype(kind)[::-1]
    found = evaluate(model, flipped, labels.tolist()[::-1], Threat("l2", 0.7), gradients=5, forwards=20)
    assert found.model == "mine"
    assert found.clean_accuracy == 1.0


def test_parameters_keep_their_gradient_flags() -> None:
    model = Brightness().eval()
    images, labels = grey(LEVELS)
    evaluate(model, images, labels, THREAT, gradients=5, forwards=10)
    assert model.slope.requires_grad


@pytest.mark.parametrize(
    ("images", "labels", "told"),
    [
        (np.zeros((2, 3, 4, 4), np.int64), [0, 1], "images are torch.int64"),
        (np.full((2, 3, 4, 4), np.nan), [0, 1], "NaN"),
        (np.zeros((2, 3, 4, 4)), [0.0, 1.0], "one integer an image"),
        (np.zeros((2, 3, 4, 4)), [0, -1], "from 0"),
        (np.zeros((2, 3, 4, 4)), [0], "do not belong together"),
        (np.full((2, 3, 4, 4), 255.0), [0, 1], "the model takes [0, 1]"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(images: np.ndarray, labels: list[int], told: str) -> None:
    with pytest.raises(TiltyardError) as error:
        evaluate(Brightness().eval(), images, labels, THREAT)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_training_mode_and_strange_models_are_refused() -> None:
    images, labels = grey(LEVELS)
    with pytest.raises(TiltyardError, match="training mode"):
        evaluate(Brightness(), images, labels, THREAT)
    with pytest.raises(TiltyardError, match="model reference"):
        evaluate(lambda x: x, images, labels, THREAT)  # type: ignore[arg-type]


def test_same_seed_gives_the_same_rows_and_page_bytes(report: RobustnessReport) -> None:
    assert report.to_html() == report.to_html()
    data = load_data("digits", items=60)
    again = evaluate("pool:digits/undefended", data.tensor(), data.labels, THREAT, gradients=10, forwards=20)
    assert again.rows.equals(report.rows)
    assert again.plots() == report.plots()


def test_figures_are_json_values_with_named_intervals(report: RobustnessReport) -> None:
    figures = report.figures()
    assert figures["items"] == 60
    assert figures["interval"] == "Wilson 95 %"
    low, high = figures["robust_accuracy_interval"]
    assert 0 <= low <= figures["robust_accuracy"] <= high <= 1
    assert figures["gradients_per_image"] <= 10


def test_table_has_a_row_a_figure(report: RobustnessReport) -> None:
    table = report.table()
    assert table.columns == ["figure", "value", "low", "high", "unit"]
    robust = table.row(by_predicate=pl.col("figure") == "robust accuracy")
    assert robust[1:4] == (report.robust_accuracy, *report.robust_interval)


def test_plots_are_svg_elements_by_name(report: RobustnessReport) -> None:
    plots = report.plots()
    assert list(plots) == ["eps", "spending", "accuracy", "distances", "confusion"]
    for svg in plots.values():
        assert svg.startswith("<svg ")
        check_self_contained(Page(svg))


def test_page_is_self_contained_and_adaptive(report: RobustnessReport, tmp_path: Path) -> None:
    path = report.write_html(tmp_path / "robustness.html")
    page = Page(path.read_text(encoding="utf-8"))
    check_self_contained(page)
    check_adaptive(page)
    assert report.checks is not None
    for shown in ("Was the attack strong enough?", *(check.found for check in report.checks.checks)):
        assert shown in page.text
    for shown in ("robust accuracy", "95 % interval", "pool:digits/undefended", "50 of 60 images", "L∞, eps 0.15"):
        assert shown in page.text
    assert "Over budget" not in page.text


def test_notebook_view_and_gallery_are_fragments(report: RobustnessReport) -> None:
    for fragment in (report._repr_html_(), report.gallery):
        page = Page(fragment)
        check_self_contained(page)
        assert "html" not in page.tags()
    assert report.gallery.count("<img") == 3 * 8


def test_styles_of_fragments_stay_inside_them(report: RobustnessReport) -> None:
    style = report._repr_html_().split("<style>")[1].split("</style>")[0]
    selectors = [line for line in style.splitlines() if line.rstrip().endswith("{") and not line.startswith("@")]
    assert all("tiltyard" in line for line in selectors)


def test_figures_carry_curve_accuracies_by_eps_and_checks_as_json(report: RobustnessReport) -> None:
    figures = json.loads(json.dumps(report.figures(), allow_nan=False))
    assert figures["curve"][-1]["gradients"] == figures["gradients_per_image"]
    assert figures["by_eps"][0] == {"eps": 0.0, "accuracy": figures["by_eps"][0]["accuracy"], "broken": 0, "items": 12}
    assert {"name", "verdict", "found", "means"} == set(figures["checks"][0])
    assert figures["verdict"] == report.verdict
    assert figures["verdicts"] == dict(sorted(report.rows["verdict"].value_counts().rows()))


def test_nearest_misses_stand_on_both_sides_of_the_border(report: RobustnessReport) -> None:
    text = Page(report.gallery).text
    assert text.index("Just held") < text.index("Just broken")
    margins = [float(found) for found in re.findall(r"margin ([-+][\d.e-]+)", text)]
    held, broken = margins[:4], margins[4:]
    assert held == sorted(held, reverse=True)
    assert max(held) < 0 < min(broken)
    assert broken == sorted(broken)


def test_a_difference_is_magnified_to_the_full_range(report: RobustnessReport) -> None:
    example = report._nearest["Just held"][0]
    assert example.magnified == pytest.approx(0.5 / 0.15, rel=0.01)


class Rounded(Brightness):
    """Answers for brightness in eight steps: no gradient anywhere."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward((images * 8).round() / 8)


def test_a_doubtful_figure_says_so_beside_itself_on_every_page() -> None:
    images, labels = grey([0.2, 0.3, 0.7, 0.8] * 5)
    found = evaluate(Rounded().eval(), images, labels, Threat("linf", 0.25), attack="pgd", gradients=20, forwards=40)
    assert found.robust_accuracy == 1.0
    assert found.verdict.startswith("doubtful: ")
    assert "gradients are not zero" in found.verdict
    assert "doubtful" in repr(found)
    for source in (found.to_html(), found._repr_html_()):
        page = Page(source)
        assert "! doubtful" in page.text
        assert "verdict doubtful" in page.values("class")
        assert "not shown that gradients are not zero" in page.text


def test_an_unchecked_figure_says_so() -> None:
    images, labels = grey(LEVELS)
    found = evaluate(Brightness().eval(), images, labels, THREAT, gradients=5, forwards=10, checks=False)
    assert found.verdict == "not checked"
    assert (found.figures()["checks"], found.figures()["by_eps"]) == ([], [])
    assert list(found.plots()) == ["spending", "accuracy", "distances", "confusion"]
    assert "not checked" in Page(found.to_html()).text


def greedy(model, images, labels, threat, *, budget, **_):  # type: ignore[no-untyped-def]
    """Asks for more than it may have."""
    from tiltyard.contest.budget import OverBudget

    with suppress(OverBudget):  # an attack that swallows the refusal
        for _ in range(100):
            model(images)
    return AttackResult(images, torch.zeros(len(images), dtype=torch.bool))


def test_an_attack_over_its_budget_is_named_as_such_everywhere() -> None:
    images, labels = grey(LEVELS)
    found = evaluate(Brightness().eval(), images, labels, THREAT, attack=greedy, gradients=1, forwards=2)
    assert found.over_budget
    assert found.figures()["over_budget"]
    assert "over budget" in repr(found)
    for page in (found.to_html(), found._repr_html_()):
        assert "Over budget." in Page(page).text


def test_hostile_names_stay_text() -> None:
    images, labels = grey(LEVELS)
    model = Classifier(Brightness().eval(), name="<script>alert(1)</script>")
    found = evaluate(model, images, labels, THREAT, gradients=5, forwards=10)
    for source in (found.to_html(), found._repr_html_()):
        page = Page(source)
        check_self_contained(page)
        assert "<script>alert(1)</script>" in page.text


@pytest.mark.parametrize("levels", [[0.0], [0.0, 1.0]])
def test_nothing_broken_and_eps_zero_have_a_page(levels: list[float]) -> None:
    images, labels = grey(levels)
    for threat in (Threat("linf", 0.0), Threat("linf", 0.1, targeted=True)):
        found = evaluate(Brightness().eval(), images, labels, threat, gradients=5, forwards=10)
        assert found.robust_accuracy == 1.0
        Page(found.to_html())
        assert "Just held" in found.gallery
        assert "Just broken" not in found.gallery


def test_nothing_classified_correctly_has_a_page() -> None:
    images, labels = grey(LEVELS)
    found = evaluate(Brightness().eval(), images, 1 - labels, THREAT, gradients=5, forwards=10)
    assert (found.clean_accuracy, found.success_rate) == (0.0, 0.0)
    Page(found.to_html())


@pytest.mark.parametrize(("hits", "items"), [(0, 10), (3, 10), (10, 10), (450, 500)])
def test_wilson_bounds_solve_its_equation(hits: int, items: int) -> None:
    share, z = hits / items, 1.959963984540054
    for bound in wilson(hits, items):
        assert math.isclose(abs(share - bound), z * math.sqrt(bound * (1 - bound) / items), abs_tol=1e-8)
