"""Lance at 30 and 100 gradients an image against AutoAttack and A3, on the five CIFAR-10 models.

The official figures are those of `reference.csv` (first 200 images, measured with the authors' code); beside all 500
images stands our own AutoAttack. Lance is the median of three seeds.
"""

import argparse
import csv
import statistics
from typing import Any

import torch
from common import EPS, WHITEBOX, five_images, five_network, require_data, save, show
from torch import Tensor, nn

from tiltyard.attacks import AttackResult, Threat, autoattack, lance
from tiltyard.contest.budget import Budget
from tiltyard.contest.threat import parse_eps

OFFICIAL = {
    "AutoAttack (official)": "AutoAttack-official apgd-ce+apgd-t+fab-t+square",
    "A3 at 100 (official)": "A3-official stopped at contest budget",
    "A3 in full (official)": "A3-official full",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[200, 500])
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    require_data()
    torch.set_num_threads(1)
    rows = [measured(name, items, given.seeds) for items in given.items for name in EPS]
    show("robust accuracy, %", rows)
    save(
        "lance",
        "robust accuracy in % under lance and its peers; gradients an image in parentheses",
        rows,
        seeds=given.seeds,
    )


def measured(name: str, items: int, seeds: int) -> dict[str, Any]:
    """One model, its first images."""
    network, (images, labels) = five_network(name), five_images(items)
    threat = Threat("linf", parse_eps(EPS[name]))
    row: dict[str, Any] = {"model": name, "images": items}
    for gradients in (30, 100):
        found = [attacked(network, images, labels, threat, gradients, seed) for seed in range(seeds)]
        accuracies = [robust(result) for result in found]
        row[f"lance at {gradients}"] = statistics.median(accuracies)
        row[f"its seeds at {gradients}"] = ", ".join(f"{value:.1f}" for value in accuracies)
        row[f"gradients at {gradients}"] = max(spent(result) for result in found)
    ours = autoattack(network, images, labels, threat, batch_size=200)
    row["AutoAttack (ours)"], row["its gradients"] = robust(ours), spent(ours)
    for title, attack in OFFICIAL.items():
        row[title] = official(name, attack) if items == 200 else "-"
    print(row, flush=True)
    return row


def attacked(
    network: nn.Module, images: Tensor, labels: Tensor, threat: Threat, gradients: int, seed: int
) -> AttackResult:
    budget = Budget.per_image(len(images), forwards=2 * gradients, backwards=gradients)
    return lance(network, images, labels, threat, budget=budget, batch_size=200, seed=seed)


def robust(found: AttackResult) -> float:
    return 100 * float((~found.success).double().mean())


def spent(found: AttackResult) -> float:
    """Gradients an image."""
    assert found.backwards is not None
    return float(found.backwards.double().mean())


def official(name: str, attack: str) -> float:
    with (WHITEBOX / "reference.csv").open() as file:
        for row in csv.DictReader(file):
            if row["model"] == name and row["attack"] == attack:
                return float(row["robust_accuracy_percent"])
    raise SystemExit(f"reference.csv has no {attack} on {name}")


if __name__ == "__main__":
    main()
