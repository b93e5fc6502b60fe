"""Success must grow with eps, up to all images where eps spans the whole range (Carlini et al. 2019, 1902.06705)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tiltyard.attacks.checks.check import Check, graded, not_run, worst
from tiltyard.attacks.checks.subject import Subject
from tiltyard.attacks.norms import distances
from tiltyard.attacks.pgd import pgd
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat

NAME = "success grows with eps"
FACTORS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
FORWARDS, GRADIENTS = 20, 10
"""The most that an image may cost at one eps, on average; large ones cost next to nothing."""
LOST = 0.1
"""Share of images that random starts and so small a budget may lose from one eps to a larger one."""


@dataclass(frozen=True)
class Rung:
    """Accuracy (fraction of `items` images) when no perturbation that was found within `eps` (model units) is spared.

    `broken` counts what the small budget alone broke at this eps, of the correctly classified ones.
    """

    eps: float
    accuracy: float
    broken: int
    items: int


@dataclass(frozen=True)
class Ladder:
    """Rungs from eps 0 to 4 × eps, the last one spans the range; `found` (rungs, k) of k images classified rightly."""

    rungs: tuple[Rung, ...]
    found: Tensor
    attack: str


def climb_ladder(subject: Subject) -> Ladder:
    """Attacks some images at every eps apart, by the same attack under a small budget, or by PGD where it keeps none.

    An example that was found within a smaller eps counts at every larger one, and so does one of the main attack.
    """
    levels = _levels(subject)
    cost = len(levels) * GRADIENTS
    chosen = subject.mirror(cost=cost, share=0.35)
    known = chosen[torch.isin(chosen, subject.clean)]
    run = subject.attack if subject.keeps_books else pgd
    budget = Budget.per_image(len(known), forwards=FORWARDS, backwards=GRADIENTS)
    found = torch.zeros((len(levels), len(known)), dtype=torch.bool)
    for level, eps in enumerate(levels):
        if eps > 0 and len(known):
            threat = Threat(subject.threat.norm, eps, subject.threat.targeted)
            found[level] = subject.attacked(run, known, threat, budget)
    reached = found.cummax(0).values | _by_the_main_attack(subject, known, levels)
    rungs = tuple(
        Rung(eps, (len(known) - int(row.sum())) / len(chosen), int(raw.sum()), len(chosen))
        for eps, row, raw in zip(levels, reached, found, strict=True)
    )
    return Ladder(rungs, found, subject.attack_name if subject.keeps_books else "pgd")


def check_growth(subject: Subject, ladder: Ladder) -> Check:
    """Reads the ladder; costs nothing."""
    tried = ladder.found.shape[1]
    if not len(subject.held) or not tried or len(ladder.rungs) < 3:
        return not_run(NAME, "No image held, so there is no robustness to doubt." if tried else "No image to attack.")
    lost = int((ladder.found.cummax(0).values & ~ladder.found).sum(1).max())
    left = tried - int(ladder.found[-1].sum())
    shrinking = graded(lost / tried, warning=LOST / 2, failed=LOST) if lost > 1 else "passed"
    verdict = worst(graded(left / tried, warning=0, failed=LOST), shrinking)
    counts = ", ".join(f"{rung.broken} at {rung.eps:.4g}" for rung in ladder.rungs[1:])
    return Check(
        NAME,
        verdict,
        f"Of {tried} images {ladder.attack} broke, with at most {GRADIENTS} gradients each: {counts} (the whole "
        f"range); at most {lost} were broken at a smaller eps and not at a larger one.",
        "More room breaks more images, and room for any image breaks all."
        if verdict == "passed"
        else "With room for any image at all, every classifier can be broken: an attack that cannot do it is misled. "
        "Look for a step that hides gradients (rounding, noise, saturation) and attack a copy without it.",
    )


def _levels(subject: Subject) -> tuple[float, ...]:
    """0, multiples of eps inside the range, and the radius of a ball that holds every image."""
    size = 1.0 if subject.threat.norm == "linf" else math.sqrt(subject.images[0].numel())
    whole = subject.span * size
    between = tuple(factor * subject.threat.eps for factor in FACTORS if 0 < factor * subject.threat.eps < whole)
    return (0.0, *between, whole)


def _by_the_main_attack(subject: Subject, index: Tensor, levels: tuple[float, ...]) -> Tensor:
    """(levels, k): whether the main attack's example broke the image and lies within that eps."""
    held = torch.isin(index, subject.held)
    far = distances(subject.examples[index], subject.images[index], subject.threat.norm).cpu()
    slack = 1 + 1e-5
    return torch.stack([~held & (far <= eps * slack) for eps in levels])
