"""Square: forwards alone, patches of the right size in the right place."""

import pytest
import torch
from small_networks import Rounded, images, labels, network
from torch import nn

from tiltyard.attacks import Threat, square
from tiltyard.attacks.norms import distances
from tiltyard.attacks.patches import propose, start_patches
from tiltyard.attacks.square import share_of_image

UNIT = (0.0, 1.0)


def test_the_patch_shrinks_as_in_the_paper() -> None:
    after = (0, 10, 11, 51, 201, 501, 1001, 2001, 4001, 6001, 8001, 9999)
    halvings = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert [share_of_image(query, 10_000, 0.8) for query in after] == [0.8 / 2**times for times in halvings]
    assert share_of_image(26, 5000, 0.8) == share_of_image(52, 10_000, 0.8)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 2), (1, 3, 5), (3, 4, 4), (2, 9, 9), (3, 32, 20)])
def test_any_shape_of_image_will_do(norm: str, shape: tuple[int, int, int]) -> None:
    centres, generator = torch.rand(4, *shape), torch.Generator().manual_seed(0)
    threat = Threat(norm, 0.2)  # type: ignore[arg-type]
    patches = start_patches(torch.arange(4), centres, threat, UNIT, generator)
    for share in (0.8, 0.1, 0.002):
        points = propose(patches, share, threat, UNIT, generator)
        assert points.isfinite().all()
        assert (distances(points, centres, norm) <= 0.2 * (1 + 1e-5)).all()
        assert not torch.equal(points, centres)
        patches.best = points


def test_for_linf_one_square_of_each_image_goes_to_an_end_of_the_cube() -> None:
    centres, generator = torch.full((20, 3, 16, 16), 0.5), torch.Generator().manual_seed(0)
    patches = start_patches(torch.arange(20), centres, Threat("linf", 0.25), UNIT, generator)
    patches.best = centres.clone()
    points = propose(patches, 16 / 256, Threat("linf", 0.25), UNIT, generator)
    moved = points != centres
    assert moved.sum((2, 3)).eq(16).all()
    assert set(points[moved].tolist()) == {0.25, 0.75}
    rows, columns = moved[:, 0].any(2).sum(1), moved[:, 0].any(1).sum(1)
    assert rows.eq(4).all()
    assert columns.eq(4).all()
    assert len(torch.unique(moved[:, 0].flatten(1), dim=0)) > 5


def test_for_l2_the_whole_radius_is_used() -> None:
    centres, generator = torch.full((5, 3, 16, 16), 0.5), torch.Generator().manual_seed(0)
    threat = Threat("l2", 0.5)
    patches = start_patches(torch.arange(5), centres, threat, UNIT, generator)
    for points in (patches.best, propose(patches, 0.1, threat, UNIT, generator)):
        assert distances(points, centres, "l2").tolist() == pytest.approx([0.5] * 5, rel=1e-4)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_it_asks_for_no_gradient_and_breaks_a_model_without_any(norm: str) -> None:
    x = images()
    y = labels(x)
    found = square(Rounded(), x, y, Threat(norm, {"linf": 0.2, "l2": 1.2}[norm]), queries=400)  # type: ignore[arg-type]
    assert int(found.success.sum()) > 25
    assert found.backwards is not None
    assert not found.backwards.any()


def test_no_image_costs_more_than_the_queries_and_the_first_look() -> None:
    x = images()
    found = square(network(), x, labels(x), Threat("linf", 0.01), queries=60)
    assert found.forwards is not None
    assert set(found.forwards[~found.success].tolist()) == {61}


def test_another_seed_tries_other_patches() -> None:
    x = images()
    first, second = (square(network(), x, labels(x), Threat("linf", 0.02), queries=20, seed=seed) for seed in (1, 2))
    assert not torch.equal(first.images, second.images)


def test_more_queries_reach_no_less() -> None:
    class Watched(nn.Module):
        inner = network()
        calls = 0

        def forward(self, points: torch.Tensor) -> torch.Tensor:
            assert not points.requires_grad
            Watched.calls += 1
            logits: torch.Tensor = self.inner(points)
            return logits

    x = images()
    few, many = (square(Watched(), x, labels(x), Threat("l2", 0.3), queries=queries) for queries in (20, 200))
    assert int(many.success.sum()) >= int(few.success.sum())
    assert Watched.calls > 0
