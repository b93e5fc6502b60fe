"""Attacks that need no gradients of this model, or not these: they must not break what the main attack left."""

from functools import partial

import torch
from torch import Tensor

from tiltyard.attacks.books import Books
from tiltyard.attacks.checks.check import Check, graded_loss, not_run
from tiltyard.attacks.checks.mended import mended
from tiltyard.attacks.checks.subject import Subject
from tiltyard.attacks.losses import margin
from tiltyard.attacks.norms import project, steepest
from tiltyard.attacks.square import square
from tiltyard.contest.budget import Budget

QUERY, TRANSFER = "queries alone find no more", "a mended copy finds no more"
QUERIES = 100
STEPS, STEP, DRAWS = 10, 0.25, 4
REACH = 0.25
"""How far the mended copy looks around a point, as a share of eps per value."""
NOTHING_HELD = "No image held, so there is no robustness to doubt."


def check_queries(subject: Subject) -> Check:
    """Square attack (Andriushchenko et al. 2020, 1912.00049) on images that held."""
    if not len(subject.held):
        return not_run(QUERY, NOTHING_HELD)
    if subject.attack_name == "square":
        return not_run(QUERY, "The attack itself uses queries alone.")
    chosen = subject.some(subject.held, cost=QUERIES, share=0.2)
    budget = Budget.per_image(len(chosen), forwards=QUERIES, backwards=0)
    broken = int(subject.attacked(partial(square, queries=QUERIES), chosen, subject.threat, budget).sum())
    return _judged(
        subject,
        QUERY,
        broken,
        len(chosen),
        f"The square attack broke {broken} of {len(chosen)} images that had held, with {QUERIES} forwards each and no "
        "gradient.",
    )


def check_transfer(subject: Subject) -> Check:
    """Projected gradient ascent on the margin of a mended copy; every point is judged by the model itself."""
    if not len(subject.held):
        return not_run(TRANSFER, NOTHING_HELD)
    chosen = subject.some(subject.held, cost=(2 * DRAWS + 1) * STEPS, share=0.2)
    try:
        broken = int(_transferred(subject, chosen).sum())
    except torch.cuda.OutOfMemoryError:
        raise
    except (RuntimeError, TypeError, IndexError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:160]
        return not_run(TRANSFER, f"The mended copy could not be run: {reason}")
    return _judged(
        subject,
        TRANSFER,
        broken,
        len(chosen),
        f"{STEPS} steps up the margin of a copy that passes gradients through rounding and averages them over {DRAWS} "
        f"noisy points broke {broken} of {len(chosen)} images that had held.",
    )


def _transferred(subject: Subject, index: Tensor) -> Tensor:
    threat, clean = subject.threat, subject.images[index]
    generator = torch.Generator().manual_seed(subject.seed)
    reach = REACH * threat.eps / (1 if threat.norm == "linf" else clean[0].numel() ** 0.5)
    copy = mended(subject.model, draws=DRAWS, reach=reach, generator=generator)
    books = Books(copy, clean, subject.goals[index], threat, None, max(1, subject.batch_size // DRAWS))
    points, everyone = clean, torch.arange(len(index))
    broken = torch.zeros(len(index), dtype=torch.bool)
    for _ in range(STEPS):
        _, gradient = books.climb(points, everyone, margin)
        points = project(points + STEP * threat.eps * steepest(gradient, threat), clean, threat, subject.bounds)
        broken |= subject.broken(points, index)
    return broken


def _judged(subject: Subject, name: str, broken: int, tried: int, found: str) -> Check:
    verdict = graded_loss(broken, subject.robust_accuracy * broken / tried)
    means = {
        "passed": "The attack left next to nothing for a simpler one.",
        "warning": "The robust accuracy is a little too high: attack in other ways as well and report the worst case.",
        "failed": "The attack left images that a simpler one breaks, so the robust accuracy is too high: the attack "
        "is weak or the model hides its gradients. Attack in other ways as well (--attack square, a copy without what "
        "hides gradients) and report the worst case.",
    }
    return Check(name, verdict, found, means[verdict])
