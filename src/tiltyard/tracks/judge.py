"""The verdict on a defended model: three visits, each of which shows it every item once, in one of three guises.

A visit mixes clean images, attacked images and questions of the attack asked again, a third of the items each, in an
order of its own and batches of the usual size; over the three visits every item is shown in each guise (a Latin
square). A program that is started afresh for each visit has no memory of an item to work with, and cannot tell the
judge's interest in one image from that in another. A randomised network is asked several times for each clean and
attacked image: the verdict is the class that more than half of its answers give, if there is one.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor

from tiltyard.jail.referee import batches
from tiltyard.tracks.witness import Questions, check_logits, differing
from tiltyard.vision.classifier import Classifier

CLEAN, ATTACKED, AGAIN = range(3)
NO_MAJORITY = -1
Visits = Callable[[], AbstractContextManager[Classifier]]


@dataclass(frozen=True)
class Verdict:
    """Predicted classes (n,) of clean and attacked images; how many questions were asked again, and how many differ.

    A class is NO_MAJORITY where several draws were made and none was given by more than half of them.
    """

    predicted: Tensor
    attacked: Tensor
    asked_again: int
    answered_differently: int


def judge(
    visits: Visits,
    clean: Tensor,
    attacked: Tensor,
    again: Questions,
    *,
    batch_size: int,
    device: str,
    seed: int,
    draws: int = 1,
) -> Verdict:
    """Asks at the house's own expense, `draws` times where the model is randomised; ModelFailed where it fails."""
    guises, classes = (clean, attacked, again.images), again.logits.shape[1]
    votes = torch.zeros((2, len(clean), classes))
    repeated = torch.zeros_like(again.logits)
    for shown, order in schedule(len(clean), seed):
        here = [item for item in order if shown[item] != AGAIN or again.there[item]]
        with visits() as classifier:
            for chosen in batches(len(here), batch_size):
                items = here[chosen]
                points = torch.stack([guises[shown[item]][item] for item in items])
                answers = torch.stack([_asked(classifier, points, classes, device) for _ in range(draws)])
                for place, item in enumerate(items):
                    if shown[item] == AGAIN:
                        repeated[item] = answers[0, place]
                    else:
                        votes[shown[item], item] = answers[:, place].argmax(1).bincount(minlength=classes).float()
    return Verdict(
        _majority(votes[CLEAN], draws),
        _majority(votes[ATTACKED], draws),
        int(again.there.sum()),
        differing(again.logits[again.there], repeated[again.there]),
    )


def _majority(votes: Tensor, draws: int) -> Tensor:
    """The class (n,) that more than half of the draws gave, from counts (n, classes)."""
    most, classes = votes.max(1)
    return torch.where(2 * most > draws, classes, NO_MAJORITY)


def schedule(items: int, seed: int) -> list[tuple[list[int], list[int]]]:
    """For each visit: the guise that every item is shown in, and the order of the items."""
    generator = torch.Generator().manual_seed(seed)
    group = torch.randperm(items, generator=generator) % 3
    return [(((group + visit) % 3).tolist(), torch.randperm(items, generator=generator).tolist()) for visit in range(3)]


def _asked(classifier: Classifier, points: Tensor, classes: int, device: str) -> Tensor:
    with torch.no_grad():
        logits = classifier(points.to(device)).float().cpu()
    check_logits(logits, len(points), classes)
    return logits
