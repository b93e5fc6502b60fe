"""The locator's card and curve: on what it was trained, how long, on which machine, with what result."""

import csv
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tiltyard.contest.names import one_line
from tiltyard.forensics.locating.choosing import Kept, alone, pixel_f1
from tiltyard.forensics.locating.deciding import Rule, height
from tiltyard.forensics.locating.sets import NEVER_TRAINED_ON
from tiltyard.forensics.locating.weights import with_weights
from tiltyard.forensics.scoring.detection import ranked

MANIFEST = "photos_documents_manifest.csv"
"""Where the pictures' folder lies beside such a list, the card names their sources."""


@dataclass(frozen=True)
class Facts:
    """What training alone knows."""

    sets: Mapping[str, int]
    """Pages by set."""
    twins: int
    """Of them that could be drawn beside themselves as nobody forged them."""
    sources: tuple[Path, ...]
    """Folders of pictures that were forged for training."""
    start: str
    """The weights that training went on from; empty for random ones."""
    seed: int
    threads: int
    device: str


def write_card(
    weights: Path, kept: Mapping[str, Sequence[Kept]], curve: Sequence[Mapping[str, float]], facts: Facts
) -> Path:
    """Measures the weights as they are stored, and writes NAME.md beside them."""
    network, rule = with_weights(weights)
    last = curve[-1]
    pages = ", ".join(f"{count} of {name}" for name, count in facts.sets.items())
    twins = f"; {facts.twins} of them also as nobody forged them" if facts.twins else ""
    lines = {
        "what it is for": "the map behind `tiltyard inspect`: pixels that differ in origin from the rest of a picture",
        "what it is not for": "what a generator made as a whole; proof of innocence; pictures under 64 pixels a side",
        "pages trained on": pages + twins,
        "sources of the pictures": "; ".join(_sources(facts.sources)) or "none but rendered documents",
        "families of documents never trained on": ", ".join(NEVER_TRAINED_ON),
        "training": f"{last['minutes']:.3g} minutes, {last['seen']:.0f} pages drawn, {facts.threads} threads of "
        f"{os.cpu_count()} cores ({platform.machine()}), {facts.device}, seed {facts.seed}, "
        f"from {facts.start or 'random weights'}",
        "parameters": f"{sum(parameter.numel() for parameter in network.parameters())}, stored in half precision",
        "rule": f"a region must reach the logit {rule.peak:.2f}, spreads down to {rule.edge:.2f}; slope {rule.slope:g}",
        "curve": f"{weights.with_suffix('.csv').name}, {weights.with_suffix('.svg').name}",
    }
    text = ["# Locator", "", *(f"- {key}: {value}" for key, value in lines.items()), "", *_table(kept, rule), ""]
    path = weights.with_suffix(".md")
    path.write_text("\n".join(text), encoding="utf-8")
    return path


def _table(kept: Mapping[str, Sequence[Kept]], rule: Rule) -> list[str]:
    head = [
        "| kept aside, the rule chosen on it | forged | pixel F1 | AUC | authentic | flagged |",
        "|---|---|---|---|---|---|",
    ]
    return [*head, *(_row(name, found, rule) for name, found in kept.items())]


def _row(name: str, kept: Sequence[Kept], rule: Rule) -> str:
    forged = [one for one in kept if one.forged]
    authentic = [one for one in kept if not one.forged]
    answers = {id(one): alone(one, rule) for one in kept}
    f1 = np.mean([pixel_f1(answers[id(one)].mask, one.mask) for one in forged])
    flagged = np.mean([answers[id(one)].mask.any() for one in authentic])
    heights = np.array([height(one.logits.astype(np.float32)) for one in kept], np.float64)
    auc = ranked(heights, np.array([one.forged for one in kept])).auc()
    return f"| {name} | {len(forged)} | {f1:.3f} | {auc:.3f} | {len(authentic)} | {flagged:.1%} |"


def _sources(folders: Sequence[Path]) -> list[str]:
    """`repository (licences)`, where a manifest beside the folder says so; else the folder's name."""
    found: dict[str, set[str]] = {}
    unnamed = []
    for folder in folders:
        manifest = folder.parent / MANIFEST
        if not manifest.is_file():
            unnamed.append(f"{one_line(folder.name)} (the user's, no manifest beside it)")
            continue
        with manifest.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["file"].startswith(f"{folder.name}/"):
                    found.setdefault(row["repo"], set()).add(row["licence"])
    named = [f"{repository} ({', '.join(sorted(licences))})" for repository, licences in sorted(found.items())]
    return named + unnamed
