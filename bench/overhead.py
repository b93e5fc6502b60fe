"""Wall time of the same PGD-10 in one process and through jail and oracle, side by side; the guest's start excluded.

"One process" is a process of its own that runs the attack's code on the module as any script would. The oracle's
process is set up as the command line sets it up (`keep_freed_memory`); what that alone gives one process is measured.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
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
from tiltyard.defences.pool import Pool, load_pool
from tiltyard.jail.oracle import Oracle
from tiltyard.jail.referee import Visit, batches, host
from tiltyard.vision.allocator import keep_freed_memory
from tiltyard.vision.classifier import Classifier

MODEL, BATCH = "resnet2b", 100
Attack = Callable[[NDArray[np.float32], NDArray[np.int64]], Any]
Timed = Callable[[], tuple[float, Tensor]]


class TenTimes(nn.Module):
    """Ten networks' work for the answer of one."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        return torch.stack([self.network(images) for _ in range(10)]).mean(0)


MODULES: dict[str, Callable[[nn.Module], nn.Module]] = {MODEL: lambda network: network, f"{MODEL} × 10": TenTimes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=25, help="turns on the small model")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="torch's threads beside the model")
    arguments = parser.parse_args()
    require_data()
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pool = whitebox_pool(folder, items=arguments.items, names=[MODEL])
        rows = [
            row(folder, pool, label, threads=threads, turns=arguments.repeats if label == MODEL else 8)
            for threads in arguments.threads
            for label in MODULES
        ]
    show(f"PGD-10 on {MODEL}, {arguments.items} images in batches of {BATCH}: medians of alternating runs", rows)
    save("overhead", "wall time of PGD-10 through jail and oracle against one process", rows, items=arguments.items)


def row(folder: Path, pool: Pool, label: str, *, threads: int, turns: int) -> dict[str, Any]:
    """Figures of one model with so many torch threads."""
    torch.set_num_threads(threads)
    items = len(pool.images("cifar"))
    with (
        own_process(folder, label, threads, tuned=False, items=items) as plain,
        own_process(folder, label, threads, tuned=True, items=items) as tuned,
        jailed(folder, pool, label) as jail,
    ):
        ways = {"one process": plain, "one process, tuned": tuned, "jail": jail}
        seconds, same = take_turns(ways, turns)
    ratios = [through / here for through, here in zip(seconds["jail"], seconds["one process"], strict=True)]
    low, middle, high = quantiles(ratios, n=4)
    return {
        "model": label,
        "threads": threads,
        "turns": turns,
        **{f"{name} s": median(values) for name, values in seconds.items()},
        "ratio of medians": median(seconds["jail"]) / median(seconds["one process"]),
        "median ratio": middle,
        "quartile 1": low,
        "quartile 3": high,
        "ratio to tuned": median(seconds["jail"]) / median(seconds["one process, tuned"]),
        "same images": same,
    }


def take_turns(ways: dict[str, Timed], turns: int) -> tuple[dict[str, list[float]], bool]:
    """Seconds of each way, one after another in changing order, and whether all gave the same images."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names, same = list(ways), True
    for way in ways.values():
        way()
    for turn in range(turns):
        first = turn % len(names)
        results = []
        for name in names[first:] + names[:first]:
            took, found = ways[name]()
            seconds[name].append(took)
            results.append(found)
        same = same and all(torch.equal(results[0], each) for each in results[1:])
    return seconds, same


@contextmanager
def own_process(folder: Path, label: str, threads: int, *, tuned: bool, items: int) -> Iterator[Timed]:
    """The attack's code on the module itself, in a process that does nothing else and sleeps between turns."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve_turns, args=(theirs, folder, label, threads, tuned, items), daemon=True)
    process.start()

    def turn() -> tuple[float, Tensor]:
        ours.send("go")
        seconds, found = ours.recv()
        return seconds, torch.from_numpy(found)

    yield turn
    ours.send("end")
    process.join()


def serve_turns(
    connection: "Connection[Any, Any]", folder: Path, label: str, threads: int, tuned: bool, items: int
) -> None:
    """The body of that process."""
    if tuned:
        keep_freed_memory()
    torch.set_num_threads(threads)
    pool = load_pool(str(folder / "pool.toml"), items=items)
    attacker = attacker_class()(Direct(MODULES[label](network_of(folder, MODEL))), BATCH, "cifar10", None)
    attacker.config(magnitude=parse_eps(EPS[MODEL]))
    while connection.recv() == "go":
        seconds, found = run(attacker.batch_attack, pool)
        connection.send((seconds, found.numpy()))


@contextmanager
def jailed(folder: Path, pool: Pool, label: str) -> Iterator[Timed]:
    """The same attack in a jail, ready."""
    images = pool.images("cifar")
    oracle = Oracle(Classifier(MODULES[label](network_of(folder, MODEL))), Meter(), sample=images.tensor())
    settings = {"x_min": 0.0, "x_max": 1.0, "dataset": "cifar10", "magnitude": parse_eps(EPS[MODEL])}
    visit = Visit(entry_folder(folder / "entry"), settings, BATCH, 0)
    with host(visit, oracle, images.shape) as referee:
        yield lambda: run(referee.attack, pool)


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
