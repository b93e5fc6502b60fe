"""One attack on a handed-in model: the attack, the verdict, the rows."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import torch
from torch import Tensor

from tiltyard.attacks.draws import derived, drawn_from
from tiltyard.attacks.norms import distances, project
from tiltyard.contest.budget import Meter
from tiltyard.contest.entry import Entry
from tiltyard.contest.run import Run, Step
from tiltyard.contest.track import Measured, Shard
from tiltyard.errors import TiltyardError
from tiltyard.jail.oracle import Oracle, Traits
from tiltyard.jail.served import ModelFailed, Serving
from tiltyard.tracks.attempt import Outcome, attack_from_jail, attack_here
from tiltyard.tracks.defence_challenge import DefenceChallenge
from tiltyard.tracks.defended import Defended, opened
from tiltyard.tracks.judge import Verdict, judge
from tiltyard.tracks.witness import Questions, Witness, one_an_item
from tiltyard.vision.classifier import Classifier

SAMPLED = 1024
"""How many questions of an attack are kept to be asked again."""
TOLERATED = 0.01
"""Share of them whose answers may differ: a rounding inside a model may fall the other way in another batch."""
DRAWS = 10
"""How often the judge asks a randomised network about an image."""
OPENING = 4
"""Images that every visit begins with."""
SCHEMA = {
    "item": pl.String,
    "attack": pl.String,
    "label": pl.Int64,
    "predicted": pl.Int64,
    "attacked": pl.Int64,
    "robust": pl.Boolean,
    "distance": pl.Float64,
    "clipped": pl.Boolean,
}


def measure_attack(entry: Entry, shard: Shard, challenge: DefenceChallenge, run: Run) -> Measured:
    """Rows, facts and log of one attack on the entry's model; what is the model's fault ends up in the facts."""
    serving = Serving(
        challenge.folder,
        challenge.images.shape,
        challenge.spec.classes,
        bounds=challenge.spec.range,
        batch_size=challenge.spec.batch_size,
        trust=run.trust,
        hidden=challenge.files,
        limits=challenge.spec.model_limits(),
    )
    with opened(entry, serving, device=run.device) as defended:
        trial = Trial(defended, shard.name, challenge, run, hidden=_place(entry))
        trial.go()
    return trial.measured()


class Trial:
    """The state of one attack on one model: what is measured so far, and why the model failed if it did."""

    def __init__(
        self, defended: Defended, label: str, challenge: DefenceChallenge, run: Run, *, hidden: tuple[Path, ...] = ()
    ) -> None:
        self.hidden = (*challenge.files, *hidden)
        self.defended, self.challenge, self.run = defended, challenge, run
        self.spec, self.attack = challenge.spec, challenge.attack(label)
        self.images = challenge.images
        self.clean = _in_range(self.images.tensor(), self.spec.range)
        self.raw = self.clean.clone()
        self.meter = Meter(self.spec.budget(len(self.clean)))
        self.secret = derived(run.seed, challenge.version, label)
        self.opening = _blends(self.clean, derived(self.secret, "the opening"))
        self.outcome = Outcome()
        self.traits: Traits | None = None
        self.verdict: Verdict | None = None
        self.failure = self.model_log = ""
        self.done = self.own_forwards = 0
        self.seconds = 0.0

    def go(self) -> None:
        """Attacks, then judges; a model that fails ends it. What a randomised network draws follows from the seed."""
        began = time.monotonic()
        try:
            with drawn_from(self.secret, "the model's answers"):
                self._attack_and_judge()
        except ModelFailed as failed:
            self.failure, self.model_log, self.verdict = str(failed), failed.log, None
        self.seconds = time.monotonic() - began

    def _attack_and_judge(self) -> None:
        questions = self._attacked()
        self.raw = torch.where(torch.isfinite(self.raw).flatten(1).all(1).view(-1, 1, 1, 1), self.raw, self.clean)
        self.points = project(self.raw, self.clean, self.spec.threat, self.spec.range)
        self.verdict = judge(
            self._greeted, self.clean, self.points, questions,
            batch_size=self.spec.batch_size, device=self.defended.device,
            seed=derived(self.secret, "the judge's order"), draws=self.draws,
        )  # fmt: skip
        self._check_alike(self.verdict)
        self.own_forwards += self.draws * (2 * len(self.clean) + self.verdict.asked_again)

    @property
    def draws(self) -> int:
        """How often the judge asks: once, but more often where the network is seen to be randomised."""
        return DRAWS if self.traits is not None and not self.traits.deterministic else 1

    def measured(self) -> Measured:
        logs = {f"{self.attack.label}.log": self.outcome.log, f"{self.attack.label}.model.log": self.model_log}
        return Measured(self._rows(), self._facts(), {name: log.encode() for name, log in logs.items() if log})

    def _attacked(self) -> Questions:
        """Runs the attack on a first visit, and returns what to ask again."""
        with self.defended.visit() as classifier:
            room = min(SAMPLED, 3 * len(self.clean))
            witness = Witness(
                classifier.module, classes=self.spec.classes, room=room, seed=derived(self.secret, "the witness")
            )
            watched = Classifier(witness, classifier.low, classifier.high, classifier.name)
            oracle = self._oracle(watched, self.meter)
            self.outcome = self._run(oracle)
            self.own_forwards += oracle.own_forwards
        return one_an_item(witness, self.clean)

    @contextmanager
    def _greeted(self) -> Iterator[Classifier]:
        """A visit of the judge's, which begins with the questions that the attack's begins with."""
        with self.defended.visit() as classifier:
            self.own_forwards += self._oracle(classifier, Meter()).own_forwards
            yield classifier

    def _oracle(self, classifier: Classifier, meter: Meter) -> Oracle:
        """Asks the same few questions at the start of every visit; ModelFailed where the answers will not do."""
        try:
            oracle = Oracle(classifier, meter, sample=self.opening, device=self.defended.device)
        except TiltyardError as error:
            raise ModelFailed(str(error)) from None
        self.traits = self.traits or oracle.traits
        self._check_traits(oracle.traits)
        return oracle

    def _run(self, oracle: Oracle) -> Outcome:
        if self.attack.name is None:
            return attack_from_jail(
                self.challenge.stored_entry(self.attack), self.spec, oracle, self.clean, self.images.labels,
                take=self._take, run=self.run, limits=self.spec.attack_limits(), hidden=self.hidden,
                watch=self._report,
            )  # fmt: skip
        return attack_here(
            self.attack.name, self.spec, oracle.classifier, self.meter, self.clean, self.images.labels,
            take=self._take, seed=self.run.seed, device=self.defended.device, progress=lambda *_: self._report(),
        )  # fmt: skip

    def _take(self, chosen: slice, raw: Tensor) -> None:
        self.raw[chosen] = raw
        self.done = chosen.stop
        self._report()

    def _report(self) -> None:
        self.run.progress(Step(self.attack.label, self.done, len(self.clean), self.meter.spent, self.meter.budget))

    def _check_traits(self, traits: Traits) -> None:
        if traits.classes != self.spec.classes:
            raise ModelFailed(f"the model knows {traits.classes} classes, the challenge has {self.spec.classes}")
        if not self.defended.foreign:
            return
        if not traits.deterministic:
            raise ModelFailed("the program answers the same images differently when they are asked again")
        if traits.batch_dependent:
            raise ModelFailed("the program's answer to an image depends on what else is in the batch")

    def _check_alike(self, verdict: Verdict) -> None:
        again, other = verdict.asked_again, verdict.answered_differently
        if self.defended.foreign and other > TOLERATED * again:
            raise ModelFailed(
                f"the program answered {other} of {again} questions of the attack differently when asked again"
            )

    def _rows(self) -> pl.DataFrame:
        if self.verdict is None:
            return pl.DataFrame(schema=SCHEMA)
        labels = torch.from_numpy(self.images.labels)
        predicted, attacked = self.verdict.predicted, self.verdict.attacked
        return pl.DataFrame(
            {
                "item": list(self.images.names),
                "attack": [self.attack.label] * len(labels),
                "label": labels.numpy(),
                "predicted": predicted.numpy(),
                "attacked": attacked.numpy(),
                "robust": ((predicted == labels) & (attacked == labels)).numpy(),
                "distance": distances(self.points, self.clean, self.spec.norm).double().numpy(),
                "clipped": ((self.points - self.raw).abs().flatten(1).amax(1) > 0).numpy(),
            },
            schema=SCHEMA,
        )

    def _facts(self) -> Mapping[str, Any]:
        verdict, traits = self.verdict, self.traits
        right = (verdict.predicted == torch.from_numpy(self.images.labels)).sum() if verdict else 0
        return {
            "shard": self.attack.label,
            "items": len(self.clean),
            "norm": self.spec.norm,
            "eps": self.spec.threat.eps,
            "floor": self.spec.floor,
            "clean_right": int(right),
            "forwards": self.meter.spent.forwards,
            "gradients": self.meter.spent.backwards,
            "forwards_allowed": self.spec.budget(len(self.clean)).forwards,
            "gradients_allowed": self.spec.budget(len(self.clean)).backwards,
            "seconds": self.seconds,
            "attack_seconds": self.outcome.seconds,
            "model_seconds": self.defended.seconds,
            "own_forwards": self.own_forwards,
            "failure": self.failure,
            "attack_failure": self.outcome.failure,
            "deterministic": traits.deterministic if traits else None,
            "batch_dependent": traits.batch_dependent if traits else None,
            "draws": self.draws,
            "asked_again": verdict.asked_again if verdict else 0,
            "answered_differently": verdict.answered_differently if verdict else 0,
            "program": self.defended.foreign,
            "jailed": not self.run.trust,
        }


def _in_range(images: Tensor, bounds: tuple[float, float]) -> Tensor:
    low, high = bounds
    return images if bounds == (0.0, 1.0) else images * (high - low) + low


def _blends(clean: Tensor, seed: int) -> Tensor:
    """A few images halfway between two items each: a look at the model that shows it no item before its turn."""
    order = torch.randperm(len(clean), generator=torch.Generator().manual_seed(seed))
    return (clean[order[:OPENING]] + clean[order.roll(1)[:OPENING]]) / 2


def _place(entry: Entry) -> tuple[Path, ...]:
    """Where the model lies: a stored attack must not read its weights."""
    path = getattr(entry.source, "path", None)
    return (path,) if path else ()
