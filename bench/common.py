"""What the benchmarks share: where the data lies, tables, and `bench/results/NAME.json`."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from tiltyard.contest.environment import describe_environment
from tiltyard.defences.pool import Pool, load_pool
from tiltyard.vision.data import load_data
from tiltyard.vision.references import load_model

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "bench" / "results"
DATA = Path(os.environ.get("TILTYARD_DATA", REPOSITORY.parent / "shared" / "data"))
WHITEBOX = DATA / "whitebox"
EPS = {"oval_base": "8/255", "cnn_a_mix4": "8/255", "resnet2b": "4/255", "oval_deep": "8/255", "cnn_a_adv": "8/255"}
"""Radii of `reference.csv`."""
PGD_10 = '''"""PGD-10 on the cross-entropy, steps of a quarter of the radius, from the image itself."""

import numpy as np
import torch


class Attacker:
    def __init__(self, model, batch_size, dataset, session):
        self.model = model

    def config(self, **kwargs):
        self.radius = kwargs["magnitude"]

    def batch_attack(self, xs, ys, ys_target=None):
        start, labels = torch.from_numpy(np.asarray(xs)), torch.from_numpy(np.asarray(ys))
        points = start.clone()
        for _ in range(10):
            points = points.detach().requires_grad_()
            loss = torch.nn.functional.cross_entropy(self.model.logits(points), labels, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, points)
            moved = points + self.radius / 4 * gradient.sign()
            points = torch.min(torch.max(moved, start - self.radius), start + self.radius).clamp(0, 1)
        return points.detach().numpy()
'''


class Direct(nn.Module):
    """A network in the attack's own process, with the contest's method `logits`."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images)
        return logits

    def logits(self, images: Tensor) -> Tensor:
        return self(images)  # type: ignore[no-any-return]


def require_data() -> None:
    """Ends the script with the reason where the white-box models are not there."""
    if not (WHITEBOX / "models.py").is_file():
        sys.exit(f"{WHITEBOX}: holds no models; set TILTYARD_DATA to the folder that has whitebox/ in it")


def attacker_class(source: str = PGD_10) -> Callable[..., Any]:
    """The class `Attacker` of an entry, in this process."""
    names: dict[str, Any] = {}
    exec(source, names)
    found: Callable[..., Any] = names["Attacker"]
    return found


def entry_folder(folder: Path, source: str = PGD_10) -> Path:
    """An entry of one file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "attacker.py").write_text(source)
    return folder


def whitebox_pool(folder: Path, *, items: int, names: Sequence[str] = tuple(EPS)) -> Pool:
    """The five CIFAR-10 models as a pool file; its models load through `file.py:function` like a user's."""
    loaders = "".join(f"\ndef {name}():\n    return load({name!r})\n" for name in names)
    (folder / "nets.py").write_text(f"from models import load\n{loaders}")
    for file in WHITEBOX.iterdir():
        (folder / file.name).unlink(missing_ok=True)
        (folder / file.name).symlink_to(file)
    models = "".join(
        f'[[models]]\nname = "{name}"\nreference = "nets.py:{name}"\ndata = "cifar"\ndataset = "cifar10"\n'
        f'eps = "{EPS[name]}"\nbatch_size = 100\n'
        for name in names
    )
    (folder / "pool.toml").write_text(
        f'name = "cifar-five"\n[data.cifar]\nreference = "cifar10_test_first500.npz"\n{models}'
    )
    return load_pool(str(folder / "pool.toml"), items=items)


def network_of(folder: Path, name: str) -> nn.Module:
    """One of the five models, parameters frozen."""
    return load_model(f"{folder / 'nets.py'}:{name}").frozen().module


def five_network(name: str) -> nn.Module:
    """One of the five models, straight from their folder."""
    sys.path.insert(0, str(WHITEBOX))
    network: nn.Module = import_module("models").load(name)
    return network.requires_grad_(False)


def five_images(items: int) -> tuple[Tensor, Tensor]:
    """The first of the 500 CIFAR-10 test images (n, 3, 32, 32) in [0, 1], and their labels."""
    data = load_data(str(WHITEBOX / "cifar10_test_first500.npz"), items=items)
    return data.tensor(), torch.from_numpy(data.labels)


def show(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints rows of equal keys as a table."""
    table = Table(title=title)
    for name in rows[0]:
        table.add_column(name, justify="left" if isinstance(rows[0][name], str) else "right")
    for row in rows:
        table.add_row(*(_shown(value) for value in row.values()))
    Console(width=160).print(table)


def save(name: str, what: str, rows: Sequence[Mapping[str, Any]], **more: Any) -> None:
    """Writes `bench/results/NAME.json`."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    record = {
        "what": what,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": describe_environment(),
        "torch_threads": torch.get_num_threads(),
        "rows": list(rows),
        **more,
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"written to {path}")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
