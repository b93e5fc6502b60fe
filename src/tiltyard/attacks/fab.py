"""Fast adaptive boundary attack: linearise, project, step back (Croce and Hein 2020, arXiv 1907.02044)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from tiltyard.attacks.books import Books
from tiltyard.attacks.box_projection import step_onto_plane
from tiltyard.attacks.losses import highest_others, logit_gap, margin
from tiltyard.attacks.norms import TINY, distances, project, surface_points
from tiltyard.attacks.result import AttackResult, Model, Progress
from tiltyard.attacks.rows import Rows, none_of, places, spread
from tiltyard.attacks.tally import Tally
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat

SHORTEST = 1e-8
"""A projection counts as at least so long, as a share of the range, when two are weighed."""


@dataclass(frozen=True)
class Search:
    """Settings of FAB: greatest pull towards the image, overshoot of a projection, rest of a step back."""

    bounds: tuple[float, float]
    steps: int = 100
    alpha_max: float = 0.1
    eta: float = 1.05
    beta: float = 0.9


@dataclass
class _State(Rows):
    """`aims` (n, k) are the classes whose boundaries are looked at."""

    centres: Tensor
    points: Tensor
    aims: Tensor
    counts: Tensor
    """Whether a point that is wrong lies in the ball."""


def fab(
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
    steps: int = 100,
    targets: int = 9,
    restarts: int = 1,
    alpha_max: float = 0.1,
    eta: float = 1.05,
    beta: float = 0.9,
) -> AttackResult:
    """Looks for the nearest wrong point of images (n, c, h, w) in `bounds`; an image is done when one is in the ball.

    As in AutoAttack, each run follows the boundary to one class: the `targets` other classes with the highest logits,
    one after the other, and a step costs two forwards and one backward. With `targets=0`, each step takes the nearest
    of the boundaries to all other classes, as in 1907.02044, and costs a forward and a backward for each of them, and
    a forward. Where `threat.targeted`, the one boundary is that of the label against the best other class. The first
    run starts at the image, later `restarts` at random. What resists comes back as its last point, moved into the ball.
    """
    books = Books(model, images, labels, threat, budget, batch_size)
    if books.affords(forwards=len(images)):
        clean = books.look(images, torch.arange(len(images)))
        search = Search(bounds, steps, alpha_max, eta, beta)
        continue_fab(books, search, clean, seed, progress, targets=targets, restarts=restarts)
    return books.result()


def continue_fab(
    books: Books,
    search: Search,
    clean: Tensor,
    seed: int,
    progress: Progress | None,
    *,
    targets: int = 9,
    restarts: int = 1,
) -> None:
    """The same on books that are open, for the images that still resist; `clean` (n, classes) are their logits."""
    generator = torch.Generator().manual_seed(seed)
    boundaries = _boundaries(books, clean, targets)
    tally = Tally(progress, len(boundaries) * restarts * search.steps)
    for number, aims in enumerate(boundaries):
        for start in range(restarts):
            if not _descend(books, search, aims, generator if start else None, tally):
                return
            tally.reach((number * restarts + start + 1) * search.steps)


def _boundaries(books: Books, clean: Tensor, targets: int) -> list[Tensor]:
    """For each run the classes (n, k) whose boundaries it looks at."""
    if books.threat.targeted:
        return [books.labels[:, None]]
    others = highest_others(clean, books.labels, targets or clean.shape[1])
    return [aims[:, None] for aims in others.unbind(1)] if targets else [others]


def _descend(books: Books, search: Search, aims: Tensor, generator: torch.Generator | None, tally: Tally) -> bool:
    """One run for the images that still resist; False where the budget ended it."""
    index, threat = books.active, books.threat
    centres = points = books.images[index]
    if generator:
        points = surface_points(centres, threat.eps / 2, threat.norm, search.bounds, generator)
    state = _State(index, centres, points, aims[index], none_of(points))
    within_budget = True
    for _ in range(search.steps):
        if not len(state.index):
            return True
        count, planes = len(state.index), state.aims.shape[1]
        within_budget = books.affords(forwards=(planes + 1) * count, backwards=planes * count)
        if not within_budget:
            break
        _step(books, state, search)
        tally.step()
    books.keep(project(state.points, state.centres, threat, search.bounds), state.index)
    return within_budget


def _step(books: Books, state: _State, search: Search) -> None:
    gaps, normals = _nearest_plane(books, state)
    norm, eps = books.threat.norm, books.threat.eps
    state.points = _towards(state, gaps, normals, search, norm)
    state.counts = distances(state.points, state.centres, norm) <= eps
    wrong = books.misled(books.look(state.points, state.index, counts=state.counts), state.index)
    kept = state.drop_broken(books.success)
    back = places(wrong if kept is None else wrong[kept])
    shorter = torch.lerp(state.centres[back], state.points[back], search.beta)
    state.points[back] = shorter
    state.counts[back] = distances(shorter, state.centres[back], norm) <= eps


def _towards(state: _State, gaps: Tensor, normals: Tensor, search: Search, norm: str) -> Tensor:
    """The next points: from here and from the image onto the plane, a little too far, the two weighed by distance."""
    flat = torch.stack([state.points.flatten(1), state.centres.flatten(1)])
    normal = normals.flatten(1)
    between = ((flat[0] - flat[1]) * normal).sum(1)
    steps = step_onto_plane(flat, normal, torch.stack([gaps, gaps + between]), norm, search.bounds)
    shortest = SHORTEST * (search.bounds[1] - search.bounds[0])
    here, back = _sizes(steps, norm).clamp_min(shortest)
    share = (here / (here + back)).clamp_max(search.alpha_max)
    ends = flat.add_(steps, alpha=search.eta)
    return torch.lerp(ends[0], ends[1], share).clamp_(*search.bounds).view_as(state.points)


def _sizes(steps: Tensor, norm: str) -> Tensor:
    """Norms (2, n, 1) of steps (2, n, d)."""
    return steps.abs().amax(2, True) if norm == "linf" else torch.linalg.vector_norm(steps, dim=2, keepdim=True)


def _nearest_plane(books: Books, state: _State) -> tuple[Tensor, Tensor]:
    """Of the boundaries, linearised here, the nearest: what is missing of it (n,) and its normal (n, c, h, w)."""
    first, *others = state.aims.unbind(1)
    missing, normal = _plane(books, state, first)
    dual = 1 if books.threat.norm == "linf" else 2
    for aims in others:
        candidate, direction = _plane(books, state, aims)
        away, best = (
            gap.abs() / torch.linalg.vector_norm(across.flatten(1), ord=dual, dim=1).clamp_min(TINY)
            for gap, across in ((candidate, direction), (missing, normal))
        )
        nearer = away < best
        missing = torch.where(nearer, candidate, missing)
        normal = torch.where(spread(nearer, normal), direction, normal)
    return missing, normal


def _plane(books: Books, state: _State, aims: Tensor) -> tuple[Tensor, Tensor]:
    loss, extra = (margin, ()) if books.threat.targeted else (logit_gap, (aims,))
    logits, gradient = books.climb(state.points, state.index, loss, *extra, counts=state.counts)
    return -books.worth(logits, state.index, loss, *extra), gradient
