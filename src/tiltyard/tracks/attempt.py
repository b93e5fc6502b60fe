"""One model under one attack: a stranger's, in the jail, or one of the catalogue, in this process."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor

from tiltyard.attacks.catalogue import find_attack
from tiltyard.attacks.draws import derived
from tiltyard.attacks.metered import MeteredModel
from tiltyard.attacks.result import Progress
from tiltyard.contest.budget import Meter, OverBudget
from tiltyard.contest.entry import Entry
from tiltyard.contest.run import Run
from tiltyard.contest.threat import Norm, Threat
from tiltyard.jail.limits import Limits
from tiltyard.jail.oracle import Oracle
from tiltyard.jail.referee import GuestFailed, Referee, Visit, batches, host
from tiltyard.jail.served import ModelFailed
from tiltyard.tracks.unpacked import unpacked_attack
from tiltyard.vision.classifier import Classifier

Take = Callable[[slice, Tensor], None]
"""Called with each batch's place and what the attack made of it, finite and otherwise unchecked."""


class Rules(Protocol):
    """What a contest tells an attack about a model."""

    @property
    def dataset(self) -> str: ...
    @property
    def norm(self) -> Norm: ...
    @property
    def threat(self) -> Threat: ...
    @property
    def range(self) -> tuple[float, float]: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def forwards(self) -> float: ...
    @property
    def gradients(self) -> float: ...


@dataclass
class Outcome:
    """How an attack ended: why it failed, if it did, what it printed, and the seconds it took."""

    failure: str = ""
    log: str = ""
    seconds: float = 0.0
    start_seconds: float = 0.0


def attack_from_jail(
    entry: Entry,
    rules: Rules,
    oracle: Oracle,
    inputs: Tensor,
    labels: NDArray[Any],
    *,
    take: Take,
    run: Run,
    limits: Limits,
    hidden: tuple[Path, ...],
    watch: Callable[[], None] | None = None,
) -> Outcome:
    """Runs the entry over all batches; what is its fault ends up in the outcome.

    Raises ModelFailed where the attacked model is a stranger's too and is to blame, JailUnavailable without a jail.
    """
    outcome = Outcome()
    with unpacked_attack(entry) as code:
        seed = derived(run.seed, "the guest")
        visit = Visit(code, settings(rules), rules.batch_size, seed, run.trust, hidden, limits)
        began = time.monotonic()
        try:
            with host(visit, oracle, (inputs.shape[1], inputs.shape[2], inputs.shape[3]), watch=watch) as referee:
                outcome.start_seconds = time.monotonic() - began
                _all_batches(referee, rules, oracle.meter, inputs, labels, take=take, outcome=outcome)
        except ModelFailed:
            raise
        except GuestFailed as error:
            outcome.failure, outcome.log = _reason(str(error), oracle.meter), error.log
        outcome.seconds = time.monotonic() - began
    return outcome


def attack_here(
    name: str,
    rules: Rules,
    classifier: Classifier,
    meter: Meter,
    inputs: Tensor,
    labels: NDArray[Any],
    *,
    take: Take,
    seed: int,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Outcome:
    """Runs an attack of the catalogue under the same meter; ReferenceFailed where there is none of that name."""
    outcome, began = Outcome(), time.monotonic()
    attack = find_attack(name)
    try:
        result = attack(
            MeteredModel(classifier.module, meter), inputs.to(device), torch.from_numpy(labels).to(device),
            rules.threat, bounds=rules.range, budget=meter.budget, batch_size=rules.batch_size, seed=seed,
            progress=progress,
        )  # fmt: skip
        take(slice(0, len(inputs)), result.images.detach().float().cpu())
    except OverBudget as error:
        outcome.failure = _reason(str(error), meter)
    outcome.seconds = time.monotonic() - began
    return outcome


def settings(rules: Rules) -> dict[str, Any]:
    """What the contest tells an attack about the model."""
    low, high = rules.range
    return {
        "x_min": low,
        "x_max": high,
        "dataset": rules.dataset,
        "magnitude": rules.threat.eps,
        "norm": rules.norm,
        "forwards_per_image": rules.forwards,
        "gradients_per_image": rules.gradients,
    }


def _all_batches(
    referee: Referee,
    rules: Rules,
    meter: Meter,
    inputs: Tensor,
    labels: NDArray[Any],
    *,
    take: Take,
    outcome: Outcome,
) -> None:
    for chosen in batches(len(inputs), rules.batch_size):
        raw = referee.attack(inputs[chosen].numpy(), labels[chosen])
        if meter.exceeded:
            raise GuestFailed("over budget")
        outcome.log = referee.log
        take(chosen, raw)


def _reason(told: str, meter: Meter) -> str:
    """Over budget is what the rules punish, whatever the attack made of the refusal."""
    budget = meter.budget
    if not meter.exceeded or budget is None:
        return told
    return f"over budget: more than {budget.forwards} forward and {budget.backwards} backward passes were asked for"
