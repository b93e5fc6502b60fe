"""Wall time: lance until it reaches what torchattacks' AutoAttack reaches, and our AutoAttack against theirs.

Every run has one thread and the first 200 images of one of the five CIFAR-10 models. torchattacks' AutoAttack takes ten
steps in APGD and FAB as it ships; the paper's hundred are set from outside. Lance runs on three seeds, the slowest
counts; a moment is that at which its next query returned.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torchattacks
from common import EPS, Direct, five_images, five_network, require_data, save, show
from torch import Tensor, nn

from tiltyard.attacks import AttackResult, Threat, autoattack, lance
from tiltyard.contest.threat import parse_eps

BATCH = 200


class Clocked(nn.Module):
    """Notes when each forward pass had returned, and how many images had passed by then."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.images = 0
        self.moments: list[tuple[int, float]] = []
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images)
        self.images += len(images)
        self.moments.append((self.images, time.perf_counter()))
        return logits

    def moment(self, forwards: int) -> float:
        """When the first pass after so many had returned: what they showed was known by then."""
        later = [when for images, when in self.moments if images > forwards]
        return later[0] if later else self.moments[-1][1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    require_data()
    torch.set_num_threads(1)
    rows = [compared(name, given.items, given.seeds) for name in EPS]
    show("wall time against torchattacks' AutoAttack (ratio: how many times longer theirs takes)", rows)
    for column in ("lance, ratio as shipped", "lance, ratio at 100 steps", "AutoAttack, ratio at 100 steps"):
        ratios = [row[column] for row in rows]
        print(f"{column}: median {statistics.median(ratios):.1f}, least {min(ratios):.1f}")
    save(
        "wall_time",
        "wall time against torchattacks' AutoAttack, one thread",
        rows,
        items=given.items,
        seeds=given.seeds,
    )


def compared(name: str, items: int, seeds: int) -> dict[str, Any]:
    """One model: their AutoAttack with ten and with a hundred steps, ours, and lance."""
    network, (images, labels) = five_network(name), five_images(items)
    threat = Threat("linf", parse_eps(EPS[name]))
    row: dict[str, Any] = {"model": name}
    lance(network, images[:20], labels[:20], threat)  # the first passes of a process are slow
    for title, steps in (("as shipped", 10), ("at 100 steps", 100)):
        seconds, theirs = timed(partial(their_autoattack, network, images, labels, threat, steps))
        reached = [until(network, images, labels, threat, theirs, seed) for seed in range(seeds)]
        row[f"theirs {title}, %"], row[f"theirs {title}, s"] = theirs, seconds
        row[f"lance reaches it, s ({title})"] = max(reached)
        row[f"lance, ratio {title}"] = seconds / max(reached)
    mine, found = timed(lambda: autoattack(network, images, labels, threat, batch_size=BATCH))
    row["our AutoAttack, %"], row["our AutoAttack, s"] = robust(found), mine
    row["AutoAttack, ratio at 100 steps"] = row["theirs at 100 steps, s"] / mine
    print(row, flush=True)
    return row


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def their_autoattack(network: nn.Module, images: Tensor, labels: Tensor, threat: Threat, steps: int) -> float:
    """Robust accuracy in per cent."""
    attack = torchattacks.AutoAttack(Direct(network), norm="Linf", eps=threat.eps, version="standard", seed=0)
    for part in attack._autoattack.attacks:
        if hasattr(part, "steps"):
            part.steps = steps
    broken = []
    for part, truth in zip(torch.split(images, BATCH), torch.split(labels, BATCH), strict=True):
        found = attack(part, truth)
        with torch.no_grad():
            broken.append(network(found).argmax(1) != truth)
    return 100 * float((~torch.cat(broken)).double().mean())


def until(
    network: nn.Module, images: Tensor, labels: Tensor, threat: Threat, robust_percent: float, seed: int
) -> float:
    """Seconds until lance leaves no more images standing than that; infinite where it never does."""
    clocked = Clocked(network)
    began = time.perf_counter()
    found = lance(clocked, images, labels, threat, batch_size=BATCH, seed=seed)
    wanted = len(images) * (1 - robust_percent / 100) - 1e-6
    reached = [point.forwards for point in found.curve if point.broken >= wanted]
    return clocked.moment(reached[0]) - began if reached else float("inf")


def robust(found: AttackResult) -> float:
    return 100 * float((~found.success).double().mean())


if __name__ == "__main__":
    main()
