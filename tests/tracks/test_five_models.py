"""The five defended CIFAR-10 models that may not be shipped: the jail changes no prediction and misses no pass."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from tiltyard.contest.run import Run
from tiltyard.defences.pool import load_pool
from tiltyard.tracks.whitebox import WhiteBox
from tiltyard.vision.references import load_model

ITEMS = 40
PGD_10 = """
import torch


class Attacker:
    def __init__(self, model, batch_size, dataset, session):
        self.model = model

    def config(self, **kwargs):
        self.radius = kwargs["magnitude"]

    def batch_attack(self, xs, ys, ys_target=None):
        start, labels = torch.as_tensor(xs), torch.as_tensor(ys)
        points = start.clone()
        for _ in range(10):
            points = points.detach().requires_grad_()
            loss = torch.nn.functional.cross_entropy(self.model.logits(points), labels, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, points)
            points = points + self.radius / 4 * gradient.sign()
            points = torch.min(torch.max(points, start - self.radius), start + self.radius).clamp(0, 1)
        return points.detach().numpy()
"""
POOL = """
name = "five"
[data.cifar]
reference = "cifar10_test_first500.npz"
[[models]]
name = "net"
reference = "models.py:net"
data = "cifar"
eps = "{eps}"
batch_size = 20
"""
RADII = {"oval_base": "8/255", "cnn_a_mix4": "8/255", "resnet2b": "4/255", "oval_deep": "8/255", "cnn_a_adv": "8/255"}


class Direct(torch.nn.Module):
    """A network with the contest's method, in the attack's own process."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images)


@pytest.mark.parametrize("name", RADII)
def test_pgd_10_through_the_jail_predicts_what_it_does_in_one_process(
    name: str, whitebox_data: Path, tmp_path: Path, jail: None
) -> None:
    for file in whitebox_data.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "models.py").unlink()
    source = (
        (whitebox_data / "models.py")
        .read_text()
        .replace("HERE = Path(__file__).parent", f"HERE = Path({str(whitebox_data)!r})")
    )
    (tmp_path / "models.py").write_text(source + f"\n\ndef net():\n    return load({name!r})\n")
    (tmp_path / "pool.toml").write_text(POOL.format(eps=RADII[name]))
    (tmp_path / "attacker.py").write_text(PGD_10)
    pool, track = load_pool(str(tmp_path / "pool.toml"), items=ITEMS), WhiteBox()
    entry = track.read(tmp_path / "attacker.py")
    (shard,) = track.plan(entry, pool)
    measured = track.measure(entry, shard, pool, Run())
    assert measured.facts["failure"] == ""
    assert (measured.facts["forwards"], measured.facts["gradients"]) == (10 * ITEMS, 10 * ITEMS)
    assert measured.rows["attacked"].to_list() == in_one_process(
        tmp_path, name, pool.images("cifar").tensor(), measured.rows
    )


def in_one_process(folder: Path, name: str, images: torch.Tensor, rows: pl.DataFrame) -> list[int]:
    """Predictions after the same code attacked the module itself, batch by batch."""
    network = load_model(f"{folder / 'models.py'}:net").frozen().module
    names: dict[str, type] = {}
    exec(PGD_10, names)
    attacker = names["Attacker"](Direct(network), 20, "cifar10", None)
    numerator = int(RADII[name].split("/")[0])
    attacker.config(magnitude=numerator / 255)
    labels = np.array(rows["label"].to_list())
    found: list[int] = []
    for start in range(0, ITEMS, 20):
        attacked = attacker.batch_attack(images[start : start + 20].numpy(), labels[start : start + 20])
        found += network(torch.from_numpy(attacked)).argmax(1).tolist()
    return found
