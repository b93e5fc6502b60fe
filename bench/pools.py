"""Every defence of the shipped pools under lance, AutoAttack, PGD-100 and the strongest of Foolbox and torchattacks.

Robust accuracy against spending: one table and one plot for each pool, `bench/results/pools-NAME.json` and `.svg`. Each
model is attacked on its first images, one thread, one seed; what an attack returns is put into the ball and the range
and judged by a fresh forward pass, so a random defence is judged by one draw.
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import foolbox
import torch
import torchattacks
from common import RESULTS, five_images, require_data, save, show
from matplotlib.figure import Figure
from torch import Tensor, nn

from tiltyard.attacks import Threat, autoattack, lance, pgd
from tiltyard.attacks.connected import Connected
from tiltyard.attacks.metered import MeteredModel
from tiltyard.attacks.norms import project
from tiltyard.contest.budget import Budget, Meter
from tiltyard.defences.pool import load_pool
from tiltyard.vision.data import load_data

BATCH = 250
ITEMS = {"digits": 100, "cifar10": 40}
"""AutoAttack takes minutes for so many."""
Attacker = Callable[[nn.Module, Tensor, Tensor, Threat], Tensor]


def with_budget(gradients: int, model: nn.Module, images: Tensor, labels: Tensor, threat: Threat) -> Tensor:
    budget = Budget.per_image(len(images), forwards=2 * gradients, backwards=gradients)
    return lance(model, images, labels, threat, budget=budget, batch_size=BATCH).images


def ensemble(model: nn.Module, images: Tensor, labels: Tensor, threat: Threat) -> Tensor:
    return autoattack(model, images, labels, threat, batch_size=BATCH).images


def pgd_100(model: nn.Module, images: Tensor, labels: Tensor, threat: Threat) -> Tensor:
    return pgd(model, images, labels, threat, batch_size=BATCH, steps=100).images


def of_foolbox(model: nn.Module, images: Tensor, labels: Tensor, threat: Threat) -> Tensor:
    """Its PGD on the cross-entropy, 100 steps from five starts: Foolbox has no stronger attack for L∞."""
    attack = foolbox.attacks.LinfPGD(rel_stepsize=0.03, steps=100).repeat(5)
    found = []
    for part, truth in zip(torch.split(images, BATCH), torch.split(labels, BATCH), strict=True):
        guarded = foolbox.PyTorchModel(model, bounds=(0, 1))
        found.append(attack(guarded, part, foolbox.criteria.Misclassification(truth), epsilons=threat.eps)[1])
    return torch.cat(found)


def of_torchattacks(model: nn.Module, images: Tensor, labels: Tensor, threat: Threat) -> Tensor:
    """Its AutoAttack as it ships."""
    attack = torchattacks.AutoAttack(model, norm="Linf", eps=threat.eps, version="standard", seed=0)
    parts = zip(torch.split(images, BATCH), torch.split(labels, BATCH), strict=True)
    return torch.cat([attack(part, truth) for part, truth in parts])


ATTACKS: dict[str, Attacker] = {
    "lance at 30": partial(with_budget, 30),
    "lance at 100": partial(with_budget, 100),
    "AutoAttack (ours)": ensemble,
    "PGD-100": pgd_100,
    "Foolbox PGD-100 × 5": of_foolbox,
    "torchattacks AutoAttack": of_torchattacks,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="*", default=list(ITEMS))
    parser.add_argument("--items", type=int, help="instead of the pool's usual number")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.pools:
        measured_pool(name, given.items or ITEMS[name])


def measured_pool(name: str, items: int) -> None:
    pool = load_pool(name)
    images, labels = images_of(name, items)
    rows, curves = [], {}
    for spec in pool.spec.models:
        model = pool.classifier(spec).frozen()
        clean = 100 * float((model.module(images).argmax(1) == labels).double().mean())
        row: dict[str, Any] = {"model": spec.name, "clean": clean}
        for title, attack in ATTACKS.items():
            row.update(attacked(title, attack, model.module, images, labels, spec.threat))
        curves[spec.name] = curve(model.module, images, labels, spec.threat)
        rows.append(row)
        print(row, flush=True)
    show(f"{name}: robust accuracy in % on the first {items} images", [accuracies_of(row) for row in rows])
    plot(name, rows, curves)
    save(f"pools-{name}", "robust accuracy in %, gradients and forwards an image, by defence and attack", rows,
         items=items, lance_curves=curves)  # fmt: skip


def images_of(name: str, items: int) -> tuple[Tensor, Tensor]:
    """The first images of a pool; those of CIFAR-10 are not shipped."""
    if name == "cifar10":
        require_data()
        return five_images(items)
    data = load_data(name, items=items)
    return data.tensor(), torch.from_numpy(data.labels)


def attacked(
    title: str, attack: Attacker, network: nn.Module, images: Tensor, labels: Tensor, threat: Threat
) -> dict[str, Any]:
    """Robust accuracy, spending and time of one attack; the reason where it cannot run on the model."""
    torch.manual_seed(0)
    meter = Meter(None)
    began = time.perf_counter()
    try:
        found = attack(MeteredModel(Connected(network), meter), images, labels, threat)
    except (RuntimeError, ValueError, AssertionError) as error:
        return {title: math.nan, f"{title}: failed": str(error)[:200]}
    seconds = time.perf_counter() - began
    with torch.no_grad():
        right = network(project(found.detach(), images, threat, (0.0, 1.0))).argmax(1) == labels
    return {
        title: 100 * float(right.double().mean()),
        f"{title}: gradients": meter.spent.backwards / len(images),
        f"{title}: forwards": meter.spent.forwards / len(images),
        f"{title}: seconds": seconds,
    }


def curve(network: nn.Module, images: Tensor, labels: Tensor, threat: Threat) -> list[tuple[float, float]]:
    """Lance: (forwards plus gradients an image, % that it had not broken), where the second changes."""
    found = lance(Connected(network), images, labels, threat, batch_size=BATCH)
    points, last = [], -1
    for point in found.curve:
        if point.broken != last:
            last = point.broken
            spent = (point.forwards + point.backwards) / len(images)
            points.append((round(spent, 3), 100 * (1 - point.broken / len(images))))
    return points


def accuracies_of(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key in ("model", "clean", *ATTACKS)}


def plot(name: str, rows: Sequence[dict[str, Any]], curves: dict[str, list[tuple[float, float]]]) -> None:
    """A panel a defence: the attacks as points, and lance's own count of what it had not broken yet as a curve.

    On a model that answers at random the curve lies above the points: it counts what every one of eight answers broke.
    """
    columns = 4
    figure = Figure(figsize=(13, 2.9 * math.ceil(len(rows) / columns)), layout="constrained")
    for place, row in enumerate(rows):
        axes = figure.add_subplot(math.ceil(len(rows) / columns), columns, place + 1)
        spent, left = zip(*curves[row["model"]], (300.0, curves[row["model"]][-1][1]), strict=True)
        axes.step(spent, left, where="post", label="lance, by its own count")
        for title, marker in zip(ATTACKS, "oo^sDv", strict=True):
            if not math.isnan(row[title]):
                axes.plot(row[f"{title}: gradients"] + row[f"{title}: forwards"], row[title], marker, label=title)
        axes.set(title=row["model"], xscale="log", xlim=(0.9, 2e4), ylim=(-2, 102))
        axes.grid(alpha=0.3)
    figure.supxlabel("forwards + gradients an image")
    figure.supylabel("robust accuracy, %")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=7, frameon=False)
    figure.savefig(RESULTS / f"pools-{name}.svg")


if __name__ == "__main__":
    main()
