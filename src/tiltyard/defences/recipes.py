"""How the shipped pools are trained: one recipe a model, with its paper."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tiltyard.defences.objectives import AT_POINTS, Objective, at_points, mart, trades
from tiltyard.defences.perturbations import Perturb, as_they_are, away_from_clean, many_steps, one_step
from tiltyard.errors import TiltyardError

Schedule = Callable[[float, int], float]
"""Epochs done (with the part of the current one) and epochs in all, to a factor of the learning rate."""


def falling(done: float, epochs: int) -> float:
    """A line from 1 to 0 in steps of an epoch."""
    return 1 - int(done) / epochs


def one_cycle(done: float, epochs: int) -> float:
    """A line up from 0 during the first quarter, then one down to 0 (Smith 2018, arXiv 1803.09820)."""
    place = done / epochs
    return min(4 * place, (1 - place) * 4 / 3)


@dataclass(frozen=True)
class Recipe:
    """What happens to images before a step, what the step minimises, and how it goes on."""

    name: str
    title: str
    paper: str
    perturb: Perturb = as_they_are
    objective: Objective = AT_POINTS
    epochs: int = 120
    batch_size: int = 64
    learning_rate: float = 0.05
    schedule: Schedule = falling
    momentum: float = 0.9
    weight_decay: float = 5e-4
    weight_radius: float = 0.0
    """Adversarial weight perturbation, relative to each layer's length; 0 is none."""
    average: float = 0.0
    """Decay of the moving average of the weights that ships in place of the last ones; 0 is none."""
    start: str | None = None
    """The model of the same pool whose weights it begins with."""
    augment: bool = False
    """Random crops and mirror images."""
    held_out: int = 0
    """The first so many training images choose the epoch, by accuracy under the baseline; 0 is the last epoch."""
    bfloat16: bool = False
    """Whether training computes in bfloat16 where that is safe; evaluation never does."""
    half: bool = False
    """Whether the weights file holds half precision."""


_cifar = partial(
    Recipe, batch_size=128, learning_rate=0.2, schedule=one_cycle, average=0.995, augment=True, held_out=300,
    bfloat16=True, half=True,
)  # fmt: skip
_tuned = partial(_cifar, start="fgsm_rs", epochs=6, learning_rate=0.1, weight_decay=1e-3, average=0.998)

DIGITS = (
    Recipe("undefended", "Plain training", "none"),
    Recipe("fgsm_rs", "Single-step adversarial training from a random start", "arXiv 2001.03994", one_step),
    Recipe("pgd_at", "Adversarial training with PGD-7", "arXiv 1706.06083", many_steps(steps=7, size=0.25)),
    Recipe("trades", "TRADES, beta 6", "arXiv 1901.08573", away_from_clean(steps=7, size=0.25), trades(beta=6.0)),
    Recipe(
        "mart",
        "Misclassification-aware adversarial training, weight 5",
        "ICLR 2020, openreview rklOg6EFwS",
        many_steps(steps=7, size=0.25),
        mart(weight=5.0),
    ),
    Recipe(
        "awp",
        "PGD-7 with adversarial weight perturbation of 0.005, averaged weights",
        "arXiv 2004.05884",
        many_steps(steps=7, size=0.25),
        weight_radius=0.005,
        average=0.99,
    ),
    Recipe(
        "label_smoothing",
        "Plain training on labels smoothed by 0.3",
        "arXiv 1512.00567",
        objective=at_points(smoothing=0.3),
    ),
    Recipe("bit_depth", "Plain training behind a reduction to 4 grey levels, without gradient", "arXiv 1711.00117"),
    Recipe("random_noise", "Plain training behind Gaussian noise of 0.2, drawn anew in every call", "arXiv 1712.00673"),
    Recipe("random_resize", "Plain training behind random resizing and padding in every call", "arXiv 1711.01991"),
    Recipe("kwta", "Plain training, the largest fifth of each layer in place of ReLU", "arXiv 1905.10510"),
)
CIFAR10 = (
    _cifar("undefended", "Plain training", "none", epochs=20, held_out=0),
    _cifar("fgsm_rs", "Single-step adversarial training from a random start", "arXiv 2001.03994", one_step, epochs=40),
    _tuned("pgd_at", "Adversarial training with PGD-3", "arXiv 1706.06083", many_steps(steps=3, size=0.5)),
    _tuned(
        "trades", "TRADES, beta 6", "arXiv 1901.08573", away_from_clean(steps=2, size=0.75), trades(beta=6.0),
        learning_rate=0.05, weight_decay=5e-4, average=0.995,
    ),
    _tuned(
        "mart", "Misclassification-aware adversarial training, weight 5", "ICLR 2020, openreview rklOg6EFwS",
        many_steps(steps=2, size=0.75), mart(weight=5.0),
    ),
    _tuned(
        "awp", "PGD-2 with adversarial weight perturbation of 0.01", "arXiv 2004.05884",
        many_steps(steps=2, size=0.75), weight_radius=0.01,
    ),
    _cifar(
        "kwta", "Plain training, the largest fifth of each layer in place of SiLU", "arXiv 1905.10510",
        epochs=12, held_out=0, bfloat16=False,
    ),
    _tuned(
        "random_resize", "Single-step adversarial training behind random resizing and padding in every call",
        "arXiv 1711.01991", one_step,
    ),
)  # fmt: skip

RECIPES: dict[str, dict[str, Recipe]] = {
    pool: {recipe.name: recipe for recipe in recipes} for pool, recipes in (("digits", DIGITS), ("cifar10", CIFAR10))
}


def find_recipe(pool: str, model: str) -> Recipe:
    """The recipe of a shipped pool's model; TiltyardError lists the known ones."""
    if pool not in RECIPES:
        raise TiltyardError(f"no recipes for pool {pool!r}: there are some for {', '.join(RECIPES)}")
    if model not in RECIPES[pool]:
        raise TiltyardError(f"pool {pool} has no recipe for {model!r}: it has {', '.join(RECIPES[pool])}")
    return RECIPES[pool][model]
