"""More spending must find no more: the end of the attack's own curve, and a second run from another seed."""

from collections.abc import Callable

from torch import Tensor

from tiltyard.attacks.checks.check import Check, Verdict, graded_loss, not_run, worst
from tiltyard.attacks.checks.subject import FEWEST, Subject
from tiltyard.attacks.result import Point
from tiltyard.contest.budget import Budget

NAME = "more steps find no more"
WANTED = 24
"""Images attacked once more, where those cost no more than the next figure; fewer show little."""
ENOUGH = 0.15
"""Of the attack's passes."""
MOST = 0.2
"""Of the attack's passes, or a dozen average images where that is more: the second run never gets more."""
END = 0.75
"""Of the gradients, and of the forwards: what breaks after it breaks late."""


def check_convergence(subject: Subject) -> Check:
    """Books what the last quarter of the spending broke, and attacks some images that held once more."""
    if not len(subject.held):
        return not_run(NAME, "No image held, so there is no robustness to doubt.")
    if not subject.keeps_books:
        return not_run(NAME, f"{subject.attack_name} keeps no books: it can be given no larger budget.")
    images = len(subject.images)
    late, end = _late(subject.result.curve)
    forwards, gradients = spent_on_held(subject)
    chosen = _chosen(subject, forwards + gradients)
    share = _affordable_share(subject, len(chosen) * (forwards + gradients))
    budget = Budget.per_image(len(chosen), forwards=share * forwards, backwards=share * gradients)
    again = int(subject.attacked(subject.attack, chosen, subject.threat, budget).sum())
    verdict = graded_both(late, late / images, again, subject.robust_accuracy * again / len(chosen))
    given = f"{share * forwards:.0f} forwards and {share * gradients:.0f} gradients an image, another seed"
    much = "as much again as such images had" if share == 1 else f"{share:.0%} of what such images had"
    return Check(
        NAME,
        verdict,
        f"The last quarter of the {end} broke {late} of {images} images; {much} ({given}) broke {again} of "
        f"{len(chosen)} that had held.",
        "The attack had found what it can find."
        if verdict == "passed"
        else "The attack was still finding examples when it ended: raise --gradients and --forwards until the robust "
        "accuracy stands still.",
    )


def spent_on_held(subject: Subject) -> tuple[float, float]:
    """Forwards and gradients that an image got which held: more than the average, for broken ones cost little."""
    forwards, gradients = (
        _mean(passes, subject.held) for passes in (subject.result.forwards, subject.result.backwards)
    )
    return forwards, gradients


def late_successes(curve: tuple[Point, ...], passes: Callable[[Point], int]) -> int:
    """Images broken in the last quarter of one kind of passes, until the last of them; 0 where there are none."""
    total = passes(curve[-1]) if curve else 0
    if not total:
        return 0
    before = max((point.broken for point in curve if passes(point) <= END * total), default=0)
    return next(point.broken for point in curve if passes(point) == total) - before


def _late(curve: tuple[Point, ...]) -> tuple[int, str]:
    """The worse of both ends, and what ended: queries alone may follow when the gradients are spent."""
    gradients = late_successes(curve, lambda point: point.backwards)
    forwards = late_successes(curve, lambda point: point.forwards)
    return (forwards, "forwards") if forwards > gradients else (gradients, "gradients")


def graded_both(late: int, late_share: float, again: int, again_share: float) -> Verdict:
    """One image alone casts no doubt; one of each kind together does."""
    both: Verdict = "warning" if late and again else "passed"
    return worst(graded_loss(late, late_share), graded_loss(again, again_share), both)


def _chosen(subject: Subject, cost: float) -> Tensor:
    pays_for = int(ENOUGH * subject.passes / max(cost, 1.0))
    return subject.some(subject.held, cost=max(cost, 1.0), share=0.3, fewest=max(FEWEST, min(WANTED, pays_for)))


def _affordable_share(subject: Subject, cost: float) -> float:
    """Of what the images had: all of it, unless few images had most of the attack's passes."""
    room = max(MOST, FEWEST / len(subject.images)) * subject.passes
    return min(1.0, room / cost) if cost else 1.0


def _mean(passes: Tensor | None, index: Tensor) -> float:
    return 0.0 if passes is None else float(passes.cpu()[index].double().mean())
