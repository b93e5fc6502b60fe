"""Model cards: where a shipped model comes from, and what it withstands."""

import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

from tiltyard.attacks.baseline import baseline
from tiltyard.attacks.catalogue import find_attack
from tiltyard.attacks.robustness import measure_robustness
from tiltyard.contest.pool import ModelSpec
from tiltyard.contest.threat import Threat
from tiltyard.defences.architectures import build
from tiltyard.defences.checkpoints import load_weights
from tiltyard.defences.pool import Pool, load_pool
from tiltyard.defences.recipes import Recipe, find_recipe
from tiltyard.errors import TiltyardError
from tiltyard.vision.classifier import Classifier
from tiltyard.vision.data import LabelledImages

CARD_ATTACKS = ("lance", "autoattack")
UNBUDGETED = ("autoattack",)
"""Measured as its paper runs it; every other attack gets the pool's budget."""
UNBUDGETED_IMAGES = {"digits": 500, "cifar10": 100}
"""They see only the first so many images: AutoAttack takes minutes for each hundred on one core."""
UNLIMITED = 1e6
"""Passes an image, more than a fixed number of steps ever takes."""
NOT_FOR = {
    "digits": "reading handwriting: it exists to be attacked",
    "cifar10": "recognising anything: it exists to be attacked",
}
SOURCES = {
    "digits": "handwritten digits (Alpaydin and Kaynak 1998, CC BY 4.0)",
    "cifar10": "CIFAR-10 (Krizhevsky 2009)",
}
CARRIED = ("data", "training")
"""Lines that training alone knows: a card that is written again keeps them."""
Progress = Callable[[str, int, int], None]
"""Called with what is measured, what is done of it and what there is to do."""


def accuracies(network: nn.Module, data: LabelledImages, threat: Threat) -> dict[str, float]:
    """Clean accuracy, and accuracy under the contest's baseline (PGD-10), as fractions."""
    images, labels = data.tensor(), torch.from_numpy(data.labels)
    with torch.no_grad():
        clean = float((network(images).argmax(1) == labels).float().mean())
        attacked = baseline(network, images, labels, threat).images
        robust = float((network(attacked).argmax(1) == labels).float().mean())
    return {"clean": clean, "baseline": robust}


def described_training(
    pool: str, data: LabelledImages, recipe: Recipe, curve: Sequence[Mapping[str, float]]
) -> dict[str, str]:
    """The card's lines about images and time."""
    kept = len(data) - recipe.held_out
    source = SOURCES[pool]
    form = ", from JPEG files" if data.names[0].lower().endswith((".jpg", ".jpeg")) else ""
    others = f"; {recipe.held_out} others chose the epoch" if recipe.held_out else ""
    minutes = sum(line["seconds"] for line in curve) / 60
    cores = f"{torch.get_num_threads()} of {os.cpu_count()} cores ({platform.machine()})"
    return {"data": f"{source}, {kept} training images{form}{others}", "training": f"{minutes:.1f} minutes on {cores}"}


def write_cards(
    name: str,
    folder: Path | None,
    *,
    files: Path | None = None,
    models: Sequence[str] | None = None,
    attacks: Sequence[str] = CARD_ATTACKS,
    progress: Progress | None = None,
) -> Iterator[Path]:
    """Measures models of a shipped pool and rewrites their cards one by one, in `folder` or in the package itself.

    `files` is where the pool's images lie. Raises TiltyardError where weights, images or an attack are missing.
    """
    pool = load_pool(name, folder=files)
    for attack in attacks:
        find_attack(attack)
    chosen = [pool.model(name) for name in models] if models else pool.spec.models
    if folder:
        _check_trained(name, [model.name for model in chosen], folder)
    for model in chosen:
        place = folder or pool.files_of(model)[0].parent
        yield write_card(pool, model, place, pool.images(model.data), attacks=attacks, progress=progress)


def _check_trained(pool: str, models: Sequence[str], folder: Path) -> None:
    """TiltyardError names the first model that the folder has no weights of, and those that it has."""
    trained = [model for model in models if (folder / f"{model}.safetensors").is_file()]
    for model in models:
        if model not in trained:
            others = f", or --model {' --model '.join(trained)}" if trained else ""
            cure = f"train it first (tiltyard defences train {pool} --model {model} --out {folder}){others}"
            raise TiltyardError(f"{folder / model}.safetensors: no such file: {cure}")


def write_card(
    pool: Pool,
    model: ModelSpec,
    folder: Path,
    images: LabelledImages | None,
    *,
    attacks: Sequence[str] = CARD_ATTACKS,
    facts: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Measures the weights `folder`/NAME.safetensors on `images` and writes NAME.md beside them; returns its path.

    `facts` are the lines that training knows; without them those of the present card stay. A card without images says
    how to measure.
    """
    weights, path = folder / f"{model.name}.safetensors", folder / f"{model.name}.md"
    recipe = find_recipe(pool.spec.name, model.name)
    network = build(str(model.architecture))
    load_weights(network, weights)
    classifier = Classifier(network, *model.range, model.name).frozen()
    lines = {
        "recipe": recipe.title,
        "paper": recipe.paper,
        "begins with": f"the weights of {recipe.start}" if recipe.start else "random weights",
        **(_carried(path) if facts is None else facts),
        "threat model": f"{model.norm}, eps {model.eps:.4g}",
        "epochs": recipe.epochs,
        "seed": _seed(weights),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        **(
            _unmeasured(pool)
            if images is None
            else _measured(pool.spec.name, model, classifier, images, attacks, progress)
        ),
        **({"notes": model.notes} if model.notes else {}),
        "not for": NOT_FOR[pool.spec.name],
    }
    text = [f"# {pool.spec.name}/{model.name}", "", *(f"- {key}: {value}" for key, value in lines.items()), ""]
    path.write_text("\n".join(text), encoding="utf-8")
    return path


def _carried(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = (line.removeprefix("- ").partition(": ") for line in path.read_text(encoding="utf-8").splitlines())
    return {key: value for key, _, value in lines if key in CARRIED}


def _seed(weights: Path) -> str:
    with safe_open(weights, "pt") as file:
        return str((file.metadata() or {}).get("seed", "unknown"))


def _unmeasured(pool: Pool) -> dict[str, str]:
    return {"accuracy": f"not measured; `tiltyard defences card {pool.spec.name} --files IMAGES` does"}


def _measured(
    pool: str,
    model: ModelSpec,
    classifier: Classifier,
    data: LabelledImages,
    attacks: Sequence[str],
    progress: Progress | None,
) -> dict[str, str]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = accuracies(classifier.module, data, model.threat)
        lines = {
            f"clean accuracy on {len(data)} test images": f"{found['clean']:.3f}",
            "accuracy under the contest's PGD-10 baseline": f"{found['baseline']:.3f}",
        }
        for attack in attacks:
            seen = data.first(UNBUDGETED_IMAGES[pool]) if attack in UNBUDGETED else data
            robust = _robust(model, classifier, seen, attack, progress)
            lines[f"robust accuracy under {attack} ({_allowance(model, attack)}, {len(seen)} images)"] = f"{robust:.3f}"
    return lines


def _robust(
    model: ModelSpec, classifier: Classifier, data: LabelledImages, attack: str, progress: Progress | None
) -> float:
    budgeted = attack not in UNBUDGETED
    found = measure_robustness(
        classifier,
        classifier.to_range(data.tensor()),
        torch.from_numpy(data.labels),
        model.threat,
        attack=attack,
        gradients=model.gradients if budgeted else UNLIMITED,
        forwards=model.forwards if budgeted else UNLIMITED,
        batch_size=model.batch_size,
        checks=False,
        progress=None if progress is None else partial(progress, f"{model.name} {attack}"),
    )
    return found.robust_accuracy


def _allowance(model: ModelSpec, attack: str) -> str:
    if attack in UNBUDGETED:
        return "no budget"
    return f"{model.gradients:g} gradients, {model.forwards:g} forwards an image"
