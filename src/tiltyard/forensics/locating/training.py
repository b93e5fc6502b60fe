"""Training of the locator: bounded in minutes, resumable, with a curve; the rate falls with the time that is left."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.batches import Pool, drawn
from tiltyard.forensics.locating.checking import checked
from tiltyard.forensics.locating.losses import loss_of
from tiltyard.forensics.locating.network import Locator

NAME = "locator"
WARM_UP = 0.03
MEMORY = 0.998
"""Of the average of the weights over the last steps, which is what is kept."""
CLIP, DECAY = 5.0, 3e-2
PASSES = 60.0


@dataclass(frozen=True)
class Schedule:
    """How training spends its time."""

    minutes: float
    batch: int = 6
    """Pages a step."""
    rate: float = 2e-3
    passes: float = PASSES
    """Over all pages and twins, at most: what goes on longer is learnt by heart."""
    check_every: float = 5.0
    """Minutes between looks at what is kept aside."""


Told = Callable[[float, dict[str, float]], None]
"""Called after each check with the share of the schedule that is spent, and a line of the curve."""


@dataclass
class State:
    """What the next step hangs on."""

    network: Locator
    average: Locator
    optimiser: torch.optim.AdamW
    identity: str
    step: int = 0
    pages: int = 0
    seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Replaces the file in one step."""
        content = {
            "identity": self.identity, "network": self.network.state_dict(), "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(), "step": self.step, "pages": self.pages,
            "seconds": self.seconds, "curve": self.curve,
        }  # fmt: skip
        temporary = path.with_suffix(".tmp")
        torch.save(content, temporary)
        temporary.replace(path)

    def load(self, path: Path) -> None:
        """Goes back to what was saved; TiltyardError where that is damaged or of another seed or material."""
        try:
            content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            if content.get("identity") != self.identity:
                raise TiltyardError(f"{path}: was left by another seed or material; name another folder with --out")
            self.network.load_state_dict(content["network"])
            self.average.load_state_dict(content["average"])
            self.optimiser.load_state_dict(content["optimiser"])
            self.step, self.pages, self.seconds = content["step"], content["pages"], content["seconds"]
            self.curve = content["curve"]
        except (OSError, RuntimeError, EOFError, UnpicklingError, KeyError, ValueError) as error:
            raise TiltyardError(f"{path}: is no readable checkpoint; delete it ({type(error).__name__})") from None


def train(
    pools: Sequence[Pool],
    shares: Sequence[float],
    kept_aside: Sequence[Pool],
    out: Path,
    *,
    schedule: Schedule,
    identity: str,
    start: Locator | None = None,
    seed: int = 0,
    device: str = "cpu",
    told: Told = lambda share, line: None,
) -> State:
    """Trains until the minutes or the passes are spent, over all calls in the same folder; returns the last state.

    Time enters the rate, so that two runs differ unless they are equally fast: the curve says how
    many pages were seen. `kept_aside` is only measured. `start`: a trained
    network to go on from.
    """
    out.mkdir(parents=True, exist_ok=True)
    state, checkpoint = _fresh(start, seed, identity, device), out / f"{NAME}.checkpoint.pt"
    if checkpoint.is_file():
        state.load(checkpoint)
    state.network.train()
    for losses in _rounds(state, pools, shares, schedule, seed, device):
        _add_line(state, losses, kept_aside, device)
        state.save(checkpoint)
        told(min(1.0, _spent(state, pools, schedule)), state.curve[-1])
    return state


def _rounds(
    state: State, pools: Sequence[Pool], shares: Sequence[float], schedule: Schedule, seed: int, device: str
) -> Iterator[list[Tensor]]:
    """The losses of all steps up to each check."""
    losses, since, share = list[Tensor](), state.seconds, _spent(state, pools, schedule)
    while share < 1:
        began = time.perf_counter()
        losses.append(_step(state, pools, shares, schedule, share, np.random.default_rng([seed, state.step]), device))
        state.seconds += time.perf_counter() - began
        share = _spent(state, pools, schedule)
        if share >= 1 or state.seconds - since >= 60 * schedule.check_every:
            yield losses
            losses, since = [], state.seconds


def _spent(state: State, pools: Sequence[Pool], schedule: Schedule) -> float:
    """The share of the time or of the passes, whichever is nearer to its end."""
    passes = state.pages / sum(pool.with_twins for pool in pools)
    return max(state.seconds / (60 * schedule.minutes), passes / schedule.passes)


def _step(
    state: State, pools: Sequence[Pool], shares: Sequence[float], schedule: Schedule, share: float,
    rng: np.random.Generator, device: str,
) -> Tensor:  # fmt: skip
    batch = drawn(pools, shares, count=schedule.batch, rng=rng).to(device)
    for group in state.optimiser.param_groups:
        group["lr"] = schedule.rate * _rate(share)
    with torch.random.fork_rng():
        torch.manual_seed(int(rng.integers(2**63)))
        loss = loss_of(batch.answers(state.network), batch)
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), CLIP)
    state.optimiser.step()
    state.step, state.pages = state.step + 1, state.pages + schedule.batch
    _remember(state)
    return loss.detach()


def _rate(share: float) -> float:
    """Rises for a moment, then falls along a cosine to a hundredth."""
    return min(1.0, (share + 1e-3) / WARM_UP) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


@torch.no_grad()
def _remember(state: State) -> None:
    memory = min(MEMORY, (1 + state.step) / (10 + state.step))
    for kept, new in zip(state.average.parameters(), state.network.parameters(), strict=True):
        kept.lerp_(new, 1 - memory)


def _fresh(start: Locator | None, seed: int, identity: str, device: str) -> State:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network, average = (Locator().to(device) for _ in range(2))
    network.load_state_dict((start or network).state_dict())
    average.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=DECAY)
    return State(network, average.eval(), optimiser, identity)


def _add_line(state: State, losses: list[Tensor], kept_aside: Sequence[Pool], device: str) -> None:
    found = checked(state.average, kept_aside, device)
    loss = float(torch.stack(losses).mean())
    line = {"minutes": state.seconds / 60, "step": state.step, "seen": state.pages, "loss": loss, **asdict(found)}
    state.curve.append({name: round(float(value), 4) for name, value in line.items()})
