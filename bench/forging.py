"""How many forged documents a core makes in a second, stage by stage, and what a million of them costs.

Processor time of one process with one thread, 1000 pixels on the long side, all families, scripts and kinds; imports
and fonts are loaded before the clock starts. The goal is 8 samples a second and core.
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import cv2
import torch
from common import save, show

from tiltyard.forensics.making import finished, sample
from tiltyard.forensics.making.estimate import Cost
from tiltyard.forensics.making.recipe import Recipe, document_recipe
from tiltyard.vision.allocator import keep_freed_memory

GOAL = 8.0
LONG_SIDE = 1000
WARM_UP = 12
STAGES = (
    ("page drawn", sample, "draw"),
    ("captured", sample, "captured"),
    ("forged, donor included", sample, "forged"),
    ("post-processed", sample, "sent_on"),
    ("encoded", finished, "encoded"),
    ("mask encoded", finished, "mask_png"),
    ("polygons", finished, "polygons_of"),
    ("perceptual hash", finished, "perceptual_hash"),
)
"""A donor's page is drawn and captured within the stage that forges: those two stages are then of the sample alone."""


class Clock:
    """Processor time by stage; a stage within another counts for the outer one alone."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self.within = False

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*arguments: Any, **named: Any) -> Any:
            if self.within:
                return function(*arguments, **named)
            self.within, began = True, time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds[stage] += time.process_time() - began
                self.calls[stage] += 1
                self.within = False

        return measured

    def clear(self) -> None:
        self.seconds.clear()
        self.calls.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=400)
    samples = parser.parse_args().samples
    keep_freed_memory()  # as the workers of `tiltyard forge` do
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    recipe = document_recipe(seed=1, count=WARM_UP + samples, long_side=LONG_SIDE)
    clock = Clock()
    for stage, module, name in STAGES:
        setattr(module, name, clock.timed(stage, getattr(module, name)))
    cost, kinds, formats = made(recipe, clock, samples)
    rows = stages(clock, cost)
    show("milliseconds a sample", rows)
    shares = [{"kind": kind, "samples": count, "share": count / cost.samples} for kind, count in sorted(kinds.items())]
    show("kinds", shares)
    figures = {**cost.figures(), "goal": GOAL, "reached": cost.samples_a_core_second >= GOAL}
    show("what a million costs", [figures])
    save(
        "forging", "documents forged: samples a second and core, by stage; cost of a million", rows, kinds=shares,
        formats=dict(formats), cost=figures, long_side=LONG_SIDE,
    )  # fmt: skip


def made(recipe: Recipe, clock: Clock, samples: int) -> tuple[Cost, Counter[str], Counter[str]]:
    """Makes the samples after a few that warm up."""
    recipe.prepare()
    for index in range(WARM_UP):
        recipe.sample(index)
    clock.clear()
    kinds, formats, size = Counter[str](), Counter[str](), 0
    began = time.process_time()
    for index in range(WARM_UP, WARM_UP + samples):
        one = recipe.sample(index)
        if one is not None:
            kinds[one.facts["kind"]] += 1
            formats[one.facts["format"]] += 1
            size += len(one.image) + len(one.mask)
    return Cost(sum(kinds.values()), time.process_time() - began, size), kinds, formats


def stages(clock: Clock, cost: Cost) -> list[dict[str, Any]]:
    """One row a stage, and the rest."""
    rows = [
        {
            "stage": stage,
            "ms a sample": 1000 * clock.seconds[stage] / cost.samples,
            "calls a sample": clock.calls[stage] / cost.samples,
            "share": clock.seconds[stage] / cost.seconds,
        }
        for stage, _, _ in STAGES
    ]
    rest = cost.seconds - sum(clock.seconds.values())
    row = {"stage": "rest", "ms a sample": 1000 * rest / cost.samples, "calls a sample": 1.0}
    return [*rows, {**row, "share": rest / cost.seconds}]


if __name__ == "__main__":
    main()
