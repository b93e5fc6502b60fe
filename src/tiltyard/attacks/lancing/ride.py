"""One run of gradient ascent on a difference of probabilities, with a schedule that fits what is left."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tiltyard.attacks.lancing.memory import LANES, Memory
from tiltyard.attacks.norms import TINY, project, steepest
from tiltyard.attacks.rows import Rows, none_of, spread

LAST = 0.05
"""The last step, in eps."""
LEAST = 5
"""Fewer steps than this are not worth a start."""


@dataclass(frozen=True)
class Ride:
    """How to ride at an image; `first` is the first step in eps.

    `rank` chooses the class to aim at, in the order of the clean logits; 0 is whichever is nearest. `heat` scales the
    logits, in units of the model's usual margin, before probabilities are compared: little heat is the plain margin,
    much heat sees only the two nearest classes. `share` is the part of the resisting images, the nearest ones, that it
    is meant for. `turn` steps along a random direction of the logits come before the others (ODS, arXiv 2003.06878).
    """

    steps: int
    start: str = "image"
    rank: int = 0
    heat: float = 1.0
    first: float = 2.0
    momentum: float = 0.75
    share: float = 1.0
    turn: int = 0

    @property
    def length(self) -> int:
        """Gradients of an image that resists to the end."""
        return self.turn + self.steps

    @property
    def is_random(self) -> bool:
        """Whether two rides at one image differ."""
        return self.turn > 0 or self.start == "corner"


@dataclass
class _State(Rows):
    points: Tensor
    centres: Tensor
    aims: Tensor
    mix: Tensor
    """Weights of the logits in a random direction."""
    drift: Tensor
    """The gradients so far, the older the lighter."""


def ride(memory: Memory, plan: Ride) -> bool:
    """Rides at the images that resist; False where no image is left to ride at, or no budget for another start."""
    left = memory.books.gradients_left() // memory.passes
    index = memory.nearest(plan.share, most=max(left // LEAST, 1))
    if not len(index):
        return False
    if plan.is_random:
        index = index.repeat(max(1, min(LANES, left // plan.length) // len(index)))
    steps = min(plan.length, left // len(index)) - plan.turn
    if steps < min(LEAST, plan.steps):
        return False
    memory.rides.index_add_(0, index, torch.ones_like(index))
    state = _start(memory, plan, index)
    for _ in range(plan.turn):
        _move(memory, state, _gradient(memory, state, _mixed, state.mix), 1.0, 0.0)
        memory.step_done()
    heat = plan.heat / memory.unit

    def loss(logits: Tensor, labels: Tensor, aims: Tensor) -> Tensor:
        return probability_margin(logits * heat, labels, aims)

    for step in range(steps):
        if not len(state.index):
            return True
        gradient = _gradient(memory, state, loss, state.aims)
        _move(memory, state, gradient, _size(plan, step, steps), plan.momentum)
        memory.step_done()
    _look(memory, state)
    return True


def probability_margin(logits: Tensor, labels: Tensor, aims: Tensor) -> Tensor:
    """Probability of the class `aims` (n,), of the best other class where it is −1, minus the label's (2411.15210)."""
    shares = logits.softmax(1)
    others = shares.scatter(1, labels[:, None], -1.0).amax(1)
    aimed = shares.gather(1, aims.clamp_min(0)[:, None])[:, 0]
    return torch.where(aims < 0, others, aimed) - shares.gather(1, labels[:, None])[:, 0]


def _start(memory: Memory, plan: Ride, index: Tensor) -> _State:
    centres = memory.books.images[index]
    if plan.start == "best":
        points = memory.points[index]
    else:
        points = memory.corners(index) if plan.start == "corner" else centres
    return _State(index, points, centres, memory.aims(index, plan.rank), memory.mixes(index), torch.zeros_like(points))


def _mixed(logits: Tensor, labels: Tensor, mix: Tensor) -> Tensor:
    return (logits * mix).sum(1)


def _gradient(memory: Memory, state: _State, loss: Callable[..., Tensor], extra: Tensor) -> Tensor:
    """The gradient at the points, after which the images that it shows to be broken are dropped."""
    books, total, answers = memory.books, torch.zeros_like(state.points), []
    for number in range(memory.passes):
        jittered = memory.jitter > 0 and number > 0
        points = memory.jittered(state.points) if jittered else state.points
        counts = none_of(points) if memory.draws > 1 or jittered else None
        logits, gradient = books.climb(points, state.index, loss, extra, counts=counts)
        answers += [] if jittered else [logits]
        total += gradient
    memory.note(state.points, state.index, answers)
    memory.count_blind(total)
    kept = state.drop_broken(books.success)
    return total if kept is None else total[kept.to(total.device)]


def _look(memory: Memory, state: _State) -> None:
    if len(state.index) and memory.books.affords(forwards=len(state.index) * memory.draws):
        counts = none_of(state.points) if memory.draws > 1 else None
        answers = [memory.books.look(state.points, state.index, counts=counts) for _ in range(memory.draws)]
        memory.note(state.points, state.index, answers)


def _move(memory: Memory, state: _State, gradient: Tensor, size: float, momentum: float) -> None:
    threat = memory.books.threat
    usual = gradient.flatten(1).abs().mean(1).clamp_min(TINY)
    state.drift = momentum * state.drift + gradient / spread(usual, gradient)
    moved = state.points + size * threat.eps * steepest(state.drift, threat)
    state.points = project(moved, state.centres, threat, memory.bounds)


def _size(plan: Ride, step: int, steps: int) -> float:
    """From the first to the last step along a half cosine."""
    return LAST + (plan.first - LAST) * (1 + math.cos(math.pi * step / max(1, steps - 1))) / 2
