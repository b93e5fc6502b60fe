"""The baseline that the CVPR 2021 contest published: ten signed gradient steps on the cross-entropy from the image.

Radius `magnitude − 10⁻⁶`, steps of a seventh of it, no random start, no early stop (Kurakin et al. 2017, 1607.02533).
It scored 44.08 there.
"""

import torch
from torch import Tensor

from tiltyard.attacks.books import Books
from tiltyard.attacks.losses import cross_entropy
from tiltyard.attacks.norms import project, steepest
from tiltyard.attacks.result import AttackResult, Model, Progress
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat

STEPS = 10


def baseline(
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
    """Exactly ten forward and ten backward passes an image; the seed changes nothing. The last point is what counts."""
    inner = Threat(threat.norm, max(threat.eps - 1e-6, 0.0), threat.targeted)
    books = Books(model, images, labels, threat, budget, batch_size)
    index, points = torch.arange(len(images)), images
    for step in range(STEPS):
        if not books.affords(forwards=len(images), backwards=len(images)):
            break
        _, gradient = books.climb(points, index, cross_entropy)
        moved = points + inner.eps / 7 * steepest(gradient, inner)
        points = project(moved, images, inner, bounds)
        if progress:
            progress(step + 1, STEPS)
    return AttackResult(points, books.success, books.forwards, books.backwards)
