"""Lance: ball, range, budget and books; models that mask, answer at random or saturate; what the budget buys."""

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import CLASSES, Rounded, Stretched, images, labels, network
from torch import Tensor, nn

from tiltyard.attacks import AttackResult, Threat, apgd, lance, pgd
from tiltyard.attacks.catalogue import OURS
from tiltyard.attacks.lancing.ride import probability_margin
from tiltyard.attacks.metered import MeteredModel
from tiltyard.attacks.norms import distances
from tiltyard.contest.budget import Budget, Meter

RADII = {"linf": 0.06, "l2": 0.3}
SOME = Budget(3000, 900)
each_norm = pytest.mark.parametrize("norm", RADII)


class Noisy(nn.Module):
    """The network on images with noise; its answers differ from one call to the next."""

    def __init__(self, deviation: float = 0.02) -> None:
        super().__init__()
        self.network, self.deviation = network(), deviation
        self.eval()

    def forward(self, points: Tensor) -> Tensor:
        logits: Tensor = self.network(points + self.deviation * torch.randn_like(points))
        return logits


class Saturated(nn.Module):
    """Logits so large that every probability is 0 or 1."""

    def __init__(self) -> None:
        super().__init__()
        self.network = network()
        self.eval()

    def forward(self, points: Tensor) -> Tensor:
        logits: Tensor = self.network(points) * 1e4
        return logits


def broken(found: AttackResult) -> int:
    return int(found.success.sum())


def per_image(count: int, *, forwards: float = 200, gradients: float = 100) -> Budget:
    return Budget.per_image(count, forwards=forwards, backwards=gradients)


@each_norm
class TestRules:
    @pytest.mark.parametrize("bounds", [(0.0, 255.0), (-2.0, 3.0)])
    @pytest.mark.parametrize("targeted", [False, True])
    def test_it_stays_in_ball_and_range_and_its_successes_hold(
        self, norm: str, bounds: tuple[float, float], targeted: bool
    ) -> None:
        low, high = bounds
        x = images()
        y = (labels(x) + targeted) % CLASSES
        model, x, eps = Stretched(low, high), low + x * (high - low), RADII[norm] * (high - low) * (1 + 3 * targeted)
        found = lance(model, x, y, Threat(norm, eps, targeted), bounds=bounds, batch_size=16, budget=SOME)  # type: ignore[arg-type]
        assert (distances(found.images, x, norm) <= eps * (1 + 1e-5)).all()
        assert low <= float(found.images.min()) <= float(found.images.max()) <= high
        reached = model(found.images).argmax(1) == y
        assert torch.equal(reached if targeted else ~reached, found.success)
        assert broken(found) > 3

    @pytest.mark.parametrize("model", [network(), Noisy(), Rounded()], ids=["plain", "noisy", "rounded"])
    @pytest.mark.parametrize("budget", [Budget(29, 0), Budget(30, 9), Budget(150, 0), Budget(611, 203)])
    def test_it_never_asks_for_more_than_its_budget(self, norm: str, budget: Budget, model: nn.Module) -> None:
        meter, x = Meter(budget), images()
        threat = Threat(norm, RADII[norm] / 4)  # type: ignore[arg-type]
        found = lance(MeteredModel(model, meter), x, labels(x), threat, budget=budget, batch_size=16)
        assert not meter.exceeded
        assert found.forwards is not None
        assert found.backwards is not None
        assert Budget(int(found.forwards.sum()), int(found.backwards.sum())) == meter.spent

    def test_it_spends_what_it_may_on_images_that_resist(self, norm: str) -> None:
        x = images()
        budget = per_image(len(x), forwards=60, gradients=30)
        meter = Meter(budget)
        found = lance(MeteredModel(network(), meter), x, labels(x), Threat(norm, RADII[norm] / 4), budget=budget)  # type: ignore[arg-type]
        assert broken(found) < len(x)
        assert meter.spent.forwards > 0.98 * budget.forwards
        assert meter.spent.backwards > 0.9 * budget.backwards

    def test_the_same_seed_gives_the_same_images(self, norm: str) -> None:
        x = images()
        threat = Threat(norm, RADII[norm] / 2)  # type: ignore[arg-type]
        first, second, other = (lance(network(), x, labels(x), threat, seed=seed, budget=SOME) for seed in (3, 3, 4))
        assert torch.equal(first.images, second.images)
        assert first.curve == second.curve
        assert not torch.equal(first.images, other.images)

    def test_its_curve_only_rises(self, norm: str) -> None:
        x = images()
        found = lance(network(), x, labels(x), Threat(norm, RADII[norm] / 2), budget=SOME)  # type: ignore[arg-type]
        columns = list(zip(*found.curve, strict=True))
        assert all(list(column) == sorted(column) for column in columns)
        assert found.curve[-1].broken == broken(found)


def test_no_images_are_no_error() -> None:
    assert len(lance(network(), images(0), torch.zeros(0, dtype=torch.int64), Threat("linf", 0.1)).success) == 0


def test_progress_grows_to_the_whole() -> None:
    seen: list[tuple[int, int]] = []
    x = images()
    lance(
        network(),
        x,
        labels(x),
        Threat("linf", 0.02),
        budget=SOME,
        progress=lambda done, total: seen.append((done, total)),
    )
    done = [step for step, _ in seen]
    assert done == sorted(done)
    assert done[-1] >= 0.98 * seen[-1][1]


def test_a_batch_of_two_classes_is_attacked() -> None:
    x = images()
    model = network(classes=2)
    found = lance(model, x, labels(x, classes=2), Threat("linf", 0.1), budget=SOME)
    assert broken(found) > 10


def test_the_probability_margin_is_that_of_the_best_other_or_of_the_aim() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]))
    found = probability_margin(logits, torch.tensor([0, 2]), torch.tensor([-1, 0]))
    assert found.tolist() == pytest.approx([0.3 - 0.5, 0.1 - 0.7], abs=1e-6)


class TestHardModels:
    threat = Threat("linf", 0.06)

    def test_without_a_gradient_it_falls_back_to_queries(self) -> None:
        x = images()
        y = labels(x)
        meter = Meter(None)
        found = lance(MeteredModel(Rounded(), meter), x, y, self.threat)
        assert broken(found) > broken(pgd(Rounded(), x, y, self.threat, steps=50)) + 5
        assert meter.spent.backwards < 0.2 * meter.spent.forwards

    def test_saturated_logits_hide_nothing_from_it(self) -> None:
        x = images()
        y = labels(x)
        plain = lance(network(), x, y, self.threat)
        assert broken(lance(Saturated(), x, y, self.threat)) >= broken(plain) - 1
        assert broken(apgd(Saturated(), x, y, self.threat)) < broken(plain) / 2

    def test_on_a_random_model_its_successes_stay_wrong_when_asked_again(self) -> None:
        torch.manual_seed(0)
        x, model = images(60), Noisy(0.05)
        y = labels(x)
        found = lance(model, x, y, self.threat)
        again = torch.stack([model(found.images).argmax(1) != y for _ in range(20)]).float().mean(0)
        assert float(again[found.success].mean()) > 0.9
        eager = apgd(model, x, y, self.threat)
        eagerly = torch.stack([model(eager.images).argmax(1) != y for _ in range(20)]).float().mean()
        assert float(again.mean()) > float(eagerly)


class TestFiveModels:
    """reference.csv: official AutoAttack and A3 on the first 200 images."""

    def robust(self, data: Path, name: str, *, gradients: float) -> float:
        spec = importlib.util.spec_from_file_location("whitebox_models", data / "models.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        images = np.load(data / "cifar10_test_first500.npz")
        x = torch.from_numpy(images["images"][:200]).float() / 255
        y = torch.from_numpy(images["labels"][:200]).long()
        budget = per_image(200, forwards=2 * gradients, gradients=gradients)
        found = lance(module.load(name).requires_grad_(False), x, y, Threat("linf", 8 / 255), budget=budget)
        return 100 - 100 * float(found.success.float().mean())

    def official(self, data: Path, name: str) -> float:
        rows = list(csv.DictReader((data / "reference.csv").open()))
        return min(
            float(row["robust_accuracy_percent"])
            for row in rows
            if row["model"] == name and "apgd-t+fab" in row["attack"]
        )

    @pytest.mark.parametrize("name", ["oval_base", "cnn_a_mix4"])
    def test_thirty_gradients_come_within_a_point_of_full_autoattack(self, whitebox_data: Path, name: str) -> None:
        assert self.robust(whitebox_data, name, gradients=30) <= self.official(whitebox_data, name) + 1


class Broken(nn.Module):
    """The network on square roots: at black pixels the slope is infinite, and NaN behind the first layer."""

    def __init__(self) -> None:
        super().__init__()
        self.network = network()
        self.eval()

    def forward(self, points: Tensor) -> Tensor:
        logits: Tensor = self.network(points.clamp_min(0).sqrt())
        return logits


@each_norm
@pytest.mark.parametrize("name", [name for name in OURS if name != "autoattack_rand"])
def test_gradients_that_are_not_finite_neither_hang_an_attack_nor_feign_success(norm: str, name: str) -> None:
    x = images(20)
    x[:, :, :3] = 0.0
    y = Broken()(x).argmax(1)
    found = OURS[name](Broken(), x, y, Threat(norm, RADII[norm]), budget=Budget(2000, 400))  # type: ignore[arg-type]
    assert torch.isfinite(found.images).all()
    assert torch.equal(Broken()(found.images).argmax(1) != y, found.success)


def test_an_image_is_not_cut_short_where_forwards_are_left_and_gradients_lead_nowhere() -> None:
    x = images(10)
    found = lance(Rounded(), x, labels(x), Threat("linf", 0.01), budget=Budget(200_000, 20_000))
    assert found.cut_short is not None
    assert broken(found) < len(x)
    assert not found.cut_short.any()
