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
from tiltyard.forensics.locating.loss import loss_of
from tiltyard.forensics.locating.network import Locator

NAME = "locator"
WARM_UP = 0.03
MEMORY = 0.998
"""Of the average of the weights over the last steps, which is what is kept."""
CLIP, DECAY = 2.0, 1e-2


@dataclass(frozen=True)
class Stage:
    """Up to which share of the time crops of so many pixels a side, a multiple of 32, are drawn, so many a step."""

    until: float
    side: int
    batch: int


@dataclass(frozen=True)
class Schedule:
    """How training spends its time. Small crops first: many more are seen."""

    minutes: float
    stages: tuple[Stage, ...] = (Stage(0.55, 128, 24), Stage(0.85, 192, 16), Stage(1.0, 256, 8))
    rate: float = 2e-3
    check_every: float = 5.0
    """Minutes between looks at the crops that are kept aside."""


Told = Callable[[float, dict[str, float]], None]
"""Called after each check with the share of the time that is spent, and a line of the curve."""


@dataclass
class State:
    """What the next step hangs on."""

    network: Locator
    average: Locator
    optimiser: torch.optim.AdamW
    identity: str
    step: int = 0
    crops: int = 0
    seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Replaces the file in one step."""
        content = {
            "identity": self.identity, "network": self.network.state_dict(), "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(), "step": self.step, "crops": self.crops,
            "seconds": self.seconds, "curve": self.curve,
        }  # fmt: skip
        temporary = path.with_suffix(".tmp")
        torch.save(content, temporary)
        temporary.replace(path)

    def load(self, path: Path) -> None:
        """Goes back to what was saved; TiltyardError where that is damaged or of another seed or material."""
        try:
            content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
            raise TiltyardError(f"{path}: is no readable checkpoint; delete it ({type(error).__name__})") from None
        if content.get("identity") != self.identity:
            raise TiltyardError(f"{path}: was left by another seed or material; name another folder with --out")
        self.network.load_state_dict(content["network"])
        self.average.load_state_dict(content["average"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.step, self.crops, self.seconds = content["step"], content["crops"], content["seconds"]
        self.curve = content["curve"]


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
    """Trains until `schedule.minutes` are spent, over all calls in the same folder; returns the last state.

    Time enters the rate and the size of crops, so that two runs differ unless they are equally fast: the curve says how
    many crops were seen. `kept_aside` is only measured. `start`: a trained
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
        told(min(1.0, state.seconds / (60 * schedule.minutes)), state.curve[-1])
    return state


def _rounds(
    state: State, pools: Sequence[Pool], shares: Sequence[float], schedule: Schedule, seed: int, device: str
) -> Iterator[list[Tensor]]:
    """The losses of all steps up to each check."""
    whole, losses, since = 60 * schedule.minutes, list[Tensor](), state.seconds
    while state.seconds < whole:
        began = time.perf_counter()
        share = state.seconds / whole
        losses.append(_step(state, pools, shares, schedule, share, np.random.default_rng([seed, state.step]), device))
        state.seconds += time.perf_counter() - began
        if state.seconds >= whole or state.seconds - since >= 60 * schedule.check_every:
            yield losses
            losses, since = [], state.seconds


def _step(
    state: State, pools: Sequence[Pool], shares: Sequence[float], schedule: Schedule, share: float,
    rng: np.random.Generator, device: str,
) -> Tensor:  # fmt: skip
    stage = next(stage for stage in schedule.stages if share < stage.until)
    batch = drawn(pools, shares, count=stage.batch, side=stage.side, rng=rng)
    for group in state.optimiser.param_groups:
        group["lr"] = schedule.rate * _rate(share)
    loss = loss_of(state.network(batch.pixels.to(device), batch.planes.to(device)), batch.masks.to(device))
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), CLIP)
    state.optimiser.step()
    state.step, state.crops = state.step + 1, state.crops + stage.batch
    _remember(state)
    return loss.detach()


def _rate(share: float) -> float:
    """Rises for a moment, then falls along a cosine to a hundredth."""
    return min(1.0, (share + 1e-3) / WARM_UP) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


@torch.no_grad()
def _remember(state: State) -> None:
    memory = min(MEMORY, (1 + state.step) / (10 + state.step))
    for kept, new in zip(state.average.state_dict().values(), state.network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - memory)
        else:
            kept.copy_(new)


def _fresh(start: Locator | None, seed: int, identity: str, device: str) -> State:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network, average = (_laid_out(Locator().to(device)) for _ in range(2))
    network.load_state_dict((start or network).state_dict())
    average.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=DECAY)
    return State(network, average.eval(), optimiser, identity)


def _laid_out(network: Locator) -> Locator:
    """Channels last: convolutions on a CPU take half the time."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _add_line(state: State, losses: list[Tensor], kept_aside: Sequence[Pool], device: str) -> None:
    found = checked(state.average, kept_aside, device)
    loss = float(torch.stack(losses).mean())
    line = {"minutes": state.seconds / 60, "step": state.step, "crops": state.crops, "loss": loss, **asdict(found)}
    state.curve.append({name: round(float(value), 4) for name, value in line.items()})
