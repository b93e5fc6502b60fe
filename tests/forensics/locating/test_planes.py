"""What the network is told at the scale of JPEG blocks."""

import io

import numpy as np
from PIL import Image, ImageFilter

from small_scene import scene
from tiltyard.forensics.locating.layers import layers_of
from tiltyard.forensics.locating.measures import conditions, measures
from tiltyard.forensics.locating.planes import COLOURS, CONDITIONS, FACTS, MEASURES, PLANES, planes_of
from tiltyard.forensics.tracing.cue import Subject, subject_in

MEASURED = [name for name, _ in measures(layers_of(scene(1)), scene(1))]


def saved(pixels: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def opened(pixels: np.ndarray, quality: int) -> Subject:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return subject_in(buffer.getvalue(), "picture.jpg")


def page(seed: int) -> np.ndarray:
    """Rows of dark bars, like letters, on noisy paper."""
    rng = np.random.default_rng(seed)
    pixels = np.full((320, 320, 3), 230.0) + rng.normal(0, 1.5, (320, 320, 3))
    for top in range(16, 300, 32):
        for left in range(16, 300, 8):
            pixels[top : top + 12, left : left + 3] -= rng.uniform(120, 170)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def plane(planes: np.ndarray, name: str) -> np.ndarray:
    found: np.ndarray = planes[CONDITIONS + MEASURED.index(name)].astype(np.float32)
    return found


def test_there_is_a_number_for_every_plane_and_block() -> None:
    for subject in (Subject(scene(1)), opened(scene(1), 80), Subject(scene(1)[:100, :77]), Subject(scene(1)[:9, :17])):
        planes = planes_of(subject)
        assert planes.shape == (PLANES, subject.shape[0] // 8, subject.shape[1] // 8)
        assert np.isfinite(planes).all()


def test_the_planes_are_those_that_are_counted() -> None:
    layers = layers_of(page(1))
    assert len(list(conditions(layers))) == CONDITIONS
    assert len(MEASURED) == len(set(MEASURED)) == MEASURES


def test_a_blank_picture_has_nothing_odd() -> None:
    planes = planes_of(Subject(np.full((160, 160, 3), 200, np.uint8)))
    assert not planes[CONDITIONS : -FACTS - COLOURS].any()


def test_a_place_without_the_earlier_saving_of_the_rest_stands_out() -> None:
    pixels = saved(scene(2, 256), 60).copy()
    pixels[64:160, 96:224] = scene(3, 256)[64:160, 96:224]
    evidence = planes_of(opened(pixels, 92))[-COLOURS - FACTS - 3].astype(np.float32)
    inside = np.zeros(evidence.shape, bool)
    inside[8:20, 12:28] = True
    assert evidence[~inside].mean() > evidence[inside].mean() + 0.5


def test_letters_that_are_softer_than_the_others_stand_out() -> None:
    pixels = page(4)
    soft = np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.7)))
    pixels[104:136, 96:192] = soft[104:136, 96:192]
    odd = np.abs(planes_of(Subject(pixels))[CONDITIONS : CONDITIONS + MEASURES].astype(np.float32)).mean(0)
    assert odd[14:16, 13:23].mean() > 2 * odd.mean()


def test_noise_on_paper_stands_out() -> None:
    pixels = page(5).astype(float)
    pixels[200:264, 64:192] += np.random.default_rng(6).normal(0, 3, (64, 128, 3))
    noise = plane(planes_of(Subject(np.clip(pixels, 0, 255).astype(np.uint8))), "noise, paper")
    assert noise[26:32, 9:23].mean() > noise.mean() + 1
