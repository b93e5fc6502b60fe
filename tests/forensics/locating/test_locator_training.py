"""Training: it learns, it goes on after a stop, it refuses what is not its own."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.batches import Pool, drawn
from tiltyard.forensics.locating.loss import loss_of
from tiltyard.forensics.locating.network import Answer, Locator
from tiltyard.forensics.locating.training import NAME, Schedule, Stage, train

SHORT = Schedule(minutes=0.03, stages=(Stage(1.0, 64, 2),), check_every=0.01)


def test_the_network_answers_at_half_the_size_and_is_of_the_size_that_was_asked() -> None:
    network = Locator().eval()
    answer = network(torch.rand(2, 3, 64, 96), torch.zeros(2, 27, 8, 12))
    assert answer.mask.shape == answer.edge.shape == (2, 32, 48)
    assert answer.forged.shape == (2,)
    assert 2e6 <= sum(parameter.numel() for parameter in network.parameters()) <= 4e6


def test_brightness_alone_leaves_no_residual() -> None:
    network = Locator()
    even = torch.full((1, 3, 64, 64), 0.3)
    assert network.residuals(even).abs().max() < 1e-5
    assert network.residuals(torch.rand(1, 3, 64, 64)).abs().max() > 0.1


def test_a_right_answer_costs_less_than_a_wrong_one() -> None:
    masks = torch.zeros(2, 64, 64)
    masks[0, 16:40, 16:40] = 1
    small = masks[:, ::2, ::2]

    def cost(mask: torch.Tensor, forged: torch.Tensor) -> float:
        return float(loss_of(Answer(mask, torch.zeros_like(mask), forged), masks))

    right = cost(16 * small - 8, torch.tensor([8.0, -8.0]))
    for wrong in (cost(8 - 16 * small, torch.tensor([8.0, -8.0])), cost(torch.full_like(small, -8.0), torch.zeros(2))):
        assert right < wrong - 0.5


def test_a_few_steps_lower_the_loss_on_one_batch(pool: Pool) -> None:
    torch.manual_seed(1)
    network, batch = Locator(), drawn([pool], [1.0], count=4, side=64, rng=np.random.default_rng(0))
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3)
    costs = []
    for _ in range(16):
        loss = loss_of(network(batch.pixels, batch.planes), batch.masks)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        costs.append(float(loss.detach()))
    assert min(costs[-3:]) < 0.85 * costs[0]


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
    torch.nn.init.constant_(trained.mask.bias, 3.0)
    slow = Schedule(minutes=0.001, stages=(Stage(1.0, 64, 2),), rate=1e-9)
    state = train([pool], [1.0], [pool], tmp_path, schedule=slow, identity="one", start=trained)
    assert float(state.network.mask.bias.detach()) == pytest.approx(3.0, abs=1e-3)
    assert torch.allclose(state.network.at_8[0][0].weight, trained.at_8[0][0].weight, atol=1e-3)


def test_a_damaged_checkpoint_is_named(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.checkpoint.pt").write_bytes(b"nothing of ours")
    with pytest.raises(TiltyardError, match="no readable checkpoint"):
        train([pool], [1.0], [pool], tmp_path, schedule=SHORT, identity="one")
