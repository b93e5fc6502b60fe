"""A weak evaluation must not look like a strong defence: models broken on purpose trip checks, honest ones none."""

import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import tiltyard.defences
from tiltyard.attacks import AttackResult, Threat
from tiltyard.attacks.checks import Checks, drawn_from, rivals
from tiltyard.attacks.checks.convergence import graded_both, late_successes
from tiltyard.attacks.checks.mended import mended
from tiltyard.attacks.result import Point
from tiltyard.attacks.robustness import Robustness, measure_robustness
from tiltyard.defences.architectures import build
from tiltyard.defences.architectures.kwta import k_winners
from tiltyard.defences.checkpoints import load_weights
from tiltyard.vision.classifier import Classifier
from tiltyard.vision.data import digits
from tiltyard.vision.references import load_model

WEIGHTS = Path(tiltyard.defences.__path__[0]) / "pools" / "digits"
IMAGES = 100
GROWS, CONVERGED = "success grows with eps", "more steps find no more"
QUERIES, COPY = "queries alone find no more", "a mended copy finds no more"
ZERO, SLOPE, UPWARDS = "gradients are not zero", "gradients tell the slope", "gradients lead upwards"
MODE, ALONE = "evaluation mode", "each image is answered alone"
STEADY, RANGE = "answers do not change", "inside range and ball"
EVERY = [GROWS, CONVERGED, QUERIES, COPY, ZERO, SLOPE, UPWARDS, MODE, ALONE, STEADY, RANGE]


def network(name: str = "undefended") -> nn.Module:
    module = build("digits-cnn")
    load_weights(module, WEIGHTS / f"{name}.safetensors")
    return module


class Spoilt(nn.Module):
    """An undefended network behind or in front of something that fools an attack."""

    def __init__(self, spoil: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.spoil, self.dropout = network(), spoil, nn.Dropout(0.3)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        return self.spoil(self, images)


def rounded(model: Any, images: Tensor) -> Tensor:
    return model.network((images * 7).round() / 7)


def rounded_in_numpy(model: Any, images: Tensor) -> Tensor:
    return model.network(torch.from_numpy((images.detach().numpy() * 7).round() / 7))


def saturated(model: Any, images: Tensor) -> Tensor:
    return 1e4 * model.network(images)


def shattered(model: Any, images: Tensor) -> Tensor:
    return model.network(images + 0.02 * torch.sin(2000 * images))


def winners_only(model: Any, images: Tensor) -> Tensor:
    values = images
    for layer in model.network:
        values = k_winners(values, share=0.15) if isinstance(layer, nn.ReLU) else layer(values)
    return values


def noisy(model: Any, images: Tensor) -> Tensor:
    logits = model.network(images)
    return logits + 2 * torch.randn_like(logits)


def of_the_batch(model: Any, images: Tensor) -> Tensor:
    return model.network[2:](F.batch_norm(model.network[:2](images), None, None, training=True))


def training_itself(model: Any, images: Tensor) -> Tensor:
    model.dropout.train()
    return model.network(model.dropout(images))


def measured(module: nn.Module, *, eps: float = 0.15, images: Tensor | None = None, **options: Any) -> Robustness:
    data = digits("test").first(IMAGES)
    given = data.tensor() if images is None else images
    classifier, threat = Classifier(module, high=options.pop("high", 1.0)), Threat("linf", eps)
    limits = {"attack": "pgd", "gradients": 40, "forwards": 80, **options}
    return measure_robustness(classifier, given, torch.from_numpy(data.labels)[: len(given)], threat, **limits)


@cache
def checks_of(spoil: Callable[[nn.Module, Tensor], Tensor]) -> Checks:
    found = measured(Spoilt(spoil)).checks
    assert found is not None
    return found


@cache
def honest(eps: float = 0.15) -> Robustness:
    return measured(network("pgd_at"), eps=eps, gradients=100, forwards=200)


def verdicts(checks: Checks | None) -> dict[str, str]:
    assert checks is not None
    return {check.name: check.verdict for check in checks.checks}


def said(checks: Checks | None, name: str) -> str:
    assert checks is not None
    return next(check.found for check in checks.checks if check.name == name)


class TestModelsBrokenOnPurpose:
    @pytest.mark.parametrize("spoil", [rounded, rounded_in_numpy])
    def test_rounding_leaves_no_gradient_and_queries_find_what_gradients_did_not(self, spoil: Any) -> None:
        found = verdicts(checks_of(spoil))
        assert (found[ZERO], found[QUERIES]) == ("failed", "failed")
        assert found[GROWS] in ("warning", "failed")

    def test_rounding_in_torch_is_seen_through_by_the_mended_copy(self) -> None:
        assert verdicts(checks_of(rounded))[COPY] == "failed"

    def test_saturated_logits_starve_cross_entropy_and_not_the_margin(self) -> None:
        found = verdicts(checks_of(saturated))
        assert (found[ZERO], found[COPY], found[QUERIES]) == ("warning", "failed", "failed")

    def test_shattered_gradients_are_noise_and_lead_nowhere(self) -> None:
        found = verdicts(checks_of(shattered))
        assert (found[ZERO], found[SLOPE], found[UPWARDS], found[QUERIES]) == ("passed", "failed", "failed", "failed")

    def test_winners_that_change_spoil_the_slope(self) -> None:
        found = verdicts(checks_of(winners_only))
        assert found[SLOPE] == "failed"
        assert found[UPWARDS] in ("warning", "failed")

    def test_random_logits_are_judged_again_over_ten_draws(self) -> None:
        checks = checks_of(noisy)
        (steady,) = (check for check in checks.checks if check.name == STEADY)
        assert steady.casts_doubt
        assert "over 10 draws its mean is" in steady.found
        assert "lance does so by itself where answers differ, --attack autoattack_rand always" in steady.means
        assert verdicts(checks)[ALONE] == "not run"

    def test_statistics_of_the_batch_are_found_though_every_flag_says_evaluation(self) -> None:
        found = verdicts(checks_of(of_the_batch))
        assert (found[MODE], found[ALONE]) == ("passed", "failed")

    def test_a_model_that_switches_itself_to_training_is_named(self) -> None:
        assert verdicts(checks_of(training_itself))[MODE] == "failed"

    def test_images_of_another_range_are_suspected(self) -> None:
        images = digits("test").first(IMAGES).tensor()
        assert (
            verdicts(measured(network(), images=images, high=255.0, gradients=5, forwards=10).checks)[RANGE]
            == "warning"
        )
        dark = measured(Spoilt(lambda model, given: model.network(given / 255)), gradients=5, forwards=10)
        assert verdicts(dark.checks)[RANGE] == "warning"

    def test_an_attack_that_left_the_ball_is_told(self) -> None:
        def far(model: Any, x: Tensor, y: Tensor, threat: Threat, **_: Any) -> AttackResult:
            return AttackResult(x + 1, torch.ones(len(x), dtype=torch.bool))

        checks = measured(network(), attack=far).checks
        assert verdicts(checks)[RANGE] == "warning"
        assert verdicts(checks)[CONVERGED] == "not run"

    def test_a_weak_attack_is_found_out_on_an_honest_model(self) -> None:
        weak = measured(network(), attack="baseline", gradients=10, forwards=20, eps=0.12)
        assert verdicts(weak.checks)[COPY] != "passed"


class TestHonestModels:
    def test_adversarial_training_trips_none(self) -> None:
        found = honest()
        assert found.checks is not None
        assert list(verdicts(found.checks)) == EVERY
        assert set(verdicts(found.checks).values()) == {"passed"}
        assert found.checks.verdict == "no reason to doubt"

    @pytest.mark.parametrize("name", ["resnet2b", "cnn_a_adv"])
    def test_nor_do_defended_models_of_cifar_10(self, name: str, whitebox_data: Path) -> None:
        place = importlib.util.spec_from_file_location("whitebox_models", whitebox_data / "models.py")
        assert place is not None
        assert place.loader is not None
        home = importlib.util.module_from_spec(place)
        place.loader.exec_module(home)
        data = np.load(whitebox_data / "cifar10_test_first500.npz")
        images, labels = (torch.from_numpy(data[key][:60]) for key in ("images", "labels"))
        found = measure_robustness(
            Classifier(home.load(name)), images.float() / 255, labels.long(), Threat("linf", 4 / 255),
            attack="apgd", gradients=40, forwards=80,
        )  # fmt: skip
        assert found.checks is not None
        assert found.checks.verdict == "no reason to doubt"

    def test_a_model_that_nothing_withstood_has_nothing_to_doubt(self) -> None:
        found = measured(network(), eps=0.9, gradients=10, forwards=20)
        assert found.robust_accuracy == 0
        of_strength = [verdicts(found.checks)[name] for name in (GROWS, CONVERGED, QUERIES, COPY, ZERO, SLOPE, UPWARDS)]
        assert set(of_strength) == {"not run"}
        assert found.checks is not None
        assert not found.checks.doubts


class TestTheSecondRun:
    def test_it_gets_what_images_that_held_had_and_not_the_average(self) -> None:
        found = honest()
        held = found.rows.filter("robust")
        forwards, gradients = (sum(held[passes]) / len(held) for passes in ("forwards", "gradients"))
        assert forwards > 1.1 * found.spent.forwards / IMAGES
        assert f"({forwards:.0f} forwards and {gradients:.0f} gradients an image" in said(found.checks, CONVERGED)

    def test_it_is_bounded_where_few_images_had_nearly_everything_and_says_what_it_got(self) -> None:
        found = measured(network(), gradients=100, forwards=200)
        assert "% of what such images had (" in said(found.checks, CONVERGED)
        assert found.checks is not None
        spent, own = found.spent, found.checks.spent
        assert own.forwards + own.backwards < 0.4 * (spent.forwards + spent.backwards)

    def test_one_image_at_the_end_or_again_is_chance_and_one_of_each_is_not(self) -> None:
        assert graded_both(1, 0.1, 0, 0.0) == graded_both(0, 0.0, 1, 0.1) == "passed"
        assert graded_both(1, 0.001, 1, 0.001) == "warning"
        assert graded_both(1, 0.001, 5, 0.2) == "failed"


class TestTheMendedCopy:
    def test_a_copy_that_cannot_be_run_is_no_doubt_and_says_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rivals, "_transferred", raising(RuntimeError("no such layer\nat line 3")))
        checks = measured(network("pgd_at"), gradients=5, forwards=10).checks
        assert verdicts(checks)[COPY] == "not run"
        assert said(checks, COPY) == "The mended copy could not be run: no such layer"

    def test_memory_that_runs_out_is_not_blamed_on_the_model(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rivals, "_transferred", raising(torch.cuda.OutOfMemoryError("out of memory")))
        with pytest.raises(torch.cuda.OutOfMemoryError):
            measured(network("pgd_at"), gradients=5, forwards=10)


def raising(error: Exception) -> Callable[..., Tensor]:
    def run(*_: Any) -> Tensor:
        raise error

    return run


class TestBooks:
    def test_passes_of_the_checks_are_apart_from_the_attacks_and_fewer(self) -> None:
        with_checks, without = honest(), measured(network("pgd_at"), gradients=100, forwards=200, checks=False)
        assert with_checks.spent == without.spent
        assert with_checks.rows.equals(without.rows)
        assert without.checks is None
        assert with_checks.checks is not None
        spent, own = with_checks.spent, with_checks.checks.spent
        assert 0 < own.forwards + own.backwards < 0.4 * (spent.forwards + spent.backwards)

    @pytest.mark.parametrize("name", ["pgd", "lance"])
    def test_the_same_seed_finds_the_same_even_of_a_random_model(self, name: str) -> None:
        def ignoring_time(checks: Checks | None) -> Any:
            assert checks is not None
            return checks.checks, checks.by_eps, checks.spent

        module = load_model("pool:digits/random_noise").module
        images = digits("test").first(40).tensor()
        found = []
        for callers_seed in (1, 2):
            torch.manual_seed(callers_seed)
            found.append(measured(module, images=images, attack=name, gradients=10, forwards=20))
        first, again = found
        assert first.rows.equals(again.rows)
        assert torch.equal(first.examples, again.examples)
        assert ignoring_time(first.checks) == ignoring_time(again.checks)

    def test_the_callers_random_numbers_stay_as_they_were(self) -> None:
        module = Spoilt(noisy)
        torch.manual_seed(5)
        expected = torch.rand(1)
        torch.manual_seed(5)
        measured(module, gradients=2, forwards=4)
        assert torch.equal(torch.rand(1), expected)

    def test_progress_ends_at_its_total(self) -> None:
        steps: list[tuple[int, int]] = []
        measured(network(), gradients=2, forwards=4, check_progress=lambda done, total: steps.append((done, total)))
        assert steps[-1][0] == steps[-1][1]


class TestAccuracyByEps:
    def test_it_falls_from_clean_accuracy_to_none_and_never_rises(self) -> None:
        found = honest()
        assert found.checks is not None
        rungs = found.checks.by_eps
        accuracies = [rung.accuracy for rung in rungs]
        assert [round(rung.eps / 0.15, 2) for rung in rungs[:-1]] == [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 4]
        assert rungs[-1].eps == 1
        assert accuracies == sorted(accuracies, reverse=True)
        assert accuracies[0] > 0.9
        assert accuracies[-1] == 0

    def test_what_the_main_attack_broke_counts_at_its_eps(self) -> None:
        found = honest()
        assert found.checks is not None
        at_eps = next(rung for rung in found.checks.by_eps if rung.eps == pytest.approx(0.15))
        assert at_eps.accuracy < found.checks.by_eps[0].accuracy
        assert at_eps.accuracy == pytest.approx(found.robust_accuracy, abs=0.15)

    @pytest.mark.parametrize(("norm", "targeted"), [("l2", False), ("linf", True), ("l2", True)])
    def test_norms_and_goals(self, norm: Any, targeted: bool) -> None:
        data = digits("test").first(40)
        threat = Threat(norm, 0.15 if norm == "linf" else 0.8, targeted)
        found = measure_robustness(
            Classifier(network("pgd_at")), data.tensor(), torch.from_numpy(data.labels), threat,
            attack="pgd", gradients=20, forwards=40,
        )  # fmt: skip
        assert found.checks is not None
        accuracies = [rung.accuracy for rung in found.checks.by_eps]
        assert accuracies == sorted(accuracies, reverse=True)
        assert verdicts(found.checks)[UPWARDS] == "passed"

    def test_eps_zero_has_no_ladder_and_no_doubt(self) -> None:
        found = measured(network(), eps=0.0, gradients=5, forwards=10)
        assert verdicts(found.checks)[GROWS] == "not run"
        assert found.checks is not None
        assert not found.checks.doubts


def test_late_successes_are_those_of_the_last_quarter_of_gradients_and_apart_from_it_of_forwards() -> None:
    queries_follow = (Point(10, 10, 1), Point(30, 30, 5), Point(40, 40, 9), Point(70, 40, 10), Point(100, 40, 12))
    assert late_successes(queries_follow, lambda point: point.backwards) == 4
    assert late_successes(queries_follow, lambda point: point.forwards) == 2


def test_without_a_curve_or_without_gradients_nothing_broke_late() -> None:
    assert late_successes((), lambda point: point.forwards) == 0
    assert late_successes((Point(10, 0, 1), Point(20, 0, 5)), lambda point: point.backwards) == 0


def test_draws_follow_from_seed_and_purpose_and_differ_from_those_of_the_seed_itself() -> None:
    def drawn(seed: int, purpose: str) -> list[float]:
        with drawn_from(seed, purpose):
            return torch.rand(3).tolist()

    assert drawn(0, "attack") == drawn(0, "attack")
    others = [drawn(1, "attack"), drawn(0, "verdict"), torch.rand(3, generator=torch.Generator().manual_seed(0))]
    assert not any(drawn(0, "attack") == list(other) for other in others)


def test_a_mended_copy_answers_alike_and_has_the_gradient_of_what_was_rounded() -> None:
    images = torch.rand((3, 1, 2, 2), generator=torch.Generator().manual_seed(0)).requires_grad_()

    def model(given: Tensor) -> Tensor:
        return 3 * (given.flatten(1) * 7).round() / 7

    copy = mended(model, draws=2, reach=0.0, generator=torch.Generator())
    assert torch.allclose(copy(images), model(images))
    (gradient,) = torch.autograd.grad(copy(images).sum(), images)
    assert torch.allclose(gradient, torch.full_like(images, 3.0))
