"""AutoAttack, the field's standard ensemble: each part goes on where the one before failed (arXiv 2003.01690)."""

from collections.abc import Callable

import torch
from torch import Tensor

from tiltyard.attacks.apgd import continue_apgd
from tiltyard.attacks.apgd_targeted import continue_apgd_targeted
from tiltyard.attacks.ascent import Ascent
from tiltyard.attacks.books import Books
from tiltyard.attacks.fab import Search, continue_fab
from tiltyard.attacks.result import AttackResult, Model, Progress
from tiltyard.attacks.square import continue_square
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import Threat
from tiltyard.errors import TiltyardError

Part = Callable[[Books, Tensor, Progress | None], None]
"""Books that are open, logits of the images (n, classes), progress."""
FINENESS = 1000
"""Parts of one part that progress tells apart."""


def autoattack(
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
    version: str = "standard",
    steps: int = 100,
    targets: int = 9,
    queries: int = 5000,
    eot: int = 20,
) -> AttackResult:
    """Attacks images (n, c, h, w) in `bounds`; spending and curve are of all parts together.

    `standard` is APGD on the cross-entropy, targeted APGD, targeted FAB and Square. `rand`, for models that answer at
    random, is APGD on the cross-entropy and on the DLR loss, with gradients that are means of `eot` passes. There an
    image counts as broken, as in the authors' code, if one pass over the image itself is wrong, or if after a part one
    fresh pass is wrong at the last point that had misled the last pass of a step (at the image where none had). Such a
    verdict is itself random: on a model that errs on a share of its passes some images fall by chance.
    Where the budget ends, the images that still resist are `cut_short`. TiltyardError for another version.
    """
    parts = _parts(version, bounds, seed, steps=steps, targets=targets, queries=queries, eot=eot)
    books = Books(model, images, labels, threat, budget, batch_size)
    if books.affords(forwards=len(images)):
        clean = books.look(images, torch.arange(len(images)))
        for number, part in enumerate(parts):
            if len(books.active):
                part(books, clean, _share(progress, number, len(parts)))
    return books.result()


def autoattack_rand(
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
    """`autoattack` with `version="rand"`, under a name of its own."""
    return autoattack(
        model, images, labels, threat, bounds=bounds, budget=budget, batch_size=batch_size, seed=seed,
        progress=progress, version="rand",
    )  # fmt: skip


def _parts(
    version: str, bounds: tuple[float, float], seed: int, *, steps: int, targets: int, queries: int, eot: int
) -> list[Part]:
    once, often = Ascent(bounds, steps), Ascent(bounds, steps, eot=eot)
    search = Search(bounds, steps)
    versions: dict[str, list[Part]] = {
        "standard": [
            lambda books, clean, progress: continue_apgd(books, once, seed, progress, loss="ce"),
            lambda books, clean, progress: continue_apgd_targeted(books, once, clean, seed, progress, targets=targets),
            lambda books, clean, progress: continue_fab(books, search, clean, seed, progress, targets=targets),
            lambda books, clean, progress: continue_square(books, bounds, seed, progress, queries=queries),
        ],
        "rand": [
            lambda books, clean, progress: continue_apgd(books, often, seed, progress, loss="ce"),
            lambda books, clean, progress: continue_apgd(books, often, seed, progress, loss="dlr"),
        ],
    }
    if version not in versions:
        raise TiltyardError(f"autoattack has no version {version!r}: take one of {', '.join(versions)}")
    return versions[version]


def _share(progress: Progress | None, number: int, parts: int) -> Progress | None:
    """Progress of one part as progress of the whole."""
    if progress is None:
        return None
    whole = progress
    return lambda done, total: whole(FINENESS * number + FINENESS * done // max(total, 1), FINENESS * parts)
