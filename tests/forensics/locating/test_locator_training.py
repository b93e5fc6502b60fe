"""Training: it learns, it goes on after a stop, it refuses what is not its own."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.batches import Pool, batch_of
from tiltyard.forensics.locating.losses import loss_of, suspicion
from tiltyard.forensics.locating.material import TWINS
from tiltyard.forensics.locating.network import WIDTHS, Locator
from tiltyard.forensics.locating.pages import Page
from tiltyard.forensics.locating.planes import PLANES
from tiltyard.forensics.locating.stored import FREQUENCIES, NONE
from tiltyard.forensics.locating.training import NAME, Schedule, train
from tiltyard.forensics.locating.view import View

SHORT = Schedule(minutes=0.03, batch=2, passes=1e6, check_every=0.01)


def test_the_network_gives_a_logit_for_every_block_and_is_small() -> None:
    network = Locator().eval()
    told = torch.zeros(2, PLANES, 13, 9), torch.zeros(2, FREQUENCIES, 13, 9), torch.zeros(2, FREQUENCIES)
    assert network(*told).shape == (2, 13, 9)
    assert sum(parameter.numel() for parameter in network.parameters()) <= 4e6


def lossless(planes: np.ndarray) -> View:
    """As of a page that no JPEG holds."""
    return View(planes, np.zeros((FREQUENCIES, *planes.shape[1:]), np.uint8), np.full(FREQUENCIES, NONE, np.float16))


def plain_pool(folder: Path) -> Pool:
    """Six small pages, three of them with a place where one measure is odd."""
    rng, paths = np.random.default_rng(4), [folder / f"{number}.npz" for number in range(6)]
    for number, path in enumerate(paths):
        shares = np.zeros((16, 16), np.float16)
        shares[4:8, 2 + number : 9 + number] = number % 2
        planes = rng.normal(size=(PLANES, 16, 16)).astype(np.float16)
        planes[20] += 4 * shares
        Page(lossless(planes), shares).save(path)
    return Pool(tuple(paths), ("plain",), tuple(number % 2 == 1 for number in range(6)))


def test_training_learns_what_is_forged(tmp_path: Path) -> None:
    pool = plain_pool(tmp_path)
    schedule = Schedule(minutes=2, batch=4, passes=60)
    state = train([pool], [1.0], [pool], tmp_path / "out", schedule=schedule, identity="one")
    assert state.curve[-1]["auc"] > 0.95
    assert state.curve[-1]["pages"] == 1


def test_the_loss_prefers_the_truth(pool: Pool) -> None:
    batch = batch_of([pool.page(number) for number in range(len(pool))])
    truth = 8 * (batch.shares > 0.5).float() - 4
    missed = torch.full_like(truth, -4.0)
    alarmed = torch.full_like(truth, 4.0)
    assert loss_of(truth, batch) < loss_of(missed, batch) < loss_of(alarmed, batch)


def test_a_page_that_shows_only_the_rim_of_a_forgery_is_told_neither_way() -> None:
    shares = np.zeros((16, 16), np.float16)
    shares[:, 0] = 0.4
    batch = batch_of([Page(lossless(np.zeros((PLANES, 16, 16), np.float16)), shares)])
    suspected = torch.full((1, 16, 16), -6.0)
    suspected[:, 4:8, 0] = 6.0
    assert float(loss_of(suspected, batch)) == pytest.approx(float(loss_of(torch.full((1, 16, 16), -6.0), batch)))


def test_a_page_is_told_by_its_highest_blocks_and_not_by_what_fills_it_up() -> None:
    logits = torch.full((2, 12, 12), -3.0)
    logits[1, 4:8, 4:8] = 5.0
    seen = torch.ones(2, 12, 12)
    low, high = suspicion(logits, seen).tolist()
    assert low == pytest.approx(-3.0)
    assert high > 2.0
    seen[1, 3:9, 3:9] = 0
    assert float(suspicion(logits, seen)[1]) < 0


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
    del checkpoint["network"]["forged.bias"]
    torch.save(checkpoint, tmp_path / f"{NAME}.checkpoint.pt")
    with pytest.raises(TiltyardError, match="no readable checkpoint"):
        train([pool], [1.0], [pool], tmp_path, schedule=SHORT, identity="one")


def test_what_is_drawn_hangs_on_the_seed_alone_and_passes_count_twins(tmp_path: Path) -> None:
    pool = plain_pool(tmp_path)
    (tmp_path / TWINS).mkdir()
    for number in (1, 3, 5):
        shutil.copy(tmp_path / f"{number - 1}.npz", tmp_path / TWINS / f"{number}.npz")
    assert (len(pool), pool.with_twins) == (6, 9)
    schedule = Schedule(minutes=5, batch=3, passes=1)
    states = []
    for out in ("a", "b"):
        torch.rand(1)
        states.append(train([pool], [1.0], [pool], tmp_path / out, schedule=schedule, identity="one", seed=3))
    assert [state.pages for state in states] == [9, 9]
    first, second = (torch.cat([one.flatten() for one in state.network.parameters()]) for state in states)
    assert torch.equal(first, second)


def test_training_can_start_from_trained_weights(pool: Pool, tmp_path: Path) -> None:
    trained = Locator()
    torch.nn.init.constant_(trained.page.bias, 3.0)
    slow = Schedule(minutes=0.001, batch=2, rate=1e-9)
    state = train([pool], [1.0], [pool], tmp_path, schedule=slow, identity="one", start=trained)
    assert state.network.page.bias.detach().tolist() == pytest.approx([3.0] * WIDTHS[-1], abs=1e-3)
    assert torch.allclose(state.network.page.weight, trained.page.weight, atol=1e-3)


def test_a_damaged_checkpoint_is_named(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.checkpoint.pt").write_bytes(b"nothing of ours")
    with pytest.raises(TiltyardError, match="no readable checkpoint"):
        train([pool], [1.0], [pool], tmp_path, schedule=SHORT, identity="one")


def test_training_ends_before_it_learns_by_heart(pool: Pool, tmp_path: Path) -> None:
    state = train([pool], [1.0], [pool], tmp_path, schedule=Schedule(minutes=5, batch=2, passes=0.5), identity="one")
    assert len(pool) / 2 <= state.pages <= len(pool) / 2 + 2
