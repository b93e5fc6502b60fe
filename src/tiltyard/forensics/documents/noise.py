"""Gaussian noise, fresh for every pixel, at a fraction of what numpy's normal generator costs."""

import functools
import math
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtri


def gaussian(rng: Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Standard normal float32 samples: 16 random bits a sample through the inverse of the distribution function.

    Samples end at ±4.3 and take 65536 values; nothing is tiled or repeated, so there is nothing for a detector to find.
    """
    return np.take(_quantiles(), _bits(rng, math.prod(shape), "<u2")).reshape(shape)


def uniform_bytes(rng: Generator, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Uniform bytes; looked up in `steps` they are noise of a few grey levels at half the cost of `gaussian`."""
    return _bits(rng, math.prod(shape), "u1").reshape(shape)


@functools.cache
def steps(scale: float) -> NDArray[np.int16]:
    """The 256 quantiles of a normal distribution with this standard deviation, rounded, for `cv2.LUT`."""
    return np.rint(scale * _spread(256)).astype(np.int16)


@functools.cache
def _quantiles() -> NDArray[np.float32]:
    return _spread(65536).astype(np.float32)


def _spread(levels: int) -> NDArray[np.float64]:
    """Equally likely values whose variance is exactly one."""
    values: NDArray[np.float64] = ndtri((np.arange(levels) + 0.5) / levels)
    return np.asarray(values / values.std(), np.float64)


def _bits(rng: Generator, count: int, kind: str) -> NDArray[Any]:
    words = -(-count * np.dtype(kind).itemsize // 8)
    drawn = rng.integers(0, 2**64 - 1, words, dtype=np.uint64, endpoint=True)
    return drawn.astype("<u8", copy=False).view(kind)[:count]
