"""The answer for a whole picture."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
import torch

from tiltyard.forensics.locating import whole
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.view import view_of
from tiltyard.forensics.locating.whole import LESS, answer, heard, over_the_picture
from tiltyard.forensics.tracing.cue import Subject


@pytest.fixture(scope="module")
def network() -> Locator:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return Locator().eval()


def page(height: int, width: int) -> np.ndarray:
    """Lines of dark bars on noisy paper."""
    pixels = np.random.default_rng(height).normal(230, 2, (height, width, 3))
    for top in range(10, height - 14, 20):
        for left in range(8, width - 8, 6):
            pixels[top : top + 10, left : left + 3] -= 150
    return np.clip(pixels, 0, 255).astype(np.uint8)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 255, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(130, 201), (300, 513), (700, 530)])
def test_every_pixel_of_a_page_has_an_answer(network: Locator, shape: tuple[int, int]) -> None:
    found = heard(network, Subject(page(*shape)))
    assert found.shape == shape
    assert np.isfinite(found).all()
    assert found.std() > 0


def test_a_large_page_is_taken_in_bands_and_costs_less_memory(
    network: Locator, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = Subject(page(707, 530))
    at_once, most = with_peak(lambda: heard(network, subject))
    lower = heard(network, Subject(subject.pixels[44 * 8 :]))
    monkeypatch.setattr(whole, "LARGEST", 707 * 530 / 2)
    in_bands, less = with_peak(lambda: heard(network, subject))
    assert in_bands.shape == at_once.shape
    assert less < 0.7 * most
    assert np.allclose(in_bands[45 * 8 :], lower[8:], atol=1e-4)


def with_peak(call: Callable[[], np.ndarray]) -> tuple[np.ndarray, int]:
    """What it returns, and the bytes that arrays took meanwhile at the most."""
    tracemalloc.start()
    try:
        return call(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_photographs_are_judged_too_but_suspected_less(network: Locator) -> None:
    subject, written = Subject(noise(200, 304)), Subject(page(200, 304))
    told = over_the_picture(answer(network, view_of(subject)), (200, 304), (0, 0))
    assert np.allclose(heard(network, subject), told - LESS, atol=1e-4)
    told = over_the_picture(answer(network, view_of(written)), (200, 304), (0, 0))
    assert np.allclose(heard(network, written), told, atol=1e-4)


def test_a_block_is_answered_where_it_lies() -> None:
    blocks = np.zeros((5, 6), np.float32)
    blocks[2, 4] = 3
    found = over_the_picture(blocks, (3 + 40 + 5, 2 + 48 + 1), (3, 2))
    assert found.shape == (48, 51)
    rows, columns = np.nonzero(found > 2)
    assert (rows.min(), rows.max()) == (3 + 18, 3 + 21)
    assert (columns.min(), columns.max()) == (2 + 34, 2 + 37)


def test_a_picture_that_was_turned_upright_is_read_on_its_grid(network: Locator) -> None:
    pixels = page(203, 261)
    turned = heard(network, Subject(pixels, grid=(3, 5)))
    straight = heard(network, Subject(np.ascontiguousarray(pixels[3:, 5:])))
    assert turned.shape == (203, 261)
    assert np.allclose(turned[3:, 5:], straight, atol=1e-4)
    assert np.array_equal(turned[0], turned[3])
