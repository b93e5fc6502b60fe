"""The verdict on a defended model: three visits, each of which shows it every item once, in one of three guises.

A visit mixes clean images, attacked images and questions of the attack asked again, a third of the items each, in an
order of its own and batches of the usual size; over the three visits every item is shown in each guise (a Latin
square). A program that is started afresh for each visit has no memory of an item to work with, and cannot tell the
judge's interest in one image from that in another.
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
Visits = Callable[[], AbstractContextManager[Classifier]]


@dataclass(frozen=True)
class Verdict:
    """Predicted classes (n,) of clean and attacked images; how many questions were asked again, and how many differ."""

    predicted: Tensor
    attacked: Tensor
    asked_again: int
    answered_differently: int


def judge(
    visits: Visits, clean: Tensor, attacked: Tensor, again: Questions, *, batch_size: int, device: str, seed: int
) -> Verdict:
    """Asks at the house's own expense; raises ModelFailed where the model fails."""
    guises, classes = (clean, attacked, again.images), again.logits.shape[1]
    answers = torch.zeros((len(guises), len(clean), classes))
    for shown, order in schedule(len(clean), seed):
        here = [item for item in order if shown[item] != AGAIN or again.there[item]]
        with visits() as classifier:
            for chosen in batches(len(here), batch_size):
                items = here[chosen]
                points = torch.stack([guises[shown[item]][item] for item in items])
                logits = _asked(classifier, points, classes, device)
                for item, row in zip(items, logits, strict=True):
                    answers[shown[item], item] = row
    return Verdict(
        answers[CLEAN].argmax(1),
        answers[ATTACKED].argmax(1),
        int(again.there.sum()),
        differing(again.logits[again.there], answers[AGAIN][again.there]),
    )


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
