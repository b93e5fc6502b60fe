"""Robustness of one's own classifier: figures that follow from the rows, under a budget that binds every attack."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tiltyard.attacks import AttackResult, Threat, pgd
from tiltyard.attacks.robustness import Robustness, measure_robustness
from tiltyard.contest.budget import Budget
from tiltyard.errors import TiltyardError
from tiltyard.vision.classifier import Classifier

CLASSES = 4


def network() -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(nn.Flatten(), nn.Linear(9, 16), nn.Tanh(), nn.Linear(16, CLASSES)).eval()


def images(count: int = 30) -> Tensor:
    return torch.rand((count, 1, 3, 3), generator=torch.Generator().manual_seed(0))


def labels() -> Tensor:
    found = network()(images()).argmax(1)
    found[::10] = (found[::10] + 1) % CLASSES
    return found


def measured(attack: Any = "pgd", *, eps: float = 0.1, norm: str = "linf", targeted: bool = False, **options: Any
             ) -> Robustness:  # fmt: skip
    threat = Threat(norm, eps, targeted)  # type: ignore[arg-type]
    return measure_robustness(Classifier(network()), images(), labels(), threat, attack=attack, checks=False, **options)


def far_away(model: Any, x: Tensor, y: Tensor, threat: Threat, **options: Any) -> AttackResult:
    """Leaves the ball and claims success."""
    return AttackResult(x + 100.0, torch.ones(len(x), dtype=torch.bool))


def bounded_pgd(model: Any, x: Tensor, y: Tensor, threat: Threat, **options: Any) -> AttackResult:
    return pgd(model, x, y, threat, **options, steps=2, restarts=1)


def greedy(model: Any, x: Tensor, y: Tensor, threat: Threat, **options: Any) -> AttackResult:
    """Asks until it is refused, and does not expect it."""
    while True:
        model(x)


class TestFigures:
    def test_accuracies_are_shares_of_the_rows(self) -> None:
        found = measured()
        assert found.clean_accuracy == pytest.approx(0.9)
        assert found.robust_accuracy == found.rows.filter("robust").height / 30
        assert 0 < found.robust_accuracy < found.clean_accuracy
        assert (found.rows["attacked"] == found.rows["label"]).to_list() == found.rows["robust"].to_list()
        figures = found.figures()
        assert figures["items"] == 30
        assert (figures["eps"], figures["norm"], figures["attack"], figures["seed"]) == (0.1, "linf", "pgd", 0)
        assert figures["forwards_per_image"] == found.spent.forwards / 30

    def test_spending_per_image_sums_to_the_meter_and_stays_below_the_average_allowed(self) -> None:
        found = measured(gradients=10, forwards=20)
        assert Budget(found.rows["forwards"].sum(), found.rows["gradients"].sum()) == found.spent
        assert Budget(600, 300).covers(found.spent)
        assert not found.over_budget

    @pytest.mark.parametrize("norm", ["linf", "l2"])
    def test_no_row_is_farther_than_eps(self, norm: str) -> None:
        found = measured(norm=norm, eps=0.2)
        assert found.rows["distance"].max() <= 0.2 * (1 + 1e-5)  # type: ignore[operator]
        assert found.examples.shape == found.images.shape

    def test_eps_zero_costs_no_accuracy_and_a_huge_one_all(self) -> None:
        assert measured(eps=0.0).robust_accuracy == measured(eps=0.0).clean_accuracy
        assert measured(eps=5.0).robust_accuracy == 0

    def test_the_same_seed_gives_the_same_rows(self) -> None:
        assert measured(seed=1).rows.equals(measured(seed=1).rows)
        assert not measured(seed=1).rows.equals(measured(seed=2).rows)

    def test_targeted_a_row_has_a_target_that_is_not_its_label(self) -> None:
        found = measured(targeted=True, eps=0.3)
        assert (found.rows["target"] != found.rows["label"]).all()
        assert set(found.rows["target"]) <= set(range(CLASSES))
        hit = found.rows["attacked"] == found.rows["target"]
        clean = found.rows["clean"]
        assert found.rows["robust"].to_list() == (clean & ~hit).to_list()
        assert hit.any()


class TestVerdicts:
    def test_whoever_would_have_gone_on_is_out_of_budget(self) -> None:
        rows = measured(gradients=10, forwards=20).rows
        assert set(rows["verdict"]) == {"misclassified", "broken", "out of budget"}
        assert (rows["verdict"] == "misclassified").to_list() == (~rows["clean"]).to_list()
        assert (rows["verdict"] == "broken").to_list() == (rows["clean"] & ~rows["robust"]).to_list()

    def test_whoever_held_when_the_attack_ended_by_itself_resisted(self) -> None:
        rows = measured("baseline", eps=0.05).rows.filter("robust")
        assert len(rows)
        assert set(rows["verdict"]) <= {"resisted", "held"}
        assert set(measured(bounded_pgd, eps=0.05).rows.filter("robust")["verdict"]) == {"resisted"}

    def test_an_attack_that_does_not_tell_leaves_images_held(self) -> None:
        assert set(measured(far_away, eps=0.01).rows.filter("robust")["verdict"]) == {"held"}

    def test_whoever_held_when_the_meter_stopped_the_attack_is_out_of_budget(self) -> None:
        assert set(measured(greedy, forwards=3, gradients=1).rows.filter("robust")["verdict"]) == {"out of budget"}

    @pytest.mark.parametrize("targeted", [False, True])
    def test_the_margin_is_above_zero_where_the_attack_has_won(self, targeted: bool) -> None:
        rows = measured(targeted=targeted, eps=0.2).rows
        goal = rows["target"] if targeted else rows["label"]
        assert ((rows["attacked"] == goal) == targeted).to_list() == (rows["margin"] > 0).to_list()


class TestCurve:
    def test_its_last_point_is_what_was_spent_and_it_never_falls(self) -> None:
        found = measured(gradients=10, forwards=20)
        last = found.curve[-1]
        assert Budget(last.forwards, last.backwards) == found.spent
        curve = found.figures()["curve"]
        broken = [point["broken"] for point in curve]
        assert broken == sorted(broken)
        assert curve[-1]["forwards"] == found.spent.forwards / 30


def test_a_model_that_no_gradient_leads_through_is_attacked_all_the_same() -> None:
    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network()

        def forward(self, x: Tensor) -> Tensor:
            return self.network(x.detach())

    found = measure_robustness(Classifier(Cut().eval()), images(), labels(), Threat("linf", 0.1), checks=False)
    assert found.spent.backwards > 0


class TestTheVerdictIsOurs:
    def test_what_an_attack_returns_is_put_into_ball_and_range_and_judged(self) -> None:
        found = measured(far_away, eps=0.01)
        assert found.attack == "far_away"
        assert float(found.examples.max()) <= 1
        assert found.rows["distance"].max() <= 0.01 + 1e-6  # type: ignore[operator]
        assert found.robust_accuracy > 0.5

    def test_an_attack_that_goes_on_asking_is_stopped_and_its_images_count_as_they_were(self) -> None:
        found = measured(greedy, forwards=3, gradients=1)
        assert found.over_budget
        assert found.spent == Budget(90, 0)
        assert found.robust_accuracy == found.clean_accuracy
        assert found.figures()["over_budget"]


class TestErrors:
    def test_an_attack_that_returns_other_shapes_is_told_both(self) -> None:
        def half(model: Any, x: Tensor, y: Tensor, threat: Threat, **_: Any) -> AttackResult:
            return AttackResult(x[::2], torch.ones(15, dtype=torch.bool))

        with pytest.raises(
            TiltyardError, match=r"attack half returned .* shape \(15, 1, 3, 3\), expected \(30, 1, 3, 3\)"
        ):
            measured(half)

    def test_an_attack_that_returns_no_numbers_is_told_in_how_many_images(self) -> None:
        def spoilt(model: Any, x: Tensor, y: Tensor, threat: Threat, **_: Any) -> AttackResult:
            found = x.clone()
            found[4, 0, 1, 1], found[7, 0, 0, 0] = torch.nan, torch.inf
            return AttackResult(found, torch.ones(len(x), dtype=torch.bool))

        with pytest.raises(TiltyardError, match="attack spoilt returned values that are not finite in 2 of 30 images"):
            measured(spoilt)

    def test_images_outside_the_models_range_are_refused_with_both_ranges(self) -> None:
        with pytest.raises(TiltyardError, match=r"images lie in \[.*\], the model takes \[0, 1\]"):
            measure_robustness(Classifier(network()), images() * 255, labels(), Threat("linf", 0.1))

    def test_images_and_labels_that_do_not_fit_are_refused(self) -> None:
        with pytest.raises(TiltyardError, match="do not belong together"):
            measure_robustness(Classifier(network()), images(), labels()[:5], Threat("linf", 0.1))
        with pytest.raises(TiltyardError, match="do not belong together"):
            measure_robustness(Classifier(network()), images(0), labels()[:0], Threat("linf", 0.1))

    def test_a_model_in_training_mode_is_refused(self) -> None:
        with pytest.raises(TiltyardError, match="training mode"):
            measure_robustness(Classifier(network().train()), images(), labels(), Threat("linf", 0.1))
