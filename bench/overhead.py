"""Wall time of the same PGD-10 in one process and through jail and oracle, side by side; the guest's start excluded."""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
import torch
from common import EPS, Direct, attacker_class, entry_folder, network_of, require_data, save, show, whitebox_pool
from numpy.typing import NDArray
from torch import Tensor, nn

from tiltyard.contest.budget import Meter
from tiltyard.contest.threat import parse_eps
from tiltyard.defences.pool import Pool
from tiltyard.jail.oracle import Oracle
from tiltyard.jail.referee import Visit, batches, host
from tiltyard.vision.classifier import Classifier

MODEL, BATCH = "resnet2b", 100
Attack = Callable[[NDArray[np.float32], NDArray[np.int64]], Any]


class TenTimes(nn.Module):
    """Ten networks' work for the answer of one."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        return torch.stack([self.network(images) for _ in range(10)]).mean(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=25, help="pairs of runs on the small model")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="torch's threads beside the model")
    arguments = parser.parse_args()
    require_data()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pool = whitebox_pool(folder, items=arguments.items, names=[MODEL])
        rows = [
            row
            for threads in arguments.threads
            for row in compared(folder, pool, threads=threads, repeats=arguments.repeats)
        ]
    show(f"PGD-10 on {MODEL}, {arguments.items} images in batches of {BATCH}: medians of alternating runs", rows)
    save("overhead", "wall time of PGD-10 through jail and oracle against one process", rows, items=arguments.items)


def compared(folder: Path, pool: Pool, *, threads: int, repeats: int) -> Iterator[dict[str, Any]]:
    """Figures of both models with so many torch threads."""
    torch.set_num_threads(threads)
    network = network_of(folder, MODEL)
    several = max(2, repeats // 3)
    for label, module, pairs in ((MODEL, network, repeats), (f"{MODEL} × 10", TenTimes(network), several)):
        here, through, same = timed(module, folder, pool, pairs)
        ratios = [one / other for one, other in zip(through, here, strict=True)]
        low, _, high = quantiles(ratios, n=4)
        yield {
            "model": label,
            "threads": threads,
            "pairs": pairs,
            "one process s": median(here),
            "through jail s": median(through),
            "ratio of medians": median(through) / median(here),
            "median ratio": median(ratios),
            "quartile 1": low,
            "quartile 3": high,
            "same images": same,
        }


def timed(module: nn.Module, folder: Path, pool: Pool, pairs: int) -> tuple[list[float], list[float], bool]:
    """Seconds of each run in one process and through the jail, by turns, and whether both gave the same images."""
    radius = parse_eps(EPS[MODEL])
    attacker = attacker_class()(Direct(module), BATCH, "cifar10", None)
    attacker.config(magnitude=radius)
    with guest(module, folder, pool, radius) as attack:
        run(attacker.batch_attack, pool)
        run(attack, pool)
        here, through, same = [], [], True
        for index in range(pairs):
            order = (attacker.batch_attack, attack) if index % 2 else (attack, attacker.batch_attack)
            seconds = {}
            results = {}
            for each in order:
                seconds[each is attack], results[each is attack] = run(each, pool)
            here.append(seconds[False])
            through.append(seconds[True])
            same = same and bool(torch.equal(results[False], results[True]))
    return here, through, same


@contextmanager
def guest(module: nn.Module, folder: Path, pool: Pool, radius: float) -> Iterator[Attack]:
    """The same attack in a jail, ready."""
    images = pool.images("cifar")
    oracle = Oracle(Classifier(module), Meter(), sample=images.tensor())
    settings = {"x_min": 0.0, "x_max": 1.0, "dataset": "cifar10", "magnitude": radius}
    visit = Visit(entry_folder(folder / "entry"), settings, BATCH, 0)
    with host(visit, oracle, images.shape) as referee:
        yield referee.attack


def run(attack: Attack, pool: Pool) -> tuple[float, Tensor]:
    """Seconds that an attack takes for all images, and what it made of them."""
    images = pool.images("cifar")
    parts = [(images.tensor(chosen).numpy(), images.labels[chosen]) for chosen in batches(len(images), BATCH)]
    began = time.perf_counter()
    found = [attack(*part) for part in parts]
    seconds = time.perf_counter() - began
    return seconds, torch.cat([torch.as_tensor(each) for each in found])


if __name__ == "__main__":
    main()
