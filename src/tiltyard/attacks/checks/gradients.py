"""Are the gradients there, do they tell the slope, do they lead upwards? (Athalye et al. 2018, Pintor et al. 2021)."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from tiltyard.attacks.books import Books
from tiltyard.attacks.checks.check import Check, Verdict, graded, not_run, worst
from tiltyard.attacks.checks.subject import Subject
from tiltyard.attacks.losses import Loss, cross_entropy, margin
from tiltyard.attacks.norms import lengths, project, steepest

ZERO, NOISE, UPWARDS = "gradients are not zero", "gradients tell the slope", "gradients lead upwards"
NEAR = 1 / 20
"""Of eps per value: how far apart two points are whose gradients should agree."""
STEP = 1 / 4
"""Of eps: one step along the gradient, and one in a random direction."""
SLOPE = 1 / 100
"""Of the ball's Euclidean radius: how far each side of a point its slope is measured."""
DISAGREE = 0.3
"""|measured − derived| / (|measured| + |derived|) above which a slope counts as wrong: off by a factor of two."""
COST = 12
"""Passes an image."""


@dataclass(frozen=True)
class Probe:
    """Per image (k,), at clean images: what the gradients of both losses look like."""

    dead: dict[str, Tensor]
    """By loss: exactly zero or not finite."""
    cosine: Tensor
    wrong_slope: Tensor
    along: Tensor
    at_random: Tensor
    """The margin after a step along the gradient, and after one in a random direction."""


def check_gradients(subject: Subject) -> list[Check]:
    """Three checks from one look at some correctly classified images."""
    if not len(subject.held) or subject.threat.eps <= 0:
        reason = "eps is 0." if len(subject.held) else "No image held, so there is no robustness to doubt."
        return [not_run(name, reason) for name in (ZERO, NOISE, UPWARDS)]
    probe = probe_gradients(subject, subject.some(subject.clean, cost=COST, share=0.1))
    checks = [_zero(probe)]
    if bool(probe.dead["margin"].all()):
        return checks + [not_run(name, "There is no gradient to look at.") for name in (NOISE, UPWARDS)]
    return [*checks, _noise(probe), _upwards(probe)]


def probe_gradients(subject: Subject, index: Tensor) -> Probe:
    """Three gradients and six looks an image. Points keep off the ends of the range, where a model may clip."""
    threat, clean = subject.threat, subject.images[index]
    sides = math.sqrt(clean[0].numel())
    radius, per_value = (threat.eps * sides, threat.eps) if threat.norm == "linf" else (threat.eps, threat.eps / sides)
    clear = min(max(SLOPE * radius, NEAR * per_value), subject.span / 4)
    start = clean.clamp(subject.bounds[0] + clear, subject.bounds[1] - clear)
    generator = torch.Generator().manual_seed(subject.seed)
    near, anywhere = (_noise_like(clean, generator) for _ in range(2))
    slopes = _Slopes(subject, index)
    found = {name: slopes.gradient(start, loss) for name, loss in (("ce", cross_entropy), ("margin", margin))}
    steep = torch.nan_to_num(found["margin"])
    beside = torch.nan_to_num(slopes.gradient(start + NEAR * per_value * near, margin))
    small = SLOPE * radius * steep / lengths(steep)
    measured = (slopes.height(start + small) - slopes.height(start - small)) / (2 * SLOPE * radius)
    derived = steep.flatten(1).norm(dim=1)
    steps = [STEP * threat.eps * steepest(direction, threat) for direction in (steep, anywhere)]
    along, at_random = (slopes.height(project(start + step, clean, threat, subject.bounds)) for step in steps)
    return Probe(
        dead={name: _dead(value) for name, value in found.items()},
        cosine=F.cosine_similarity(steep.flatten(1), beside.flatten(1)),
        wrong_slope=(measured - derived).abs() > DISAGREE * (measured.abs() + derived.abs()),
        along=along,
        at_random=at_random,
    )


class _Slopes:
    """Heights and gradients of what the attack climbs, on some images of the subject."""

    def __init__(self, subject: Subject, index: Tensor) -> None:
        self.subject, self.goals = subject, subject.goals[index]
        self.books = Books(subject.model, subject.images[index], self.goals, subject.threat, None, subject.batch_size)
        self.everyone = torch.arange(len(index))

    def gradient(self, points: Tensor, loss: Loss) -> Tensor:
        return self.books.climb(points, self.everyone, loss)[1]

    def height(self, points: Tensor) -> Tensor:
        gap = margin(self.subject.logits(points), self.goals)
        return -gap if self.subject.threat.targeted else gap


def _zero(probe: Probe) -> Check:
    tried = len(probe.cosine)
    entropy, gap = (int(probe.dead[name].sum()) for name in ("ce", "margin"))
    verdict: Verdict = "failed" if gap else "warning" if entropy else "passed"
    means = {
        "passed": "An attack that follows gradients has something to follow.",
        "warning": "Cross-entropy saturates on this model: an attack that climbs it sees nothing there. Use one that "
        "climbs the margin of the logits, and divide large logits by their scale.",
    }
    return Check(
        ZERO,
        verdict,
        f"The input gradient is exactly zero or not finite at {entropy} of {tried} images for cross-entropy, at {gap} "
        "for the margin.",
        means.get(
            verdict,
            "The model hides its gradients, so attacks that follow them search blindly. Attack a copy in which the "
            "step without a gradient (rounding, a cast, a threshold) passes them through, and use --attack square.",
        ),
    )


def _noise(probe: Probe) -> Check:
    tried, wrong = len(probe.cosine), int(probe.wrong_slope.sum())
    cosine = float(probe.cosine.median())
    verdict = worst(graded(1 - cosine, warning=0.3, failed=0.5), graded(wrong / tried, warning=0.1, failed=0.25))
    return Check(
        NOISE,
        verdict,
        f"Gradients at two points {NEAR:g} eps apart have a median cosine of {cosine:.2f}; the slope that they promise "
        f"is off by a factor of two or more at {wrong} of {tried} images.",
        "Gradients are smooth enough to follow."
        if verdict == "passed"
        else "Gradients change from point to point and do not tell how the model answers nearby (shattered, or "
        "random). Average them over noise, and use --attack square.",
    )


def _upwards(probe: Probe) -> Check:
    tried, ahead = len(probe.along), int((probe.along > probe.at_random).sum())
    verdict = graded(1 - ahead / tried, warning=0.05, failed=0.2)
    return Check(
        UPWARDS,
        verdict,
        f"A step of {STEP:g} eps along the gradient raises the margin more than one in a random direction at {ahead} "
        f"of {tried} images.",
        "Gradients lead where the model fails."
        if verdict == "passed"
        else "Following the gradient is hardly better than guessing, so the attack was not guided. Look for what "
        "hides gradients in the model, and use --attack square.",
    )


def _dead(gradient: Tensor) -> Tensor:
    flat = gradient.flatten(1)
    return ((flat == 0).all(1) | ~torch.isfinite(flat).all(1)).cpu()


def _noise_like(images: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform in −1 to 1, shaped like the images."""
    return (torch.rand(images.shape, generator=generator) * 2 - 1).to(images.device)
