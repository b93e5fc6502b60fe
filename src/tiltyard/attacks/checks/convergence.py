"""More spending must find no more: the end of the attack's own curve, and a second run from another seed."""

from tiltyard.attacks.checks.check import Check, graded_loss, not_run, worst
from tiltyard.attacks.checks.subject import Subject
from tiltyard.attacks.result import Point
from tiltyard.contest.budget import Budget

NAME = "more steps find no more"


def check_convergence(subject: Subject) -> Check:
    """Books what the last quarter of the spending broke, and attacks some images that held once more."""
    if not len(subject.held):
        return not_run(NAME, "No image held, so there is no robustness to doubt.")
    if not subject.keeps_books:
        return not_run(NAME, f"{subject.attack_name} keeps no books: it can be given no larger budget.")
    images = len(subject.images)
    late = late_successes(subject.result.curve)
    forwards, gradients = subject.spent.forwards / images, subject.spent.backwards / images
    chosen = subject.some(subject.held, cost=max(forwards + gradients, 1.0), share=0.3)
    budget = Budget.per_image(len(chosen), forwards=forwards, backwards=gradients)
    again = int(subject.attacked(subject.attack, chosen, subject.threat, budget).sum())
    verdict = worst(graded_loss(late, late / images), graded_loss(again, subject.robust_accuracy * again / len(chosen)))
    return Check(
        NAME,
        verdict,
        f"The last quarter of the spending broke {late} of {images} images; as much again ({forwards:.0f} forwards and "
        f"{gradients:.0f} gradients an image, another seed) broke {again} of {len(chosen)} that had held.",
        "The attack had found what it can find."
        if verdict == "passed"
        else "The attack was still finding examples when it ended: raise --gradients and --forwards until the robust "
        "accuracy stands still.",
    )


def late_successes(curve: tuple[Point, ...]) -> int:
    """Images broken in the last quarter of all passes; 0 without a curve."""
    if not curve:
        return 0
    last = curve[-1]
    border = 0.75 * (last.forwards + last.backwards)
    before = max((point.broken for point in curve if point.forwards + point.backwards <= border), default=0)
    return last.broken - before
