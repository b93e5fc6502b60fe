"""A training run from material to card: sets are made and measured, the network trained, its rule chosen."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from tiltyard.contest.executor import Executor
from tiltyard.errors import TiltyardError
from tiltyard.forensics.curve import Drawn, write_curve
from tiltyard.forensics.locating.batches import Pool, pool_of
from tiltyard.forensics.locating.card import Facts, write_card
from tiltyard.forensics.locating.choosing import check_aside, chosen, listened
from tiltyard.forensics.locating.deciding import Rule
from tiltyard.forensics.locating.material import parts_of, prepare
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.sets import Sets, make_sets
from tiltyard.forensics.locating.training import NAME, Schedule, Told, train
from tiltyard.forensics.locating.weights import SHIPPED, save_weights, with_weights

Making = Callable[[int, int], None]
"""Called with the samples, then the parts to measure, that are done and those that there will be."""
DRAWN = Drawn("seen", ("pages", "auc"), "pages seen", "on pages kept aside")
UNCHOSEN = Rule(0.0, -1.0, 1.0)
LISTENED = 200
"""Whole pictures of each set kept aside on which the rule is chosen."""


@dataclass(frozen=True)
class Order:
    """What is trained on, for how long, and where it goes."""

    out: Path
    minutes: float
    documents: int
    pictures: tuple[Path, ...] = ()
    """Folders of authentic pictures."""
    sets: tuple[Path, ...] = ()
    """Sets that `tiltyard forge` wrote, to train on."""
    aside: tuple[Path, ...] = ()
    """The same, to choose the rule on."""
    start: Path | None = None
    """Weights to go on from, in place of random ones."""
    seed: int = 0
    threads: int | None = None
    device: str = "cpu"


def carry_out(order: Order, executor: Executor, *, making: Making, told: Told) -> Path:
    """Goes on where an earlier call in the same folder stopped; returns the path of the weights."""
    _check(order)
    torch.set_num_threads(order.threads or len(os.sched_getaffinity(0)))
    sets = _sets(order, executor, making)
    pools, aside = (_pools(found, order, executor, making) for found in (sets.training, sets.aside))
    shares = [len(pool) ** 0.5 for pool in pools]
    start = with_weights(order.start)[0] if order.start else None
    told(0.0, {})
    state = train(
        pools, shares, aside, order.out, schedule=Schedule(order.minutes), identity=_identity(order, pools),
        start=start, seed=order.seed, device=order.device, told=told,
    )  # fmt: skip
    facts = Facts(
        sets={place.name: len(pool) for place, pool in zip(sets.training, pools, strict=True)},
        twins=sum(pool.with_twins - len(pool) for pool in pools),
        sources=order.pictures, start=_told_start(order.start), seed=order.seed, threads=torch.get_num_threads(),
        device=order.device,
    )  # fmt: skip
    return finish(state.average.cpu(), sets.aside, state.curve, order.out, facts)


def _told_start(start: Path | None) -> str:
    return "the package's own weights" if start == SHIPPED else str(start or "")


def finish(network: Locator, aside: Sequence[Path], curve: Sequence[dict[str, float]], out: Path, facts: Facts) -> Path:
    """Stores the weights, chooses the rule for them as they are stored, writes curve and card."""
    weights = out / f"{NAME}.safetensors"
    save_weights(network, UNCHOSEN, weights)
    network, _ = with_weights(weights)
    kept = {place.name: list(listened(network, place, most=LISTENED)) for place in aside}
    save_weights(network, chosen(list(kept.values())), weights)
    write_curve(curve, weights.with_suffix(".csv"), DRAWN)
    write_card(weights, kept, curve, facts)
    return weights


def _identity(order: Order, pools: Sequence[Pool]) -> str:
    """Digest of what a run must not change while it goes on: seed, material, the weights that it began with."""
    digest = hashlib.sha256(f"{order.seed} {[pool.names for pool in pools]}".encode())
    if order.start:
        digest.update(order.start.read_bytes())
    return digest.hexdigest()


def _check(order: Order) -> None:
    if order.device not in ("cpu", "cuda"):
        raise TiltyardError(f"--device {order.device[:20]}: write cpu or cuda")
    if order.device == "cuda" and not torch.cuda.is_available():
        raise TiltyardError("--device cuda: torch finds no CUDA device; leave it out")
    if not (order.documents or order.pictures or order.sets):
        raise TiltyardError("nothing to train on: give --documents, --pictures or --set")
    if order.start:
        with_weights(order.start)
    given = (*order.sets, *order.aside)
    for place in given:
        parts_of(place, order.out)


def _sets(order: Order, executor: Executor, making: Making) -> Sets:
    made = make_sets(
        order.out / "sets", executor, documents=order.documents, pictures=order.pictures, seed=order.seed,
        beside=[place.name for place in (*order.sets, *order.aside)],
        progress=lambda name, done, of: making(done, of),
    )  # fmt: skip
    sets = Sets((*made.training, *order.sets), (*made.aside, *order.aside))
    if not sets.aside:
        raise TiltyardError("no set to choose the threshold on: give --aside DIR, or --documents above 0")
    for place in sets.aside:
        check_aside(place)
    return sets


def _pools(sets: Sequence[Path], order: Order, executor: Executor, making: Making) -> list[Pool]:
    folders = prepare(sets, order.out / "pages", executor, progress=making)
    return [pool_of(found) for found in folders]
