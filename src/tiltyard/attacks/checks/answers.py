"""Does the model answer as one that is deployed: evaluation mode, image by image, twice the same, in its range."""

import torch
from torch import Tensor

from tiltyard.attacks.checks.check import Check, graded, not_run, worst
from tiltyard.attacks.checks.subject import Subject
from tiltyard.attacks.norms import distances

ALONE, TWICE, RANGE = "each image is answered alone", "answers do not change", "inside range and ball"
MODE = "evaluation mode"
SAME = 1e-3
"""Of the logits' own spread: differences below come from the order of additions."""
DRAWS = 10
AVERAGING = ("lance", "autoattack_rand")
"""Attacks that average their gradients over draws."""
GAP = 0.05
NARROW = 0.1
"""Of the model's range: images that fill less of it were probably scaled for another one."""


def check_mode(subject: Subject) -> Check:
    """Training flags after the attack: a model may set them itself."""
    training = [path or "the model" for path, part in subject.network.named_modules() if part.training]
    return Check(
        MODE,
        "failed" if training else "passed",
        f"{len(training)} modules are in training mode{': ' if training else '.'}{', '.join(training[:5])}",
        "The model switches itself to training mode: dropout and batch statistics then disturb every answer. Evaluate "
        "the model as it is deployed."
        if training
        else "Nothing is switched to training.",
    )


def check_steadiness(subject: Subject) -> Check:
    """Asks some images twice; where that differs, judges all examples over more draws."""
    chosen = subject.some(torch.arange(len(subject.images)), cost=2, share=0.05)
    points = subject.examples[chosen]
    first, second = subject.logits(points), subject.logits(points)
    if not differ(first, second):
        return Check(TWICE, "passed", f"The logits of {len(chosen)} images are the same twice.", "One draw is enough.")
    once = subject.robust_accuracy
    mean = sum(_robust_now(subject) for _ in range(DRAWS)) / DRAWS
    return Check(
        TWICE,
        graded(abs(mean - once), warning=-1, failed=GAP),
        f"The logits are random. Judged on one draw the robust accuracy is {once:.1%}, over {DRAWS} draws its mean is "
        f"{mean:.1%}.",
        f"One draw decided over each image: the mean is the fairer figure. {_averaging(subject.attack_name)}",
    )


def _averaging(attack: str) -> str:
    if attack in AVERAGING:
        return f"{attack} averaged its gradients over draws, as an attack on such a model must."
    return (
        "An attack on such a model must average its gradients over draws, and this one need not have: lance does so by "
        "itself where answers differ, --attack autoattack_rand always."
    )


def check_independence(subject: Subject) -> Check:
    """Asks images among their likes, then among grey ones."""
    chosen = subject.some(torch.arange(len(subject.images)), cost=3, share=0.05)
    points = subject.images[chosen]
    among_likes, again = _batch(subject, points), _batch(subject, points)
    if differ(among_likes, again):
        return not_run(ALONE, "The logits are random, so the influence of other images cannot be told apart.")
    grey = torch.full_like(points, sum(subject.bounds) / 2)
    among_grey = _batch(subject, torch.cat([points[: max(1, len(points) // 2)], grey]))[: max(1, len(points) // 2)]
    changed = differ(among_likes[: len(among_grey)], among_grey)
    return Check(
        ALONE,
        "failed" if changed else "passed",
        f"The logits of {len(among_grey)} images {'change' if changed else 'stay'} when the others in the batch are "
        "exchanged.",
        "Other images of a batch change the answer, as batch normalisation with statistics of the batch does: neither "
        "accuracy nor robustness is a property of an image then. Use fixed statistics."
        if changed
        else "No image disturbs another.",
    )


def check_range(subject: Subject) -> Check:
    """Do the images fill the range, does the model know them, did the attack stay inside?"""
    low, high = float(subject.images.min()), float(subject.images.max())
    outside = _outside(subject)
    accuracy = len(subject.clean) / len(subject.images)
    classes = subject.logits(subject.images[:1]).shape[1]
    guessing = 1 / classes + 0.1 * (1 - 1 / classes)
    filled = (high - low) / subject.span
    wrong = [
        "The images fill little of the range that the model declares: they were probably scaled for another one."
        if filled < NARROW
        else "",
        "The model hardly knows these images: range, order of the channels or numbering of the classes may be wrong."
        if accuracy <= guessing
        else "",
        "The attack left the ball or the range; what it returned was put back before it was judged." if outside else "",
    ]
    return Check(
        RANGE,
        worst(*("warning" if reason else "passed" for reason in wrong)),
        f"Images lie in {low:.4g} to {high:.4g} of {subject.bounds[0]:g} to {subject.bounds[1]:g}; clean accuracy is "
        f"{accuracy:.1%} of {classes} classes; {outside} examples were returned outside range or ball.",
        " ".join(filter(None, wrong)) or "Model, images and attack mean the same by a value.",
    )


def differ(some: Tensor, others: Tensor) -> bool:
    """Whether logits (n, classes) differ by more than rounding explains."""
    spread = some - some.mean(1, keepdim=True)
    return float((some - others).abs().max()) > SAME * max(float(spread.abs().max()), 1e-12)


def _batch(subject: Subject, points: Tensor) -> Tensor:
    """One batch whatever the batch size, so that its images can influence each other."""
    with torch.no_grad():
        logits: Tensor = subject.model(points)
    return logits


def _robust_now(subject: Subject) -> float:
    """Robust accuracy by fresh draws for clean and attacked images."""
    clean = subject.logits(subject.images).argmax(1) == subject.labels
    everyone = torch.arange(len(subject.images))
    return float((clean.cpu() & ~subject.broken(subject.examples, everyone)).double().mean())


def _outside(subject: Subject) -> int:
    """Images as the attack returned them, beyond what float32 rounds."""
    returned = subject.result.images.to(subject.images.device)
    beyond = 1e-5 * subject.span
    far = distances(returned, subject.images, subject.threat.norm) > subject.threat.eps * (1 + 1e-4) + beyond
    flat = returned.flatten(1)
    return int((far | (flat.amin(1) < subject.bounds[0] - beyond) | (flat.amax(1) > subject.bounds[1] + beyond)).sum())
