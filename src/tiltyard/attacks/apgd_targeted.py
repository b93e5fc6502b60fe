"""Auto-PGD towards one other class after the other (Croce and Hein 2020, arXiv 2003.01690)."""

import torch
from torch import Tensor

from tiltyard.attacks.ascent import Ascent, ascend
from tiltyard.attacks.books import Books
from tiltyard.attacks.losses import dlr_targeted, dlr_to_target, highest_others
from tiltyard.attacks.result import AttackResult, Model, Progress
from tiltyard.attacks.tally import Tally
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat


def apgd_targeted(
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
    eot: int = 1,
    rho: float = 0.75,
) -> AttackResult:
    """Attacks images (n, c, h, w) in `bounds` with the targeted DLR loss, any wrong class being a success.

    The targets are the `targets` other classes with the highest logits of the image, each for `steps` on the images
    that still resist. Where `threat.targeted`, the label is the only target. With fewer than four classes the loss is
    the plain difference of logits. Spending and `eot` as in `apgd`.
    """
    books = Books(model, images, labels, threat, budget, batch_size)
    if books.affords(forwards=len(images)):
        clean = books.look(images, torch.arange(len(images)))
        ascent = Ascent(bounds, steps, rho, eot)
        continue_apgd_targeted(books, ascent, clean, seed, progress, targets=targets, restarts=restarts)
    return books.result()


def continue_apgd_targeted(
    books: Books,
    ascent: Ascent,
    clean: Tensor,
    seed: int,
    progress: Progress | None,
    *,
    targets: int = 9,
    restarts: int = 1,
) -> None:
    """The same on books that are open, for the images that still resist; `clean` (n, classes) are their logits."""
    generator = torch.Generator().manual_seed(seed)
    aims: list[Tensor | None] = [None]
    if not books.threat.targeted:
        aims = list(highest_others(clean, books.labels, targets).unbind(1))
    tally = Tally(progress, len(aims) * restarts * ascent.steps)
    for number, aim in enumerate(aims):
        for start in range(restarts):
            loss = dlr_to_target if aim is None else dlr_targeted
            if not ascend(books, ascent, generator, tally, loss, aim):
                return
            tally.reach((number * restarts + start + 1) * ascent.steps)
