"""Lance: the strongest attack that an average budget buys, whatever the model."""

from dataclasses import replace
from itertools import chain, cycle

import torch
from torch import Tensor

from tiltyard.attacks.books import Books
from tiltyard.attacks.lancing.memory import Memory
from tiltyard.attacks.lancing.noise import DRAWS, Votes, answers_at_random
from tiltyard.attacks.lancing.ride import Ride, ride
from tiltyard.attacks.lancing.search import search
from tiltyard.attacks.result import AttackResult, Model, Progress
from tiltyard.attacks.rows import none_of
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat

FIRST = Ride(8)
COURSE = (
    Ride(20, "best", first=1.0),
    Ride(20, rank=2, share=0.5),
    Ride(20, rank=3, share=0.5),
    Ride(20, "image", heat=4.0, momentum=0.0, turn=5),
    Ride(20, rank=2),
    Ride(20, rank=4),
)
"""Short runs after the first, cheapest success first."""
AGAIN = (
    Ride(50, "image", rank=1, heat=0.1, momentum=0.0, turn=5),
    Ride(50, "corner", rank=2, heat=0.1),
    Ride(50, "image", heat=4.0, momentum=0.0, turn=5),
    Ride(50, "corner", rank=3, heat=1.0),
    Ride(50, "corner", rank=1, heat=0.1, momentum=0.0),
    Ride(50, "corner", rank=5, heat=1.0),
    Ride(50, "image", heat=1.0, momentum=0.0, turn=5),
    Ride(50, "corner", rank=4, heat=0.1),
    Ride(50, "image", rank=2, heat=1.0, momentum=0.0, turn=5),
    Ride(50, "corner", rank=6, heat=1.0),
)
"""Long runs from new starts, for as long as there is budget."""
SAMPLE = 32
"""Images on which gradients are compared with queries."""
MASKED = 0.25
"""Gradients count as masked where queries come nearer on more than this share of them."""
JITTER = 0.1
"""Of eps: where gradients are masked they are averaged over points so far around."""
OPENING = 2
"""Runs before gradients are judged."""
STRETCH = 3
"""Queries that an image gets at most, in those that all would get: most images break before."""
MOST_QUERIES = 5000
"""As many as the square attack of AutoAttack has for an image."""
QUERIES_FIRST = 0.6
"""Share of the forwards that queries get before the rest of the gradients where those are masked."""


def lance(
    model: Model,
    images: Tensor,
    labels: Tensor,
    threat: Threat,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
    budget: Budget | None = None,
    batch_size: int = 128,
    seed: int = 0,
    progress: Progress | None = None,
) -> AttackResult:
    """Attacks images (n, c, h, w) in `bounds`; without a budget, in the contest's: 200 forwards, 100 gradients each.

    Short runs break what is easy; broken images are dropped at once, and what they saved buys longer runs from new
    starts, at other classes, on the rest. A model that answers at random is asked several times, and an image counts
    as broken only where most of eight answers are wrong. Where gradient-free queries come nearer than
    gradients did, they get most of the budget; otherwise they get the forwards that gradients leave. `cut_short` names
    the images whose course was not finished, or whose best margin still moved in its last third. There is nothing to
    tune. docs/decisions/0009 has the measurements.
    """
    allowed = budget or Budget.per_image(len(images), forwards=200, backwards=100)
    books = Books(model, images, labels, threat, allowed, batch_size)
    if len(images) and books.affords(forwards=len(images)):
        memory = _open(books, allowed, bounds, seed, progress)
        _attack(memory, Votes(memory))
        return replace(books.result(), cut_short=memory.unfinished(len(COURSE)))
    return books.result()


def _open(books: Books, allowed: Budget, bounds: tuple[float, float], seed: int, progress: Progress | None) -> Memory:
    random, index = answers_at_random(books), torch.arange(len(books.images))
    logits = books.look(books.images, index, counts=none_of(books.images) if random else None)
    total = allowed.forwards + allowed.backwards

    def step_done() -> None:
        if progress:
            progress(books.spent.forwards + books.spent.backwards if len(books.active) else total, total)

    return Memory.of(
        books, logits, bounds, torch.Generator().manual_seed(seed), step_done, draws=DRAWS if random else 1
    )


def _attack(memory: Memory, votes: Votes) -> None:
    """Gradients, then queries with the forwards that they leave; the other way round where gradients are masked."""
    course = iter((FIRST, *COURSE, *AGAIN))
    going = True
    for _ in range(OPENING):
        going = going and not memory.is_blind and _then(votes, ride(memory, next(course)))
    if memory.is_blind:
        _spend_on_queries(memory, 1.0, fresh=True)
    elif going and _queries_come_nearer(memory):
        memory.jitter = JITTER
        _spend_on_queries(memory, QUERIES_FIRST, fresh=True)
    course = chain(course, cycle(AGAIN))
    while going and len(memory.books.active) and not memory.is_blind:
        going = _then(votes, ride(memory, next(course)))
    _spend_on_queries(memory, 1.0)
    votes.cast()
    memory.leave_nearest()
    votes.settle()


def _then(votes: Votes, going: bool) -> bool:
    votes.cast()
    return going


def _queries_come_nearer(memory: Memory) -> bool:
    """Whether as many queries without gradients come nearer than the gradient steps so far did: a masked gradient."""
    sample = memory.books.active[: min(SAMPLE, max(1, len(memory.points) // 8))]
    before = memory.worth.clone()
    search(memory, FIRST.steps + COURSE[0].steps, sample, fresh=True)
    nearer = (memory.worth > before)[sample.to(before.device)]
    return len(sample) > 0 and float(nearer.float().mean()) > MASKED


def _spend_on_queries(memory: Memory, share: float, *, fresh: bool = False) -> None:
    """Patches for that share of the forwards that are left; images that break leave theirs to the others."""
    left, count = memory.books.forwards_left(), len(memory.books.active)
    if count and left >= count * memory.draws:
        each = max(1, int(share * left / count / memory.draws))
        search(memory, min(STRETCH * each, MOST_QUERIES), fresh=fresh, reserve=int((1 - share) * left))
