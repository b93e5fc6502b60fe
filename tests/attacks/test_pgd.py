"""PGD and the contest's baseline stay inside ball, range and budget, keep exact books and find what is there."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tiltyard.attacks import Threat, baseline, pgd
from tiltyard.attacks.losses import LOSSES
from tiltyard.attacks.metered import MeteredModel
from tiltyard.attacks.norms import distances, lengths, project, random_points, steepest
from tiltyard.attacks.result import Attack
from tiltyard.contest.budget import Budget, Meter, OverBudget

SHAPE = (1, 3, 3)
CLASSES = 4
NORMS = ("linf", "l2")
threats = st.builds(Threat, st.sampled_from(NORMS), st.floats(0, 3))
anywhere = st.floats(-3, 3, width=32) | st.sampled_from([0.0, -0.0, 1e-30, 3e38, -3e38])


def network(seed: int = 2) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(9, 16), nn.Tanh(), nn.Linear(16, CLASSES)).eval().requires_grad_(False)


class Scaled(nn.Module):
    """The same network over 0–255."""

    def __init__(self) -> None:
        super().__init__()
        self.network = network()
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images / 255)
        return logits


def images(count: int = 40, seed: int = 0) -> Tensor:
    return torch.rand((count, *SHAPE), generator=torch.Generator().manual_seed(seed))


def labels(points: Tensor) -> Tensor:
    """What the network says, save that every tenth is labelled wrongly."""
    found = network()(points).argmax(1)
    found[::10] = (found[::10] + 1) % CLASSES
    return found


class TestGeometry:
    @given(values=st.lists(anywhere, min_size=9, max_size=9), threat=threats)
    def test_what_is_projected_lies_in_ball_and_range(self, values: list[float], threat: Threat) -> None:
        centres = images(1, 7)
        points = torch.tensor(values, dtype=torch.float32).view(1, *SHAPE)
        moved = project(points, centres, threat, (0.0, 1.0))
        assert float(moved.min()) >= 0
        assert float(moved.max()) <= 1
        assert float(distances(moved, centres, threat.norm)) <= threat.eps * (1 + 1e-6) + 1e-7

    @given(threat=threats, seed=st.integers(0, 2**32))
    def test_what_lies_inside_stays_where_it_is(self, threat: Threat, seed: int) -> None:
        centres = images(4)
        points = random_points(centres, threat, (0.0, 1.0), torch.Generator().manual_seed(seed))
        assert (distances(points, centres, threat.norm) <= threat.eps * (1 + 1e-6) + 1e-7).all()
        torch.testing.assert_close(project(points, centres, threat, (0.0, 1.0)), points, rtol=0, atol=1e-6)

    @given(values=st.lists(anywhere, min_size=9, max_size=9))
    def test_a_projection_for_linf_is_clipping_twice(self, values: list[float]) -> None:
        centres, points = images(1, 3), torch.tensor(values, dtype=torch.float32).view(1, *SHAPE)
        expected = (centres + (points - centres).clamp(-0.25, 0.25)).clamp(0, 1)
        found = project(points, centres, Threat("linf", 0.25), (0.0, 1.0))
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)

    def test_a_projection_for_l2_keeps_the_direction(self) -> None:
        centres = torch.full((3, *SHAPE), 0.5)
        moved = project(centres + torch.randn(3, *SHAPE), centres, Threat("l2", 0.1), (0.0, 1.0))
        assert lengths(moved - centres).flatten().tolist() == pytest.approx([0.1] * 3, rel=1e-5)

    def test_the_steepest_step_has_length_one_and_none_where_there_is_no_gradient(self) -> None:
        gradient = torch.randn(3, *SHAPE)
        gradient[2] = 0
        assert steepest(gradient, Threat("linf", 1)).abs().amax((1, 2, 3)).tolist() == [1, 1, 0]
        assert lengths(steepest(gradient, Threat("l2", 1)))[:2].flatten().tolist() == pytest.approx([1, 1])
        assert (steepest(gradient, Threat("l2", 1))[2] == 0).all()

    def test_losses_are_the_textbooks(self) -> None:
        logits, truth = torch.tensor([[1.0, 3.0, 2.0], [5.0, 0.0, 4.5]]), torch.tensor([1, 2])
        assert LOSSES["margin"](logits, truth).tolist() == [-1.0, 0.5]
        expected = -logits.log_softmax(1)[torch.arange(2), truth]
        torch.testing.assert_close(LOSSES["ce"](logits, truth), expected)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("attack", [pgd, baseline])
class TestEveryAttack:
    def test_it_stays_in_ball_and_range_and_its_successes_hold(self, attack: Attack, norm: str) -> None:
        x, eps = images(), 0.15 if norm == "linf" else 0.4
        y = labels(x)
        found = attack(network(), x, y, Threat(norm, eps), batch_size=16)  # type: ignore[arg-type]
        assert (distances(found.images, x, norm) <= eps * (1 + 1e-5)).all()
        assert float(found.images.min()) >= 0
        assert float(found.images.max()) <= 1
        if attack is pgd:
            assert ((network()(found.images).argmax(1) != y) == found.success).all()
        assert found.success[::10].all()
        assert 4 < int(found.success.sum()) < 40

    def test_targeted_it_reaches_the_target(self, attack: Attack, norm: str) -> None:
        x = images()
        targets = (network()(x).argmax(1) + 1) % CLASSES
        found = attack(network(), x, targets, Threat(norm, 2.0, targeted=True), batch_size=16)  # type: ignore[arg-type]
        reached = network()(found.images).argmax(1) == targets
        assert reached.float().mean() > 0.5
        if attack is pgd:
            assert (reached == found.success).all()

    @pytest.mark.parametrize("budget", [Budget(0, 0), Budget(39, 0), Budget(40, 39), Budget(200, 7), Budget(777, 300)])
    def test_it_never_asks_for_more_than_its_budget(self, attack: Attack, norm: str, budget: Budget) -> None:
        meter = Meter(budget)
        x = images()
        found = attack(MeteredModel(network(), meter), x, labels(x), Threat(norm, 0.1), budget=budget, batch_size=16)  # type: ignore[arg-type]
        assert not meter.exceeded
        assert found.images.shape == x.shape
        assert found.forwards is not None
        assert found.backwards is not None
        assert Budget(int(found.forwards.sum()), int(found.backwards.sum())) == meter.spent

    def test_it_leaves_what_it_was_given(self, attack: Attack, norm: str) -> None:
        x = images()
        y = labels(x)
        before = x.clone(), y.clone()
        attack(network(), x, y, Threat(norm, 0.2))  # type: ignore[arg-type]
        assert torch.equal(x, before[0])
        assert torch.equal(y, before[1])

    def test_over_0_to_255_it_finds_the_same_as_over_0_to_1(self, attack: Attack, norm: str) -> None:
        x, eps = images(), 0.1 if norm == "linf" else 0.3
        unit = attack(network(), x, labels(x), Threat(norm, eps))  # type: ignore[arg-type]
        scaled = attack(Scaled(), x * 255, labels(x), Threat(norm, eps * 255), bounds=(0.0, 255.0))  # type: ignore[arg-type]
        assert torch.equal(unit.success, scaled.success)
        torch.testing.assert_close(scaled.images / 255, unit.images, rtol=0, atol=1e-3)

    def test_a_larger_ball_holds_no_fewer_successes_and_the_whole_range_all(self, attack: Attack, norm: str) -> None:
        x = images()
        y = labels(x)
        radii = (0.0, 0.02, 0.05, 0.1, 0.2, 10.0)
        found = [int((attack(network(), x, y, Threat(norm, eps)).success).sum()) for eps in radii]  # type: ignore[arg-type]
        assert found == sorted(found)
        assert found[0] == 4
        assert found[-1] == 40 if attack is pgd else found[-1] > 20


class TestPgd:
    def test_the_same_seed_finds_the_same_images_and_another_others(self) -> None:
        x = images()
        first, second, third = (pgd(network(), x, labels(x), Threat("linf", 0.05), seed=seed) for seed in (1, 1, 2))
        assert torch.equal(first.images, second.images)
        assert not torch.equal(first.images, third.images)

    @settings(deadline=None, max_examples=20)
    @given(batch=st.integers(1, 50))
    def test_the_batch_size_changes_no_spending(self, batch: int) -> None:
        x = images()
        whole = pgd(network(), x, labels(x), Threat("linf", 0.1), steps=3)
        parts = pgd(network(), x, labels(x), Threat("linf", 0.1), steps=3, batch_size=batch)
        assert torch.equal(whole.success, parts.success)
        assert torch.equal(whole.forwards, parts.forwards)  # type: ignore[arg-type]

    def test_a_broken_image_costs_nothing_more(self) -> None:
        x = images()
        found = pgd(network(), x, labels(x), Threat("linf", 0.1), steps=7)
        assert found.forwards is not None
        assert found.backwards is not None
        resists = ~found.success
        assert resists.any()
        assert found.forwards[::10].tolist() == [1] * 4
        assert found.backwards[::10].tolist() == [0] * 4
        assert set(found.forwards[resists].tolist()) == {9}
        assert set(found.backwards[resists].tolist()) == {7}
        assert (found.forwards[~resists] <= 9).all()

    def test_a_budget_is_spent_on_restarts_for_those_that_resist(self) -> None:
        x = images()
        budget = Budget(4000, 2000)
        once = pgd(network(), x, labels(x), Threat("linf", 0.1))
        often = pgd(network(), x, labels(x), Threat("linf", 0.1), budget=budget)
        assert often.forwards is not None
        assert often.backwards is not None
        assert int(often.success.sum()) >= int(once.success.sum())
        left = int((~often.success).sum())
        assert left
        assert 2000 - int(often.backwards.sum()) < left

    @pytest.mark.parametrize("loss", LOSSES)
    def test_both_losses_break_what_a_huge_ball_allows(self, loss: str) -> None:
        x = images()
        assert pgd(network(), x, labels(x), Threat("linf", 1.0), loss=loss, restarts=4).success.all()


class TestBaseline:
    def test_it_is_ten_signed_steps_of_a_seventh_by_hand(self) -> None:
        x, eps = images(), 0.1
        y = labels(x)
        radius = eps - 1e-6
        points = x.clone()
        for _ in range(10):
            points = points.detach().requires_grad_()
            loss = nn.functional.cross_entropy(network()(points), y, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, points)
            points = points + radius / 7 * gradient.sign()
            points = torch.minimum(torch.maximum(points, x - radius), x + radius).clamp(0, 1)
        found = baseline(network(), x, y, Threat("linf", eps), seed=3)
        torch.testing.assert_close(found.images, points.detach(), rtol=0, atol=1e-6)
        assert found.forwards is not None
        assert found.forwards.tolist() == found.backwards.tolist() == [10] * 40  # type: ignore[union-attr]


class TestMeteredModel:
    def test_a_pass_that_is_not_covered_is_not_made(self) -> None:
        calls: list[int] = []
        module = network()
        module.register_forward_pre_hook(lambda _, given: calls.append(len(given[0])))
        metered = MeteredModel(module, Meter(Budget(8, 4)))
        metered(images(5))
        with pytest.raises(OverBudget):
            metered(images(4))
        assert calls == [5]
        x = images(3).requires_grad_()
        logits = metered(x)
        torch.autograd.grad(logits.sum(), x, retain_graph=True)
        with pytest.raises(OverBudget):
            torch.autograd.grad(logits.sum(), x)
        assert metered.meter.spent == Budget(8, 3)
        assert metered.meter.exceeded
