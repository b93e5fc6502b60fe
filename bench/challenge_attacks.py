"""Attacks that a defence challenge might have: robust accuracy of four digits defences under each, and under two.

Each has the whole budget, 200 forward passes and 100 gradients an image, as in the track; the images are the first of
the test half. What stands under both is robust against either.
"""

from typing import Any

import numpy as np
import torch
from common import save, show

from tiltyard.attacks.robustness import measure_robustness
from tiltyard.contest.threat import Threat
from tiltyard.defences.pool import load_pool
from tiltyard.vision.data import load_data

ITEMS, EPS = 60, 0.15
MODELS = ("undefended", "bit_depth", "fgsm_rs", "pgd_at")
ATTACKS = ("pgd", "lance", "apgd_targeted", "square")


def main() -> None:
    torch.set_num_threads(1)
    rows = [measured(name) for name in MODELS]
    show(f"robust accuracy in % on the first {ITEMS} digits, eps {EPS}", rows)
    save("challenge_attacks", "robust accuracy in % by model and attack", rows, items=ITEMS, eps=EPS)


def measured(name: str) -> dict[str, Any]:
    pool = load_pool("digits")
    data = load_data("digits", items=ITEMS)
    images, labels = data.tensor(), torch.from_numpy(data.labels)
    robust = {
        attack: measure_robustness(
            pool.classifier(pool.model(name)), images, labels, Threat("linf", EPS), attack=attack,
            forwards=200, gradients=100, checks=False,
        ).rows["robust"].to_numpy()
        for attack in ATTACKS
    }  # fmt: skip
    both = robust["lance"] & robust["square"]
    return {
        "model": name,
        **{attack: accuracy(found) for attack, found in robust.items()},
        "lance and square": accuracy(both),
        "apgd_targeted beside both": accuracy(both & robust["apgd_targeted"]),
    }


def accuracy(robust: np.ndarray[Any, np.dtype[np.bool_]]) -> float:
    return round(100 * float(robust.mean()), 1)


if __name__ == "__main__":
    main()
