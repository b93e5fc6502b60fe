"""The perceptual hash knows a picture again, and near pairs are found without comparing all with all."""

import cv2
import numpy as np
import pytest

from tiltyard.forensics.documents.savings import libjpeg
from tiltyard.forensics.making.groups import Groups
from tiltyard.forensics.making.perceptual import RADIUS, as_hashes, near_pairs, perceptual_hash
from tiltyard.forensics.picture import Pixels
from tiltyard.forensics.saving import resaved


def picture(seed: int) -> Pixels:
    """Smooth random colours with some text-like bars."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 256, (12, 16, 3), dtype=np.uint8)
    pixels = cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC)
    for _ in range(40):
        x, y, w = (int(n) for n in (rng.integers(0, 560), rng.integers(0, 460), rng.integers(20, 80)))
        pixels[y : y + 10, x : x + w] = 20
    return np.asarray(pixels, np.uint8)


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_compression_hardly_moves_it(quality: int) -> None:
    for seed in range(8):
        pixels = picture(seed)
        assert distance(perceptual_hash(pixels), perceptual_hash(resaved(pixels, libjpeg(quality)))) <= 8


@pytest.mark.parametrize("scale", [0.4, 0.75, 1.6])
def test_scaling_hardly_moves_it(scale: float) -> None:
    for seed in range(8):
        pixels = picture(seed)
        scaled = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        assert distance(perceptual_hash(pixels), perceptual_hash(np.asarray(scaled, np.uint8))) <= 10


def test_other_pictures_are_far() -> None:
    hashes = [perceptual_hash(picture(seed)) for seed in range(12)]
    apart = [distance(one, other) for i, one in enumerate(hashes) for other in hashes[:i]]
    assert min(apart) > 2 * RADIUS


@pytest.mark.parametrize("radius", [5, 15, 16, 24, 31])
def test_near_pairs_are_those_of_comparing_all(radius: int) -> None:
    rng = np.random.default_rng(radius)
    bits = rng.integers(0, 2, (300, 256), dtype=np.uint8)
    for number in range(100, 300):
        bits[number] = bits[number % 100]
        flips = rng.choice(256, int(rng.integers(1, 40)), replace=False)
        bits[number, flips] ^= 1
    hashes = as_hashes([np.packbits(row).tobytes().hex() for row in bits])
    expected = {
        (i, j) for i in range(300) for j in range(i + 1, 300) if int((bits[i] != bits[j]).sum()) <= radius
    }  # fmt: skip
    found = {
        pair
        for first, second in near_pairs(hashes, radius=radius)
        for pair in zip(first.tolist(), second.tolist(), strict=True)
    }
    assert len(expected) > 5
    assert found == expected


def test_equal_hashes_are_a_chain_however_many_there_are() -> None:
    same = as_hashes([f"{number % 2:064x}" for number in range(20_000)])
    pairs = [(first, second) for first, second in near_pairs(same, radius=1)]
    assert sum(len(first) for first, _ in pairs) < 20_100
    joined = Groups(20_000)
    for first, second in pairs:
        for one, other in zip(first.tolist(), second.tolist(), strict=True):
            joined.join(one, other)
    assert not joined.labels().any()


def test_a_hash_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        as_hashes(["ab"])
