"""Defences that transform their input, and activations that hide their gradient."""

import pytest
import torch
from torch import Tensor

from tiltyard.defences.architectures import ARCHITECTURES, build
from tiltyard.defences.architectures.inputs import BehindTransform, BitDepth, RandomNoise, RandomResizePad
from tiltyard.defences.architectures.kwta import k_winners

RANDOMISED = ("digits-cnn/random-noise", "digits-cnn/random-resize", "small-resnet/random-resize")


def images(shape: tuple[int, ...] = (5, 1, 8, 8)) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def shape_for(architecture: str) -> tuple[int, ...]:
    return (5, 1, 8, 8) if architecture.startswith("digits") else (5, 3, 32, 32)


@pytest.mark.parametrize("name", RANDOMISED)
def test_a_randomised_model_differs_from_call_to_call_and_obeys_a_seed(name: str) -> None:
    model, points = build(name), images(shape_for(name))
    assert isinstance(model, BehindTransform)
    assert model.randomised
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(3)
        first, second = model(points), model(points)
        torch.manual_seed(3)
        again = model(points)
    assert not torch.equal(first, second)
    assert torch.equal(first, again)


def test_no_other_architecture_is_randomised() -> None:
    names = [name for name in ARCHITECTURES if name.startswith(("digits", "small"))]
    assert {name for name in names if getattr(build(name), "randomised", False)} == set(RANDOMISED)


def test_bit_depth_rounds_to_its_levels_and_has_no_gradient() -> None:
    points = images().requires_grad_()
    found = BitDepth(2)(points)
    assert set(torch.unique(found).tolist()) == set(torch.tensor([0, 1 / 3, 2 / 3, 1]).tolist())
    assert (found - points).abs().max().item() <= 1 / 6 + 1e-6
    found.sum().backward()
    assert points.grad is not None
    assert not points.grad.any()


def test_noise_has_its_deviation() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        noise = RandomNoise(0.2)(torch.zeros(100, 1, 32, 32))
    assert (noise.std().item(), noise.mean().item()) == pytest.approx((0.2, 0.0), abs=0.002)


def test_resized_images_keep_their_content_inside_a_frame_of_zeros() -> None:
    flat = torch.full((300, 1, 16, 16), 0.5)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = RandomResizePad(12)(flat).round(decimals=5)
    sides = (found == 0.5).any(3).sum((1, 2))
    assert set(sides.tolist()) == {12, 13, 14, 15, 16}
    assert set(torch.unique(found).tolist()) == {0, 0.5}
    starts = {int(image[0].any(1).nonzero()[0]) for image in found}
    assert starts == {0, 1, 2, 3, 4}


def test_resizing_to_the_whole_side_changes_nothing() -> None:
    points = images()
    torch.testing.assert_close(RandomResizePad(8)(points), points)


def test_winners_stay_and_all_others_become_zero() -> None:
    points = torch.randn((4, 2, 5, 5), generator=torch.Generator().manual_seed(0))
    found = k_winners(points, share=0.2)
    for image, kept in zip(points.flatten(1), found.flatten(1), strict=True):
        assert torch.equal(kept.nonzero()[:, 0], image.topk(10).indices.sort().values)
        assert torch.equal(kept[kept != 0], image[kept != 0])
