"""What a JPEG's file holds of a page, and what the network makes of it."""

import io

import numpy as np
import torch
from PIL import Image
from scipy.fft import idctn

from small_scene import scene
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.network_parts import COMPARED, Alike, _together
from tiltyard.forensics.locating.planes import PLANES
from tiltyard.forensics.locating.stored import CAP, FREQUENCIES, NONE, stored_of
from tiltyard.forensics.locating.view import view_of
from tiltyard.forensics.tracing.cue import Subject, subject_in


def saved(pixels: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def test_the_sizes_are_those_that_the_file_holds() -> None:
    rng, steps = np.random.default_rng(1), tuple(range(6, 6 + FREQUENCIES))
    held = rng.integers(-1, 2, (5, 7, 8, 8)) * rng.integers(0, 2, (5, 7, 8, 8))
    held[2, 3, 0, 0], held[4, 6, 0, 1] = -9, CAP
    blocks = idctn(held * np.reshape(steps, (8, 8)), axes=(2, 3), norm="ortho")
    luma = np.rint(blocks.transpose(0, 2, 1, 3).reshape(40, 56) + 128)
    assert 0 <= luma.min() <= luma.max() <= 255
    luma = luma.astype(np.uint8)
    found = stored_of(Subject(np.stack([luma] * 3, -1), "jpeg", (steps,), luma))
    truth = np.minimum(np.abs(held.reshape(5, 7, FREQUENCIES)), CAP).transpose(2, 0, 1)
    assert np.array_equal(found.sizes, truth)
    assert np.allclose(2.0 ** found.steps.astype(np.float32), steps, rtol=0.01)


def test_what_lost_nothing_has_no_sizes_and_no_steps() -> None:
    found = stored_of(Subject(scene(2, 100)[:97, :103]))
    assert found.sizes.shape == (FREQUENCIES, 12, 12)
    assert not found.sizes.any()
    assert (found.steps == NONE).all()


def test_the_parts_of_a_view_stay_together() -> None:
    view = view_of(subject_in(saved(scene(3, 160), 80), "picture.jpg"))
    part = view.part((slice(2, 9), slice(3, 12))).part((slice(None, None, -1), slice(None)))
    assert np.array_equal(part.planes[:, 0], view.planes[:, 8, 3:12])
    assert np.array_equal(part.sizes[:, 0], view.sizes[:, 8, 3:12])
    assert np.array_equal(part.steps, view.steps)


def test_the_network_reads_sizes_and_steps() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        network = Locator().eval()
        planes, sizes = torch.zeros(1, PLANES, 16, 16), torch.randint(0, CAP + 1, (1, FREQUENCIES, 16, 16)).float()
    steps = torch.full((1, FREQUENCIES), 3.0)
    told = network(planes, sizes, steps)
    assert not torch.allclose(told, network(planes, torch.zeros_like(sizes), steps), atol=1e-4)
    assert not torch.allclose(told, network(planes, sizes, steps + 1), atol=1e-4)
    assert torch.allclose(told, network(planes, sizes + CAP * (sizes == CAP), steps))


def test_a_place_is_compared_with_the_whole_page() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(8)
        alike = Alike(8).eval()
        page = torch.rand(1, 8, 20, 20)
    alike.even = alike.weighed[0] = torch.nn.Identity()
    other = page.clone()
    other[:, :4, 19, 19] += 5
    assert not torch.allclose(alike(page)[..., 0, 0], alike(other)[..., 0, 0], atol=1e-5)
    torch.nn.init.zeros_(alike.taken.weight)
    assert torch.allclose(alike(page)[..., 0, 0], alike(other)[..., 0, 0], atol=1e-7)


def test_places_are_taken_together_until_they_are_few() -> None:
    assert _together(torch.rand(1, 8, 20, 20)).shape == (1, 8, 10, 10)
    assert _together(torch.rand(1, 8, 300, 301)).shape[2:] == (19, 19)
    assert 19 * 19 <= COMPARED < 38 * 38
