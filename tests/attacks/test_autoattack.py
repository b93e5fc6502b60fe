"""The AutoAttack family: ball, range, budget and books; what each part finds; the ensemble against official figures."""

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import CLASSES, Rounded, Stretched, images, labels, network
from torch import Tensor, nn

from tiltyard.attacks import AttackResult, Threat, apgd, apgd_targeted, autoattack, fab, pgd, square
from tiltyard.attacks.ascent import Ascent
from tiltyard.attacks.catalogue import OURS, find_attack
from tiltyard.attacks.losses import dlr, dlr_targeted, dlr_to_target, highest_others, margin
from tiltyard.attacks.metered import MeteredModel
from tiltyard.attacks.norms import distances, surface_points
from tiltyard.attacks.result import Attack
from tiltyard.contest.budget import Budget, Meter
from tiltyard.errors import TiltyardError

FAMILY = {
    "apgd": lambda *given, **more: apgd(*given, steps=10, **more),
    "apgd-dlr": lambda *given, **more: apgd(*given, steps=10, loss="dlr", restarts=2, **more),
    "apgd-eot": lambda *given, **more: apgd(*given, steps=10, eot=3, **more),
    "apgd_targeted": lambda *given, **more: apgd_targeted(*given, steps=8, **more),
    "fab": lambda *given, **more: fab(*given, steps=8, **more),
    "fab-untargeted": lambda *given, **more: fab(*given, steps=6, targets=0, restarts=2, **more),
    "square": lambda *given, **more: square(*given, queries=100, **more),
    "autoattack": lambda *given, **more: autoattack(*given, steps=5, queries=40, **more),
    "autoattack-rand": lambda *given, **more: autoattack(*given, steps=4, version="rand", eot=2, **more),
}
RADII = {"linf": 0.06, "l2": 0.3}
each_attack = pytest.mark.parametrize("attack", FAMILY.values(), ids=FAMILY)
each_norm = pytest.mark.parametrize("norm", RADII)


def spent(found: AttackResult) -> Budget:
    assert found.forwards is not None
    assert found.backwards is not None
    return Budget(int(found.forwards.sum()), int(found.backwards.sum()))


@each_norm
@each_attack
class TestEveryAttack:
    @pytest.mark.parametrize("bounds", [(0.0, 255.0), (-2.0, 3.0)])
    @pytest.mark.parametrize("targeted", [False, True])
    def test_it_stays_in_ball_and_range_and_its_successes_hold(
        self, attack: Attack, norm: str, bounds: tuple[float, float], targeted: bool
    ) -> None:
        low, high = bounds
        x = images()
        y = labels(x)
        model, x, eps = Stretched(low, high), low + x * (high - low), RADII[norm] * (high - low) * (1 + 3 * targeted)
        y = (y + 1) % CLASSES if targeted else y
        found = attack(model, x, y, Threat(norm, eps, targeted), bounds=bounds, batch_size=16)  # type: ignore[arg-type]
        assert (distances(found.images, x, norm) <= eps * (1 + 1e-5)).all()
        assert low <= float(found.images.min()) <= float(found.images.max()) <= high
        reached = model(found.images).argmax(1) == y
        assert torch.equal(reached if targeted else ~reached, found.success)
        assert int(found.success.sum()) > 3

    @pytest.mark.parametrize("budget", [Budget(29, 0), Budget(30, 9), Budget(599, 199)])
    def test_it_never_asks_for_more_than_its_budget_and_says_who_was_cut_short(
        self, attack: Attack, norm: str, budget: Budget
    ) -> None:
        meter, x = Meter(budget), images()
        threat = Threat(norm, RADII[norm] / 10)  # type: ignore[arg-type]
        found = attack(MeteredModel(network(), meter), x, labels(x), threat, budget=budget, batch_size=16)
        assert not meter.exceeded
        assert spent(found) == meter.spent
        assert found.cut_short is not None
        finished = not bool(found.cut_short.any())
        free = attack(network(), x, labels(x), threat, batch_size=16)
        assert finished == budget.covers(spent(free))
        if not finished:
            assert torch.equal(found.cut_short, ~found.success)

    def test_its_books_are_the_meters(self, attack: Attack, norm: str) -> None:
        meter, x = Meter(), images()
        y = labels(x)
        found = attack(MeteredModel(network(), meter), x, y, Threat(norm, RADII[norm]), batch_size=7)  # type: ignore[arg-type]
        assert spent(found) == meter.spent
        assert found.forwards[::10].tolist() == [1, 1, 1]  # type: ignore[index]
        last = found.curve[-1]
        assert last == (meter.spent.forwards, meter.spent.backwards, int(found.success.sum()))
        assert list(found.curve) == sorted(found.curve)

    def test_the_seed_decides_and_what_was_given_is_left(self, attack: Attack, norm: str) -> None:
        x = images()
        y, threat = labels(x), Threat(norm, RADII[norm] / 2)  # type: ignore[arg-type]
        before = x.clone(), y.clone()
        first, second = (attack(network(), x, y, threat, seed=seed) for seed in (5, 5))
        assert torch.equal(first.images, second.images)
        assert torch.equal(x, before[0])
        assert torch.equal(y, before[1])

    @pytest.mark.parametrize("classes", [2, 3])
    def test_few_classes_are_enough(self, attack: Attack, norm: str, classes: int) -> None:
        x = images()
        y = labels(x, classes)
        found = attack(network(classes), x, y, Threat(norm, 40 * RADII[norm]))  # type: ignore[arg-type]
        assert found.success.float().mean() > 0.9

    def test_progress_never_goes_back(self, attack: Attack, norm: str) -> None:
        x, told = images(), []
        threat = Threat(norm, RADII[norm] / 4)  # type: ignore[arg-type]
        attack(network(), x, labels(x), threat, progress=lambda done, total: told.append((done, total)))
        assert told == sorted(told)
        assert told[-1][0] == told[-1][1]

    def test_a_ball_of_no_size_breaks_only_what_is_wrong_already(self, attack: Attack, norm: str) -> None:
        x = images()
        found = attack(network(), x, labels(x), Threat(norm, 0.0))  # type: ignore[arg-type]
        assert found.success.nonzero().flatten().tolist() == [0, 10, 20]


class TestLosses:
    def test_dlr_is_free_of_shift_and_scale(self) -> None:
        logits, y = torch.randn(9, 6), torch.arange(9) % 6
        torch.testing.assert_close(dlr(logits, y), dlr(logits * 7 - 3, y), rtol=1e-4, atol=1e-5)
        aims = (y + 2) % 6
        expected, found = dlr_targeted(logits, y, aims), dlr_targeted(logits * 7 - 3, y, aims)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)

    def test_dlr_is_the_papers(self) -> None:
        logits = torch.tensor([[4.0, 1.0, 3.0, 2.0]])
        first, second = torch.tensor([0]), torch.tensor([2])
        assert dlr(logits, first).tolist() == [pytest.approx(-(4 - 3) / (4 - 2))]
        assert dlr(logits, second).tolist() == [pytest.approx((4 - 3) / (4 - 2))]
        assert dlr_targeted(logits, first, second).tolist() == [pytest.approx(-(4 - 3) / (4 - 1.5))]
        assert dlr_to_target(logits, second).tolist() == [pytest.approx((4 - 3) / (4 - 1.5))]

    def test_with_two_classes_dlr_is_the_margin(self) -> None:
        logits, y = torch.randn(5, 2), torch.tensor([0, 1, 0, 1, 1])
        assert torch.equal(dlr(logits, y), margin(logits, y))
        assert torch.equal(dlr_targeted(logits, y, 1 - y), margin(logits, y))

    def test_the_highest_others_leave_the_label_out(self) -> None:
        logits = torch.tensor([[4.0, 1.0, 3.0, 2.0]])
        assert highest_others(logits, torch.tensor([2]), 9).tolist() == [[0, 3, 1]]
        assert highest_others(logits, torch.tensor([0]), 2).tolist() == [[2, 3]]


class TestApgd:
    def test_the_checkpoints_of_100_steps_are_the_papers(self) -> None:
        assert list(Ascent((0, 1)).checkpoints) == [22, 41, 57, 70, 80, 87, 93, 99]

    @each_norm
    def test_it_starts_on_the_surface(self, norm: str) -> None:
        centres = torch.full((4, 2, 6, 6), 0.5)
        points = surface_points(centres, 0.2, norm, (0.0, 1.0), torch.Generator().manual_seed(0))
        assert distances(points, centres, norm).tolist() == pytest.approx([0.2] * 4, rel=1e-4)

    def test_another_seed_finds_other_images(self) -> None:
        x = images()
        first, second = (apgd(network(), x, labels(x), Threat("linf", 0.03), steps=5, seed=seed) for seed in (1, 2))
        assert not torch.equal(first.images, second.images)

    def test_with_equal_steps_it_finds_no_less_than_pgd(self) -> None:
        x = images(200)
        y, threat = labels(x), Threat("l2", 0.17)
        plain = pgd(network(), x, y, threat, steps=20)
        found = apgd(network(), x, y, threat, steps=20)
        assert 30 < int(plain.success.sum()) < 170
        assert int(found.success.sum()) >= int(plain.success.sum())

    def test_a_start_costs_steps_and_one_forwards_beside_the_first_look(self) -> None:
        x = images()
        found = apgd(network(), x, labels(x), Threat("linf", 0.01), steps=12)
        assert found.forwards is not None
        assert found.backwards is not None
        assert set(found.forwards[~found.success].tolist()) == {14}
        assert set(found.backwards[~found.success].tolist()) == {12}

    def test_restarts_break_no_less(self) -> None:
        x = images(100)
        once, often = (
            apgd(network(), x, labels(x), Threat("linf", 0.02), steps=3, restarts=restarts) for restarts in (1, 5)
        )
        assert (often.success | ~once.success).all()


class Wavering(nn.Module):
    """Answers wrongly on every n-th call, whatever it is shown."""

    def __init__(self, every: int) -> None:
        super().__init__()
        self.every, self.calls = every, 0

    def forward(self, points: Tensor) -> Tensor:
        self.calls += 1
        mean = points.flatten(1).mean(1)
        sign = -1 if self.calls % self.every == 0 else 1
        return torch.stack([1 + 0 * mean, mean - mean.detach()], 1) * sign


class TestRandomModels:
    def test_one_slip_on_the_way_breaks_nothing(self) -> None:
        """Calls 2 to 13 attack (four starts of three passes), a slip falls on one of them, call 15 confirms."""
        x = images(4)
        found = apgd(Wavering(7), x, torch.zeros(4, dtype=torch.long), Threat("linf", 0.1), steps=4, eot=3)
        assert not found.success.any()
        assert found.forwards is not None
        assert found.forwards.tolist() == [1 + 4 * 3 + 1 + 1] * 4

    def test_a_slip_in_the_last_pass_breaks(self) -> None:
        x = images(4)
        found = apgd(Wavering(15), x, torch.zeros(4, dtype=torch.long), Threat("linf", 0.1), steps=4, eot=3)
        assert found.success.all()

    def test_rand_breaks_a_network_with_noise(self) -> None:
        class Noisy(nn.Module):
            def forward(self, points: Tensor) -> Tensor:
                logits: Tensor = network()(points + 0.02 * torch.randn_like(points))
                return logits

        x = images()
        y = labels(x)
        torch.manual_seed(0)
        found = autoattack(Noisy(), x, y, Threat("linf", 0.5), version="rand", steps=10, eot=4)
        assert found.success.float().mean() > 0.9


class TestEnsemble:
    @each_norm
    def test_it_breaks_whatever_its_parts_break(self, norm: str) -> None:
        x = images(150)
        y, threat = labels(x), Threat(norm, RADII[norm] / 2)  # type: ignore[arg-type]
        whole = autoattack(network(), x, y, threat, steps=15, queries=100)
        first = apgd(network(), x, y, threat, steps=15)
        assert (whole.success | ~first.success).all()
        for part in (apgd_targeted, fab):
            assert int(whole.success.sum()) >= int(part(network(), x, y, threat, steps=15).success.sum())  # type: ignore[operator]
        assert int(whole.success.sum()) >= int(square(network(), x, y, threat, queries=100).success.sum())

    def test_square_breaks_what_has_no_gradient(self) -> None:
        x = images()
        y, threat = labels(x), Threat("linf", 0.2)
        assert int(apgd(Rounded(), x, y, threat, steps=10).success.sum()) < 20
        assert int(autoattack(Rounded(), x, y, threat, steps=10, queries=300).success.sum()) > 25

    def test_an_unknown_version_is_refused(self) -> None:
        x = images(2)
        with pytest.raises(TiltyardError, match="standard, rand"):
            autoattack(network(), x, labels(x), Threat("linf", 0.1), version="plus")

    def test_the_catalogue_knows_the_family(self) -> None:
        assert {"apgd", "apgd_targeted", "fab", "square", "autoattack"} <= set(OURS)
        assert find_attack("autoattack") is autoattack


@pytest.mark.parametrize("name", ["oval_base", "cnn_a_adv"])
def test_apgd_ce_and_apgd_t_find_what_the_official_code_finds(whitebox_data: Path, name: str) -> None:
    """Four targets instead of nine, for time."""
    official = _official(whitebox_data, name)
    x, y = _cifar(whitebox_data)
    model = _load(whitebox_data, name)
    ascents = "AutoAttack-official apgd-ce", "AutoAttack-official apgd-ce+apgd-t"
    first = apgd(model, x, y, Threat("linf", 8 / 255), batch_size=200)
    assert 100 * float((~first.success).float().mean()) == pytest.approx(official[ascents[0]], abs=1)
    left = ~first.success
    second = apgd_targeted(model, x[left], y[left], Threat("linf", 8 / 255), batch_size=200, targets=4)
    assert 100 * int((~second.success).sum()) / len(x) == pytest.approx(official[ascents[1]], abs=1)


def _official(folder: Path, name: str) -> dict[str, float]:
    with (folder / "reference.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["model"] == name]
    return {row["attack"]: float(row["robust_accuracy_percent"]) for row in rows}


def _cifar(folder: Path) -> tuple[Tensor, Tensor]:
    with np.load(folder / "cifar10_test_first500.npz") as content:
        x, y = (torch.from_numpy(content[key][:200]) for key in content.files[:2])
    return (x / 255 if x.dtype == torch.uint8 else x).float(), y.long()


def _load(folder: Path, name: str) -> nn.Module:
    spec = importlib.util.spec_from_file_location("whitebox_models", folder / "models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load(name).requires_grad_(False)
