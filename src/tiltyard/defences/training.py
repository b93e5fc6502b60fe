"""Training of the shipped pools from a fixed seed: resumable to the bit, bounded in time, with curves and cards."""

import csv
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from tiltyard.attacks.catalogue import find_attack
from tiltyard.contest.pool import ModelSpec
from tiltyard.contest.threat import Threat
from tiltyard.defences.architectures.inputs import BehindTransform
from tiltyard.defences.augment import crop_and_flip
from tiltyard.defences.cards import CARD_ATTACKS, accuracies, described_training, write_card
from tiltyard.defences.checkpoints import load_weights
from tiltyard.defences.pool import Pool, load_pool
from tiltyard.defences.recipes import Recipe, find_recipe
from tiltyard.defences.training_state import TrainingState, fresh_state
from tiltyard.defences.weight_perturbation import worst_weights
from tiltyard.errors import TiltyardError
from tiltyard.vision.data import LabelledImages, digits, load_data

Progress = Callable[[str, float, int], None]
"""Called before every batch and at the end with a model's name, its epochs so far and all of them."""
Tick = Callable[[float], None]
"""Called before every batch with the epochs so far; what it raises ends the training."""


def train_pool(
    name: str,
    out: Path,
    *,
    data: str | None = None,
    files: Path | None = None,
    models: list[str] | None = None,
    seed: int = 0,
    minutes: float = 30.0,
    threads: int = 1,
    attacks: tuple[str, ...] = CARD_ATTACKS,
    progress: Progress | None = None,
) -> list[Path]:
    """Trains the models of a shipped pool into `out`: weights, curve (CSV) and card (Markdown) for each.

    `data` is a reference to the training images, where the package has none; `files` is where the pool's test images
    lie, without which cards have no figures. Goes on where an earlier call stopped, and trains nothing that `out` has
    already. The same seed and number of threads give the same weights: sums depend on both. Raises TiltyardError when
    `minutes` are over before all are trained.
    """
    pool = load_pool(name, folder=files)
    recipes = [find_recipe(name, model) for model in models or [model.name for model in pool.spec.models]]
    images = training_images(name, data)
    measured = files is not None or data is None
    tests = {spec.data: pool.images(spec.data) for spec in pool.spec.models} if measured else {}
    for attack in attacks:
        find_attack(attack)
    out.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + minutes * 60
    with _threads(threads):
        for recipe in recipes:
            if _is_finished(out / f"{recipe.name}.safetensors", seed):
                continue
            state = train_model(pool, recipe, images, out, seed=seed, deadline=deadline, progress=progress)
            model = pool.model(recipe.name)
            facts = described_training(name, images, recipe, state.curve)
            write_card(pool, model, out, tests.get(model.data), attacks=attacks, facts=facts)
            _checkpoint(out, recipe).unlink()
    return [out / f"{recipe.name}.safetensors" for recipe in recipes]


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def training_images(pool: str, reference: str | None) -> LabelledImages:
    """The shipped digits' training half, or what a data reference names; TiltyardError where one is needed."""
    if pool == "digits" and reference is None:
        return digits("train")
    if reference is None:
        raise TiltyardError(f"the package has no training images for pool {pool}: name some with --data")
    return load_data(reference)


def train_model(
    pool: Pool,
    recipe: Recipe,
    data: LabelledImages,
    out: Path,
    *,
    seed: int,
    deadline: float,
    progress: Progress | None = None,
) -> TrainingState:
    """Trains one model, saves weights and curve into `out`, and leaves its last checkpoint there.

    Raises TiltyardError once `time.monotonic()` passes `deadline`, between two batches: the checkpoint of the last
    finished epoch stays, and a call that goes on from it ends with the same weights.
    """
    spec, checkpoint = pool.model(recipe.name), _checkpoint(out, recipe)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        state = fresh_state(str(spec.architecture), recipe, data, seed)
        if checkpoint.is_file():
            state.load(checkpoint)
        elif recipe.start:
            load_weights(_behind_transform(state.network), _start(pool, pool.model(recipe.start), out))
        tick = _ticking(recipe, state.epoch, deadline, progress)
        while state.epoch < recipe.epochs:
            _epoch(state, recipe, data, spec.threat, tick)
            state.save(checkpoint)
        if progress:
            progress(recipe.name, recipe.epochs, recipe.epochs)
    _write_curve(state.curve, out / f"{recipe.name}.csv")
    state.save_weights(out / f"{recipe.name}.safetensors", half=recipe.half, seed=seed)
    return state


def _ticking(recipe: Recipe, first: int, deadline: float, progress: Progress | None) -> Tick:
    """Tells how far a training is that begins after epoch `first`, and raises TiltyardError once time is over."""

    def tick(epochs: float) -> None:
        if progress:
            progress(recipe.name, epochs, recipe.epochs)
        if time.monotonic() > deadline:
            raise TiltyardError(f"{recipe.name}: {_time_is_over(first, epochs, recipe.epochs)}")

    return tick


def _time_is_over(first: int, epochs: float, total: int) -> str:
    """Where training stops, and how it goes on."""
    finished = int(epochs)
    if epochs == finished:
        return f"time is over after epoch {finished} of {total}; run it again to go on"
    more = "" if finished > first else " with more minutes, for no epoch was finished,"
    return f"time is over in epoch {finished + 1} of {total}, which is done again; run it again{more} to go on"


def _checkpoint(out: Path, recipe: Recipe) -> Path:
    return out / f"{recipe.name}.checkpoint.pt"


def _is_finished(weights: Path, seed: int) -> bool:
    if not weights.is_file() or weights.with_suffix(".checkpoint.pt").is_file():
        return False
    with safe_open(weights, "pt") as file:
        kept = (file.metadata() or {}).get("seed")
    if kept is None:
        raise TiltyardError(f"{weights}: was not made by this training; name another folder with --out")
    return bool(kept == str(seed))


def _behind_transform(network: nn.Module) -> nn.Module:
    return network.network if isinstance(network, BehindTransform) else network


def _start(pool: Pool, model: ModelSpec, out: Path) -> Path:
    """What this training made, or else what ships."""
    made = out / f"{model.name}.safetensors"
    return made if made.is_file() else pool.files_of(model)[0]


def _epoch(state: TrainingState, recipe: Recipe, data: LabelledImages, threat: Threat, tick: Tick) -> None:
    began = time.perf_counter()
    state.network.train()
    losses = []
    for done, (images, labels) in enumerate(_shuffled(data, recipe, state.generator)):
        part = done * recipe.batch_size / len(data)
        tick(state.epoch + part)
        for group in state.optimiser.param_groups:
            group["lr"] = recipe.learning_rate * recipe.schedule(state.epoch + part, recipe.epochs)
        losses.append(_step(state, recipe, images, labels, threat))
    state.epoch += 1
    state.network.eval()
    line = {"epoch": state.epoch, "loss": float(torch.stack(losses).mean())}
    if recipe.held_out:
        line |= _held_out(state, data.first(recipe.held_out), threat)
    state.curve.append(line | {"seconds": round(time.perf_counter() - began, 2)})


def _step(state: TrainingState, recipe: Recipe, images: Tensor, labels: Tensor, threat: Threat) -> Tensor:
    network = state.network
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
        points = recipe.perturb(network, images, labels, threat, state.generator)

        def loss() -> Tensor:
            return recipe.objective(network, points, images, labels)

        state.optimiser.zero_grad()
        with worst_weights(network, loss, radius=recipe.weight_radius):
            value = loss()
            value.backward()  # type: ignore[no-untyped-call]
    state.optimiser.step()
    if state.averaged is not None:
        state.averaged.update_parameters(network)
    return value.detach()


def _held_out(state: TrainingState, data: LabelledImages, threat: Threat) -> dict[str, float]:
    """Accuracies on training images that are not trained on; the most robust epoch's weights are kept (2002.11569)."""
    found = accuracies(state.shipped.eval(), data, threat)
    if all(found["baseline"] >= earlier["held_out_baseline"] for earlier in state.curve):
        state.best = {name: tensor.clone() for name, tensor in state.shipped.state_dict().items()}
    return {f"held_out_{name}": value for name, value in found.items()}


def _shuffled(data: LabelledImages, recipe: Recipe, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    kept = slice(recipe.held_out, None)
    images, labels = data.tensor(kept), torch.from_numpy(data.labels[kept])
    for chosen in torch.split(torch.randperm(len(labels), generator=generator), recipe.batch_size):
        batch = images[chosen]
        yield (crop_and_flip(batch, generator) if recipe.augment else batch), labels[chosen]


def _write_curve(curve: list[dict[str, float]], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(curve[0]))
        writer.writeheader()
        writer.writerows(curve)
