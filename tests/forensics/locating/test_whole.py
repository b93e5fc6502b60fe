"""The answer for a whole picture, put together from tiles."""

import numpy as np
import pytest
import torch

from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.whole import TILE, _spans, heard
from tiltyard.forensics.tracing.cue import Subject


@pytest.fixture(scope="module")
def network() -> Locator:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return Locator().eval()


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 255, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("length", [64, 511, 512, 513, 700, 1024, 1531])
@pytest.mark.parametrize("overlap", [32, 64])
def test_tiles_cover_a_side_and_begin_on_blocks(length: int, overlap: int) -> None:
    covered = np.zeros(length, int)
    for start, end in _spans(length, overlap):
        assert start % 8 == 0
        assert end - start <= TILE + 8
        covered[start:end] += 1
    assert covered.min() >= 1


@pytest.mark.parametrize("shape", [(64, 64), (65, 201), (300, 513), (700, 530)])
@pytest.mark.parametrize("fast", [False, True])
def test_every_pixel_has_an_answer(network: Locator, shape: tuple[int, int], fast: bool) -> None:
    found = heard(network, Subject(noise(*shape)), fast=fast)
    assert found.shape == shape
    assert np.isfinite(found).all()


def test_a_seam_between_tiles_is_not_seen(network: Locator) -> None:
    """Tiles see other surroundings, so they differ a little; the blend must not jump."""
    logits = heard(network, Subject(noise(200, 900)), fast=True)
    steps = np.abs(np.diff(logits, axis=1)).mean(0)
    assert steps.max() < 4 * np.median(steps)


def test_a_picture_that_was_turned_upright_is_read_on_its_grid(network: Locator) -> None:
    pixels = noise(203, 261)
    turned = heard(network, Subject(pixels, grid=(3, 5)))
    straight = heard(network, Subject(np.ascontiguousarray(pixels[3:, 5:])))
    assert turned.shape == (203, 261)
    assert np.allclose(turned[3:, 5:], straight, atol=1e-4)
    assert np.array_equal(turned[0], turned[3])
