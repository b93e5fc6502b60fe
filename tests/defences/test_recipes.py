"""The parts of recipes against their formulas: perturbations, objectives, weight perturbation, augmentation."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.contest.threat import Threat
from tiltyard.defences.architectures import build
from tiltyard.defences.augment import crop_and_flip
from tiltyard.defences.objectives import at_points, mart, trades
from tiltyard.defences.perturbations import Perturb, as_they_are, away_from_clean, many_steps, one_step
from tiltyard.defences.recipes import RECIPES
from tiltyard.defences.weight_perturbation import worst_weights

THREAT = Threat("linf", 0.1)


def draw() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def batch(n: int = 6) -> tuple[Tensor, Tensor]:
    return torch.rand((n, 3, 32, 32), generator=draw()), torch.arange(n) % 10


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build("small-resnet").train()


class TestPerturbations:
    @pytest.mark.parametrize("perturb", [one_step, many_steps(steps=3, size=0.5), away_from_clean(steps=2, size=0.75)])
    def test_points_lie_in_the_threat_model_and_batch_statistics_stay(self, perturb: Perturb) -> None:
        model, (images, labels) = network(), batch()
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        points = perturb(model, images, labels, THREAT, draw())
        assert 0.05 < float((points - images).abs().max()) <= THREAT.eps + 1e-6
        assert float(points.min()) >= 0
        assert float(points.max()) <= 1
        assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
        assert model.training

    def test_more_steps_raise_the_loss_further(self) -> None:
        model, (images, labels) = network().eval(), batch()

        def loss(perturb: Perturb) -> float:
            points = perturb(model, images, labels, THREAT, draw())
            return F.cross_entropy(model(points), labels).item()

        assert loss(as_they_are) < loss(one_step) < loss(many_steps(steps=7, size=0.25))


class Fixed(nn.Module):
    """Logits that are the images."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)


class TestObjectives:
    clean = torch.tensor([[2.0, 0.0, 1.0], [0.0, 0.5, 0.0]])
    moved = torch.tensor([[0.0, 1.0, 0.0], [0.3, 0.2, 0.1]])
    labels = torch.tensor([0, 1])

    def test_smoothing_spreads_part_of_the_label(self) -> None:
        log = torch.log_softmax(self.moved, 1)
        expected = -(0.7 * log[[0, 1], self.labels] + 0.3 * log.mean(1)).mean()
        found = at_points(smoothing=0.3)(Fixed(), self.moved, self.clean, self.labels)
        torch.testing.assert_close(found, expected)

    def test_trades_is_clean_loss_plus_beta_divergences(self) -> None:
        p, q = torch.softmax(self.clean, 1), torch.softmax(self.moved, 1)
        divergence = (p * (p / q).log()).sum(1).mean()
        expected = -p[[0, 1], self.labels].log().mean() + 6 * divergence
        torch.testing.assert_close(trades(beta=6.0)(Fixed(), self.moved, self.clean, self.labels), expected)

    def test_mart_weighs_divergence_by_what_the_clean_image_lacks(self) -> None:
        p, q = torch.softmax(self.clean, 1), torch.softmax(self.moved, 1)
        runner_up = torch.tensor([q[0, 1:].max(), q[1, [0, 2]].max()])
        boosted = -q[[0, 1], self.labels].log() - (1 - runner_up).log()
        divergence = (p * (p / q).log()).sum(1) * (1 - p[[0, 1], self.labels])
        expected = (boosted + 5 * divergence).mean()
        torch.testing.assert_close(mart(weight=5.0)(Fixed(), self.moved, self.clean, self.labels), expected)


class TestWorstWeights:
    def test_matrices_move_by_their_own_length_and_come_back(self) -> None:
        model, (images, labels) = network(), batch()
        before = {name: weight.detach().clone() for name, weight in model.named_parameters()}

        def loss() -> Tensor:
            return F.cross_entropy(model(images), labels)

        plain = loss().item()
        with worst_weights(model, loss, radius=0.01):
            for name, weight in model.named_parameters():
                moved = (weight.detach() - before[name]).norm().item()
                expected = 0.01 * before[name].norm().item() if weight.dim() > 1 else 0.0
                assert moved == pytest.approx(expected, rel=1e-3)
            assert loss().item() > plain
        for name, weight in model.named_parameters():
            torch.testing.assert_close(weight.detach(), before[name])

    def test_without_a_radius_nothing_is_computed(self) -> None:
        with worst_weights(network(), lambda: pytest.fail("asked for the loss"), radius=0.0):
            pass


def test_crops_and_mirrors_are_shifted_copies_of_the_image() -> None:
    images = torch.arange(1.0, 4 * 2 * 6 * 5 + 1).view(4, 2, 6, 5)
    found = crop_and_flip(images, draw(), margin=1)
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    for image, source in zip(found.numpy(), padded, strict=True):
        possible = [source[:, t : t + 6, left : left + 5] for t in range(3) for left in range(3)]
        assert any((image == p).all() or (image == p[:, :, ::-1]).all() for p in possible)
    assert not torch.equal(crop_and_flip(images, torch.Generator().manual_seed(1), margin=1), found)


@pytest.mark.parametrize("pool", ["digits", "cifar10"])
def test_every_model_of_a_trained_pool_has_a_recipe_that_comes_after_its_start(pool: str) -> None:
    from tiltyard.defences.pool import load_pool

    names = [model.name for model in load_pool(pool).spec.models]
    assert names == list(RECIPES[pool])
    for name, recipe in RECIPES[pool].items():
        assert recipe.start is None or names.index(recipe.start) < names.index(name)
