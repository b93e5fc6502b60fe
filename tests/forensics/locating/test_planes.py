"""What the network is told at the scale of JPEG blocks."""

import io

import numpy as np
import pytest
from PIL import Image

from small_scene import scene
from tiltyard.forensics.locating.batches import TRANSPOSED
from tiltyard.forensics.locating.planes import OWN, PLANES, planes_of
from tiltyard.forensics.tracing.cue import Subject, subject_in


def saved(pixels: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def opened(pixels: np.ndarray, quality: int) -> Subject:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return subject_in(buffer.getvalue(), "picture.jpg")


def test_there_is_a_number_for_every_plane_and_block() -> None:
    for subject in (Subject(scene(1)), opened(scene(1), 80), Subject(scene(1)[:100, :77])):
        planes = planes_of(subject)
        assert planes.shape == (PLANES, subject.shape[0] // 8, subject.shape[1] // 8)
        assert np.isfinite(planes).all()
        assert planes.std() > 0.05


def test_a_place_without_the_earlier_saving_of_the_rest_is_darker() -> None:
    pixels = saved(scene(2, 256), 60).copy()
    pixels[64:160, 96:224] = scene(3, 256)[64:160, 96:224]
    shared = planes_of(opened(pixels, 92))[: len(OWN)].astype(np.float32).sum(0)
    inside = np.zeros(shared.shape, bool)
    inside[8:20, 12:28] = True
    assert shared[~inside].mean() > shared[inside].mean() + 3


def test_noise_stands_out_in_its_plane() -> None:
    pixels = scene(4, 256)
    rng = np.random.default_rng(5)
    pixels[64:128, 64:128] = np.clip(pixels[64:128, 64:128] + rng.normal(0, 12, (64, 64, 3)), 0, 255)
    noise = planes_of(Subject(pixels))[len(OWN) + 2].astype(np.float32)
    assert noise[8:16, 8:16].mean() > noise.mean() + 0.5


@pytest.mark.parametrize("flip", ["rows", "columns", "transposed"])
def test_a_turned_picture_has_turned_planes(flip: str) -> None:
    """What training relies on when it turns crops: nothing is computed anew there."""
    pixels = saved(scene(6, 256), 70)
    planes = planes_of(Subject(pixels)).astype(np.float32)
    if flip == "transposed":
        turned = planes_of(Subject(np.ascontiguousarray(pixels.transpose(1, 0, 2)))).astype(np.float32)
        order = [*TRANSPOSED, *range(len(TRANSPOSED), PLANES)]
        expected = planes[order].transpose(0, 2, 1)
    else:
        axis = 0 if flip == "rows" else 1
        turned = planes_of(Subject(np.ascontiguousarray(np.flip(pixels, axis)))).astype(np.float32)
        expected = np.flip(planes, axis + 1)
    own = slice(len(OWN))
    alike = np.corrcoef(turned[own].ravel(), expected[own].ravel())[0, 1]
    unturned = np.corrcoef(turned[own].ravel(), np.resize(planes[own], turned[own].shape).ravel())[0, 1]
    assert alike > 0.9
    assert alike > unturned + 0.1
