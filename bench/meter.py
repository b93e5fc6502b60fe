"""What the meter reports against what hooks in the model count: our attacks, one of Foolbox and one of torchattacks."""

import argparse
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import require_data, save, show, whitebox_pool
from torch import Tensor, nn

from tiltyard.contest.pool import ModelSpec
from tiltyard.contest.run import Run
from tiltyard.defences.pool import Pool, load_pool
from tiltyard.tracks.whitebox import WhiteBox
from tiltyard.vision.classifier import Classifier

ATTACKS = ("pgd", "baseline", "foolbox:LinfPGD", "torchattacks:PGD")


@dataclass
class Count:
    """Images that went through a network."""

    forwards: int = 0
    backwards: int = 0

    def attach(self, network: nn.Module) -> None:
        network.register_forward_pre_hook(self._forward)
        network.register_full_backward_hook(self._backward)

    def _forward(self, module: nn.Module, given: tuple[Tensor, ...]) -> None:
        self.forwards += len(given[0])

    def _backward(self, module: nn.Module, wanted: Any, given: Any) -> None:
        self.backwards += len(given[0])


@dataclass(frozen=True)
class CountedPool(Pool):
    """A pool whose models are counted from within."""

    count: Count = field(default_factory=Count)

    def classifier(self, model: ModelSpec) -> Classifier:
        found = super().classifier(model)
        self.count.attach(found.module)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200)
    items = parser.parse_args().items
    require_data()
    with tempfile.TemporaryDirectory() as name:
        pools = {
            "pgd_at": load_pool("digits", items=items),
            "resnet2b": whitebox_pool(Path(name), items=items, names=["resnet2b"]),
        }
        rows = [counted(pool, model, attack) for model, pool in pools.items() for attack in ATTACKS]
    show(f"passes through the model, first {items} images, entries in the jail", rows)
    exact = all(row["exact"] for row in rows)
    print("reported equals counted" if exact else "REPORTED AND COUNTED DIFFER")
    save("meter", "passes that the meter reports and that hooks in the model count", rows, items=items, exact=exact)


def counted(pool: Pool, model: str, attack: str) -> dict[str, Any]:
    """One attack on one model; what the house asked on its own account is taken off the count."""
    watched = CountedPool(pool.spec, pool.folder, pool.items)
    track = WhiteBox()
    entry = track.named(attack)
    (shard,) = [shard for shard in track.plan(entry, watched) if shard.name == model]
    facts = track.measure(entry, shard, watched, Run()).facts
    if facts["failure"]:
        raise SystemExit(f"{attack} on {model}: {facts['failure']}")
    asked = watched.count.forwards - facts["own_forwards"]
    return {
        "model": model,
        "attack": attack,
        "forwards reported": facts["forwards"],
        "counted": asked,
        "gradients reported": facts["gradients"],
        "gradients counted": watched.count.backwards,
        "exact": (facts["forwards"], facts["gradients"]) == (asked, watched.count.backwards),
    }


if __name__ == "__main__":
    main()
