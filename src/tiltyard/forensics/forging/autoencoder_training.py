"""Training of the auto-encoder from a fixed seed: resumable to the bit, bounded in time, with a curve and a card."""

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
import torch.nn.functional as F
from numpy.random import Generator
from safetensors.torch import save_file
from torch import Tensor

from tiltyard.errors import TiltyardError
from tiltyard.forensics.curve import Drawn, write_curve
from tiltyard.forensics.forging.autoencoder import Autoencoder, as_tensor
from tiltyard.forensics.forging.autoencoder_card import Facts, held_out_psnr, write_card
from tiltyard.forensics.picture import Pixels

NAME = "autoencoder"
DRAWN = Drawn("step", ("held_out_psnr",), "step", "held-out PSNR, dB")
LEARNING_RATE = 2e-3
WARM_UP = 0.02
"""The share of the steps in which the learning rate rises."""
EDGES, SPREAD = 0.5, 1e-3
"""Weights of the gradient's error and of the latents' size beside the pixels' error."""
LATENT_NOISE = 0.1
"""So that a latent that was moved a little still decodes to something plausible."""
Progress = Callable[[int, int], None]
"""Called with the steps done and all of them."""


@dataclass(frozen=True)
class Schedule:
    """How much is trained, on which crops, and how often what was reached is kept."""

    steps: int = 15000
    batch: int = 16
    crop: int = 64
    """A multiple of 8, in pixels."""
    every: int = 250


@dataclass
class State:
    """What the next step depends on; each step's randomness comes from the seed and its number."""

    network: Autoencoder
    optimiser: torch.optim.Adam
    identity: str
    step: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Replaces the file in one step: a kill leaves the old one or the new one."""
        content = {
            "identity": self.identity,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "curve": self.curve,
        }
        temporary = path.with_suffix(".tmp")
        torch.save(content, temporary)
        temporary.replace(path)

    def load(self, path: Path) -> None:
        """Goes back to what was saved; TiltyardError where that is damaged or of another seed, schedule or pages."""
        try:
            content = torch.load(path, weights_only=True)
        except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
            raise TiltyardError(f"{path}: is no readable checkpoint; delete it ({type(error).__name__})") from None
        if content["identity"] != self.identity:
            raise TiltyardError(f"{path}: was left by another seed, schedule or pages; name another folder with --out")
        self.network.load_state_dict(content["network"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.step, self.curve = content["step"], content["curve"]


def train(
    pages: Sequence[Pixels],
    held_out: Sequence[Pixels],
    out: Path,
    *,
    origin: str,
    minutes: float,
    seed: int = 0,
    threads: int = 1,
    schedule: Schedule | None = None,
    resume: bool = True,
    progress: Progress | None = None,
) -> Path:
    """Trains on crops of `pages` into `out`: weights, curve (CSV and SVG) and card; returns the path of the weights.

    `origin` says in the card what the pages are; those of `held_out` are only measured. With `resume` it goes on where
    an earlier call stopped. The same seed, pages, schedule and number of threads give the same weights: sums depend on
    all of them. Raises TiltyardError when `minutes` are over before the last step.
    """
    schedule, deadline = schedule or Schedule(), time.monotonic() + minutes * 60
    _check_sizes(pages, schedule)
    out.mkdir(parents=True, exist_ok=True)
    weights, checkpoint = out / f"{NAME}.safetensors", out / f"{NAME}.checkpoint.pt"
    with _threads(threads):
        state = _fresh(pages, schedule, seed)
        if resume and checkpoint.is_file():
            state.load(checkpoint)
        while state.step < schedule.steps:
            if time.monotonic() > deadline:
                raise TiltyardError(f"time is over after step {state.step} of {schedule.steps}; run it again to go on")
            _round(state, pages, held_out, schedule, seed)
            state.save(checkpoint)
            if progress:
                progress(state.step, schedule.steps)
        _save_weights(state.network, weights, seed)
        write_curve(state.curve, out / f"{NAME}.csv", DRAWN)
        write_card(weights, held_out, state.curve, Facts(origin, len(pages), seed, schedule.steps, schedule.batch))
    checkpoint.unlink(missing_ok=True)
    return weights


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _check_sizes(pages: Sequence[Pixels], schedule: Schedule) -> None:
    if not pages or min(min(page.shape[:2]) for page in pages) < schedule.crop:
        raise TiltyardError(f"training needs pages with sides of at least {schedule.crop} pixels: name larger images")


def _fresh(pages: Sequence[Pixels], schedule: Schedule, seed: int) -> State:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Autoencoder()
    digest = hashlib.sha256()
    for page in pages:
        digest.update(f"{page.shape}".encode() + np.ascontiguousarray(page).tobytes())
    identity = f"{schedule} {seed} {torch.get_num_threads()} {digest.hexdigest()}"
    return State(network, torch.optim.Adam(network.parameters(), LEARNING_RATE), identity)


def _round(state: State, pages: Sequence[Pixels], held_out: Sequence[Pixels], schedule: Schedule, seed: int) -> None:
    """Trains up to the next checkpoint and adds a line to the curve."""
    began, losses = time.perf_counter(), []
    state.network.train()
    for step in range(state.step, min(state.step + schedule.every, schedule.steps)):
        rng = np.random.default_rng([seed, step])
        for group in state.optimiser.param_groups:
            group["lr"] = LEARNING_RATE * _rate(step, schedule.steps)
        losses.append(_step(state, _crops(pages, schedule, rng), rng))
        state.step = step + 1
    state.curve.append(
        {
            "step": state.step,
            "loss": float(torch.stack(losses).mean()),
            "held_out_psnr": round(held_out_psnr(state.network.eval(), held_out), 3),
            "seconds": round(time.perf_counter() - began, 2),
        }
    )


def _rate(step: int, steps: int) -> float:
    """Rises for a moment, then falls along a cosine."""
    return min(1.0, (step + 1) / (WARM_UP * steps)) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _crops(pages: Sequence[Pixels], schedule: Schedule, rng: Generator) -> Tensor:
    """Of two crops the busier one: most of a page is blank."""
    found = []
    for _ in range(schedule.batch):
        pair = [_crop(pages, schedule.crop, rng) for _ in range(2)]
        found.append(_recoloured(max(pair, key=lambda crop: float(crop.std())), rng))
    return as_tensor(np.stack(found))


def _crop(pages: Sequence[Pixels], side: int, rng: Generator) -> Pixels:
    page = pages[int(rng.integers(len(pages)))]
    top, left = (int(rng.integers(length - side + 1)) for length in page.shape[:2])
    return page[top : top + side, left : left + side]


def _recoloured(crop: Pixels, rng: Generator) -> Pixels:
    """Half of the crops in other colours: documents alone teach little but black on white."""
    if rng.random() < 0.5:
        return crop
    gain = rng.uniform(0.3, 1, 3) * rng.choice((-1, 1), 3)
    shift = rng.uniform(-1, 1, 3) * (1 - np.abs(gain))
    moved = 127.5 * (1 + shift) + (crop[..., rng.permutation(3)] - 127.5) * gain
    return np.asarray(np.rint(moved), np.uint8)


def _step(state: State, crops: Tensor, rng: Generator) -> Tensor:
    latents = state.network.encoder(crops)
    noise = torch.from_numpy(rng.standard_normal(tuple(latents.shape), dtype=np.float32))
    decoded = state.network.decoder(latents + LATENT_NOISE * noise)
    loss: Tensor = F.l1_loss(decoded, crops) + EDGES * _edge_error(decoded, crops) + SPREAD * latents.square().mean()
    state.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    state.optimiser.step()
    return loss.detach()


def _edge_error(decoded: Tensor, crops: Tensor) -> Tensor:
    down, across = (F.l1_loss(decoded.diff(dim=axis), crops.diff(dim=axis)) for axis in (2, 3))
    total: Tensor = down + across
    return total


def _save_weights(network: Autoencoder, path: Path, seed: int) -> None:
    tensors = {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, path, metadata={"seed": str(seed)})
