"""Small draws that every template makes."""

from collections.abc import Sequence
from typing import TypeVar

from numpy.random import Generator

T = TypeVar("T")


def pick(rng: Generator, choices: Sequence[T]) -> T:
    return choices[int(rng.integers(len(choices)))]


def some(rng: Generator, choices: Sequence[T], count: int) -> list[T]:
    """`count` different choices (all where there are fewer), in random order."""
    order = rng.permutation(len(choices))[:count]
    return [choices[int(index)] for index in order]


def chance(rng: Generator, share: float) -> bool:
    return bool(rng.random() < share)


def between(rng: Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def digits(rng: Generator, count: int) -> str:
    return "".join(str(int(digit)) for digit in rng.integers(0, 10, count))
