"""Seeds made of a seed, and models that answer at random drawn from one: torch's generators are put back after it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derived(seed: int, *purpose: str) -> int:
    """A seed (56 bits) that follows from `seed` and `purpose`, and that nobody has without knowing all of them.

    Nor does it tell `seed`, unless that is one of the few that somebody would try.
    """
    return int.from_bytes(hashlib.sha256("|".join((str(seed), *purpose)).encode()).digest()[:7])


@contextmanager
def drawn_from(seed: int, purpose: str) -> Iterator[None]:
    """Inside it, what a model draws from torch follows from `seed` and `purpose`; the caller's generators are kept.

    Every purpose has numbers of its own, and none has those of a generator that was seeded with `seed` itself: an
    attack's starts would else repeat the model's noise. A model that draws from numpy is not covered.
    """
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    own = derived(seed, purpose)
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(own)
        if devices:
            torch.cuda.manual_seed_all(own)
        yield
