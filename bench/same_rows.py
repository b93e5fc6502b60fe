"""PGD-10 as an entry through the jail against the same code in one process: the same predictions, image by image."""

import argparse
import csv
import tempfile
from pathlib import Path
from typing import Any

import torch
from common import (
    PGD_10,
    WHITEBOX,
    Direct,
    attacker_class,
    entry_folder,
    network_of,
    require_data,
    save,
    show,
    whitebox_pool,
)

from tiltyard.contest.run import Run
from tiltyard.defences.pool import Pool
from tiltyard.jail.referee import batches
from tiltyard.tracks.whitebox import WhiteBox


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200)
    items = parser.parse_args().items
    require_data()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pool = whitebox_pool(folder, items=items)
        rows = [compared(folder, pool, index) for index in range(len(pool.spec.models))]
    show(f"PGD-10, first {items} images: robust accuracy in one process and through the jail", rows)
    agree = all(row["same predictions"] == items for row in rows)
    print("every prediction agrees" if agree else "PREDICTIONS DIFFER")
    save("same_rows", "PGD-10 as an entry through the jail and in one process", rows, items=items, agree=agree)


def compared(folder: Path, pool: Pool, index: int) -> dict[str, Any]:
    """One model's figures."""
    track = WhiteBox()
    entry = track.read(entry_folder(folder / "entry"))
    shard = track.plan(entry, pool)[index]
    jailed = track.measure(entry, shard, pool, Run())
    if jailed.facts["failure"]:
        raise SystemExit(f"{shard.name}: {jailed.facts['failure']}")
    through = torch.tensor(jailed.rows["attacked"].to_list())
    here = in_one_process(folder, pool, shard.name)
    labels = torch.from_numpy(pool.images("cifar").labels)
    return {
        "model": shard.name,
        "eps": pool.model(shard.name).eps * 255,
        "one process %": 100 * float((here == labels).double().mean()),
        "through jail %": 100 * float((through == labels).double().mean()),
        "same predictions": int((here == through).sum()),
        "gradients an image": jailed.facts["gradients"] / len(labels),
        "PGD-20 in reference.csv %": reference(shard.name),
    }


def in_one_process(folder: Path, pool: Pool, name: str) -> torch.Tensor:
    """Predictions after the same class has attacked the network itself."""
    network, images = network_of(folder, name), pool.images("cifar")
    attacker = attacker_class(PGD_10)(Direct(network), 100, "cifar10", None)
    attacker.config(magnitude=pool.model(name).threat.eps)
    found = []
    for chosen in batches(len(images), 100):
        points = attacker.batch_attack(images.tensor(chosen).numpy(), images.labels[chosen])
        with torch.no_grad():
            found.append(network(torch.from_numpy(points)).argmax(1))
    return torch.cat(found)


def reference(model: str) -> float:
    """What the data's own table gives for 20 steps."""
    with (WHITEBOX / "reference.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["model"] == model and row["attack"].startswith("PGD20-CE"):
                return float(row["robust_accuracy_percent"])
    raise SystemExit(f"reference.csv has no PGD20-CE of {model}")


if __name__ == "__main__":
    main()
