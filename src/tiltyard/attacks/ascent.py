"""One run of Auto-PGD (Croce and Hein 2020, arXiv 2003.01690), whatever its loss."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tiltyard.attacks.books import Books
from tiltyard.attacks.norms import project, steepest, surface_points
from tiltyard.attacks.rows import Rows, none_of, overwrite, spread
from tiltyard.attacks.tally import Tally
from tiltyard.contest.threat import Threat

MOMENTUM = 0.25
"""Weight of the previous move beside the new one."""


@dataclass(frozen=True)
class Ascent:
    """Settings of a run: `rho` is the share of steps that must raise the loss, `eot` the passes a gradient averages."""

    bounds: tuple[float, float]
    steps: int = 100
    rho: float = 0.75
    eot: int = 1

    @property
    def checkpoints(self) -> dict[int, int]:
        """Steps after which the step size is judged, each with the steps since the one before.

        The first after 22 % of the steps, then gaps that shrink by 3 % down to 6 %.
        """
        gap, shrink, least = (max(int(share * self.steps), 1) for share in (0.22, 0.03, 0.06))
        found, at = {}, gap
        while at < self.steps:
            found[at] = gap
            gap = max(gap - shrink, least)
            at += gap
        return found


@dataclass
class _State(Rows):
    centres: Tensor
    low: Tensor | None
    high: Tensor | None
    aims: Tensor | None
    points: Tensor
    previous: Tensor
    gradient: Tensor
    best: Tensor
    best_gradient: Tensor
    best_loss: Tensor
    loss: Tensor
    loss_at_checkpoint: Tensor
    halved: Tensor
    rises: Tensor
    step: Tensor
    suspects: Tensor
    """Where a random model was last misled."""

    @property
    def extra(self) -> tuple[Tensor, ...]:
        return () if self.aims is None else (self.aims,)


def ascend(
    books: Books,
    ascent: Ascent,
    generator: torch.Generator,
    tally: Tally,
    loss: Callable[..., Tensor],
    aims: Tensor | None = None,
) -> bool:
    """One random start for the images that still resist; False where the budget ended it.

    `aims` (all images,) is the third argument of the loss where it takes one.
    """
    index = books.active
    state = _start(books, ascent, generator, index, None if aims is None else aims[index])
    checkpoints = ascent.checkpoints
    within_budget = True
    for step in range(ascent.steps + 1):
        if not len(state.index):
            return True
        if step:
            _move(state, books.threat, ascent.bounds, first=step == 1)
            tally.step()
        within_budget = _query(books, state, ascent, loss, last=step == ascent.steps)
        if not within_budget:
            break
        if step in checkpoints:
            _judge(state, ascent.rho * checkpoints[step])
        state.drop_broken(books.success)
    if ascent.eot > 1 and books.affords(forwards=len(state.index)):
        books.look(state.suspects, state.index)
    books.keep(state.best, state.index)
    return within_budget


def _start(books: Books, ascent: Ascent, generator: torch.Generator, index: Tensor, aims: Tensor | None) -> _State:
    centres, threat = books.images[index], books.threat
    points = surface_points(centres, threat.eps, threat.norm, ascent.bounds, generator)
    cube = threat.norm == "linf"
    one, unknown = torch.ones(len(index), device=centres.device), torch.zeros_like(points)
    none_yet = torch.full_like(one, float("-inf"))
    return _State(
        index=index,
        centres=centres,
        low=(centres - threat.eps).clamp_min(ascent.bounds[0]) if cube else None,
        high=(centres + threat.eps).clamp_max(ascent.bounds[1]) if cube else None,
        aims=aims,
        points=points,
        previous=points,
        gradient=unknown,
        best=points.clone(),
        best_gradient=unknown.clone(),
        best_loss=none_yet,
        loss=-none_yet,
        loss_at_checkpoint=none_yet,
        halved=one > 0,
        rises=torch.zeros_like(one),
        step=spread(2 * threat.eps * one, centres),
        suspects=centres.clone(),
    )


def _move(state: _State, threat: Threat, bounds: tuple[float, float], *, first: bool) -> None:
    points = state.points
    moved = _inside(torch.addcmul(points, state.step, steepest(state.gradient, threat)), state, threat, bounds)
    if not first:
        moved = moved.mul_(1 - MOMENTUM).add_(points, alpha=2 * MOMENTUM).sub_(state.previous, alpha=MOMENTUM)
        moved = _inside(moved, state, threat, bounds)
    state.previous, state.points = points, moved


def _inside(points: Tensor, state: _State, threat: Threat, bounds: tuple[float, float]) -> Tensor:
    if state.low is not None:
        return points.clamp(state.low, state.high)
    return project(points, state.centres, threat, bounds)


def _query(books: Books, state: _State, ascent: Ascent, loss: Callable[..., Tensor], *, last: bool) -> bool:
    """Loss and gradient at the points (after the last step no gradient is needed); False where there is no budget.

    A random model is asked several times, no answer counts, and enough is held back to confirm at the end.
    """
    count, random = len(state.index), ascent.eot > 1
    passes = 1 if last else ascent.eot
    if not books.affords(forwards=count * (passes + random), backwards=0 if last else count * passes):
        return False
    counts = none_of(state.points) if random else None
    losses, gradients = [], []
    for _ in range(passes):
        if last:
            logits = books.look(state.points, state.index, counts=counts)
        else:
            logits, gradient = books.climb(state.points, state.index, loss, *state.extra, counts=counts)
            gradients.append(gradient)
        losses.append(books.worth(logits, state.index, loss, *state.extra))
    if random:
        overwrite(state.suspects, books.misled(logits, state.index), state.points)
    _notice(state, _mean(losses), _mean(gradients) if gradients else state.gradient)
    return True


def _notice(state: _State, loss: Tensor, gradient: Tensor) -> None:
    better = loss > state.best_loss
    state.rises += loss > state.loss
    state.loss, state.gradient = loss, gradient
    state.best_loss = torch.where(better, loss, state.best_loss)
    overwrite(state.best, better, state.points)
    overwrite(state.best_gradient, better, gradient)


def _judge(state: _State, enough: float) -> None:
    """Halves the step, and goes back to the best point, where too few steps rose or nothing was gained undivided."""
    unchanged = state.loss_at_checkpoint >= state.best_loss
    state.halved = (state.rises <= enough) | (~state.halved & unchanged)
    state.loss_at_checkpoint = state.best_loss
    state.rises = torch.zeros_like(state.rises)
    rows = spread(state.halved, state.points)
    state.step = torch.where(rows, state.step / 2, state.step)
    state.points = torch.where(rows, state.best, state.points)
    state.gradient = torch.where(rows, state.best_gradient, state.gradient)


def _mean(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.stack(parts).mean(0)
