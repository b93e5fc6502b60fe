"""Training: it learns, it goes on after a stop, it refuses what is not its own."""

from pathlib import Path

import pytest
import torch

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.batches import Pool
from tiltyard.forensics.locating.cells import TOLD
from tiltyard.forensics.locating.network import Locator
from tiltyard.forensics.locating.training import NAME, Schedule, train

SHORT = Schedule(minutes=0.03, batch=64, passes=1e6, check_every=0.01)


def test_the_network_gives_a_logit_for_every_block_and_is_small() -> None:
    network = Locator().eval()
    assert network(torch.zeros(12, TOLD)).shape == (12,)
    assert sum(parameter.numel() for parameter in network.parameters()) <= 5e4


def test_training_learns_what_is_forged(pool: Pool, tmp_path: Path) -> None:
    state = train([pool], [1.0], [pool], tmp_path, schedule=Schedule(minutes=0.06, batch=256), identity="one")
    assert state.curve[-1]["auc"] > 0.8


def test_training_goes_on_where_it_stopped(pool: Pool, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(share: float, line: dict[str, float]) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        train([pool], [1.0], [pool], tmp_path, schedule=SHORT, identity="one", told=stop)
    checkpoint = torch.load(tmp_path / f"{NAME}.checkpoint.pt", weights_only=True)
    assert checkpoint["seconds"] > 0
    state = train([pool], [1.0], [pool], tmp_path, schedule=SHORT, identity="one")
    assert state.step > checkpoint["step"] or checkpoint["seconds"] >= 60 * SHORT.minutes
    assert state.seconds >= 60 * SHORT.minutes
    assert [line["step"] for line in state.curve] == sorted({line["step"] for line in state.curve})
    assert state.curve[0] == checkpoint["curve"][0]
    with pytest.raises(TiltyardError, match="left by another seed or material"):
        train([pool], [1.0], [pool], tmp_path, schedule=SHORT, identity="two")


def test_training_can_start_from_trained_weights(pool: Pool, tmp_path: Path) -> None:
    trained = Locator()
    torch.nn.init.constant_(trained.forged.bias, 3.0)
    slow = Schedule(minutes=0.001, batch=64, rate=1e-9)
    state = train([pool], [1.0], [pool], tmp_path, schedule=slow, identity="one", start=trained)
    assert float(state.network.forged.bias.detach()) == pytest.approx(3.0, abs=1e-3)
    assert torch.allclose(state.network.first.weight, trained.first.weight, atol=1e-3)


def test_a_damaged_checkpoint_is_named(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.checkpoint.pt").write_bytes(b"nothing of ours")
    with pytest.raises(TiltyardError, match="no readable checkpoint"):
        train([pool], [1.0], [pool], tmp_path, schedule=SHORT, identity="one")


def test_training_ends_before_it_learns_by_heart(pool: Pool, tmp_path: Path) -> None:
    state = train([pool], [1.0], [pool], tmp_path, schedule=Schedule(minutes=5, batch=256, passes=0.5), identity="one")
    assert len(pool) / 2 <= state.blocks <= len(pool) / 2 + 256
