"""One model of a pool under one attack: guest, oracle, judgement."""

import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from tiltyard.attacks.draws import derived, drawn_from
from tiltyard.attacks.norms import distances, project
from tiltyard.contest.budget import Meter
from tiltyard.contest.entry import Entry
from tiltyard.contest.pool import ModelSpec
from tiltyard.contest.run import Run, Step
from tiltyard.contest.track import Measured, Shard
from tiltyard.defences.pool import Pool
from tiltyard.jail.limits import MIB, Limits
from tiltyard.jail.oracle import Oracle
from tiltyard.tracks.attempt import Outcome, attack_from_jail
from tiltyard.vision.data import LabelledImages

GALLERY = 8
WATCH_SECONDS = 0.25
SCHEMA = {
    "item": pl.String,
    "data": pl.String,
    "model": pl.String,
    "label": pl.Int64,
    "predicted": pl.Int64,
    "attacked": pl.Int64,
    "misclassified": pl.Boolean,
    "distance": pl.Float64,
    "clipped": pl.Boolean,
}


def attack_model(entry: Entry, shard: Shard, pool: Pool, run: Run, limits: Limits | None = None) -> Measured:
    """Rows, facts, the guest's log and a small gallery of one model's run; a failed run has its reason in the facts."""
    spec = pool.model(shard.name)
    images, classifier = pool.images(spec.data), pool.classifier(spec)
    inputs = classifier.to_range(images.tensor())
    meter = Meter(spec.budget(len(images)))
    labels = torch.from_numpy(images.labels)
    secret = derived(run.seed, pool.version, spec.name)
    with drawn_from(secret, "the model's answers"):
        oracle = Oracle(classifier, meter, sample=inputs, labels=labels, device=run.device)
        attempt = _Attempt(spec, images, inputs, oracle, meter, run, secret)
        attempt.go(entry, limits or limits_of(pool, shard), pool_files(pool))
    return attempt.measured(pool.spec.seconds)


def limits_of(pool: Pool, shard: Shard) -> Limits:
    """What the pool's file allows an attack on one model, in the time that the shard has left."""
    seconds = shard.seconds or pool.spec.seconds
    return Limits(
        memory=pool.spec.memory_mib * MIB, seconds=seconds, call_seconds=pool.spec.call_seconds or pool.spec.seconds
    )


def pool_files(pool: Pool) -> tuple[Path, ...]:
    """What no guest may read: every model and every label of the pool."""
    models = [path for model in pool.spec.models for path in pool.files_of(model)]
    return (*models, *(path for name in pool.spec.data for path in pool.images(name).files))


class _Attempt:
    """The state of one run: what is measured so far, and why it failed if it did."""

    def __init__(
        self,
        spec: ModelSpec,
        images: LabelledImages,
        inputs: Tensor,
        oracle: Oracle,
        meter: Meter,
        run: Run,
        secret: int,
    ) -> None:
        self.spec, self.images, self.inputs = spec, images, inputs
        self.oracle, self.meter, self.run, self.secret = oracle, meter, run, secret
        self.frames: list[pl.DataFrame] = []
        self.gallery: list[tuple[Tensor, Tensor, int, int]] = []
        self.outcome = Outcome()
        self.shown = 0.0

    def go(self, entry: Entry, limits: Limits, hidden: tuple[Path, ...]) -> None:
        """Runs the guest over all batches; what is the entry's fault ends up in the outcome."""
        self.outcome = attack_from_jail(
            entry, self.spec, self.oracle, self.inputs, self.images.labels,
            take=self._take, run=self.run, limits=limits, hidden=hidden, watch=self._watch,
        )  # fmt: skip

    def _take(self, chosen: slice, raw: Tensor) -> None:
        self._judge(chosen, self.inputs[chosen], torch.from_numpy(self.images.labels[chosen]), raw)
        self._report(chosen.stop)

    def _judge(self, chosen: slice, inputs: Tensor, labels: Tensor, raw: Tensor) -> None:
        clipped = project(raw, inputs, self.spec.threat, self.spec.range)
        before, after = self._verdict(chosen, inputs, clipped)
        self.frames.append(
            pl.DataFrame(
                {
                    "item": [f"{self.spec.data}/{name}" for name in self.images.names[chosen]],
                    "data": [self.spec.data] * len(labels),
                    "model": [self.spec.name] * len(labels),
                    "label": labels.numpy(),
                    "predicted": before.numpy(),
                    "attacked": after.numpy(),
                    "misclassified": (after != labels).numpy(),
                    "distance": distances(clipped, inputs, self.spec.norm).double().numpy(),
                    "clipped": ((clipped - raw).abs().flatten(1).amax(1) > 0).numpy(),
                },
                schema=SCHEMA,
            )
        )
        for index in ((before == labels) & (after != labels)).nonzero()[:, 0].tolist():
            if len(self.gallery) < GALLERY:
                self.gallery.append((inputs[index], clipped[index], int(labels[index]), int(after[index])))

    def _verdict(self, chosen: slice, inputs: Tensor, clipped: Tensor) -> tuple[Tensor, Tensor]:
        """Predicted labels (n,) before and after the attack, drawn from numbers of the batch's own.

        An attack may find the seed from which its queries are answered, of torch's 32 bits: it tells nothing of these.
        """
        with drawn_from(self.secret, f"the verdict on {chosen.start}"):
            return self.oracle.judge(inputs), self.oracle.judge(clipped)

    def _watch(self) -> None:
        """Between batches too, what was spent is shown; not more often than anyone can read."""
        now = time.monotonic()
        if now > self.shown + WATCH_SECONDS:
            self.shown = now
            self._report(sum(map(len, self.frames)))

    def _report(self, done: int) -> None:
        self.run.progress(Step(self.spec.name, done, len(self.images), self.meter.spent, self.meter.budget))

    def measured(self, seconds_allowed: float) -> Measured:
        rows = pl.concat(self.frames) if self.frames else pl.DataFrame(schema=SCHEMA)
        artefacts = {f"{self.spec.name}.log": self.outcome.log.encode()} if self.outcome.log else {}
        if self.gallery:
            artefacts[f"{self.spec.name}.npz"] = self._gallery_file()
        return Measured(rows, self._facts(seconds_allowed), artefacts)

    def _facts(self, seconds_allowed: float) -> Mapping[str, Any]:
        budget, traits = self.spec.budget(len(self.images)), self.oracle.traits
        return {
            "shard": self.spec.name,
            "data": self.spec.data,
            "items": len(self.images),
            "norm": self.spec.norm,
            "eps": self.spec.threat.eps,
            "forwards": self.meter.spent.forwards,
            "gradients": self.meter.spent.backwards,
            "forwards_allowed": budget.forwards,
            "gradients_allowed": budget.backwards,
            "own_forwards": self.oracle.own_forwards,
            "over_budget": self.meter.exceeded,
            "seconds": self.outcome.seconds,
            "start_seconds": self.outcome.start_seconds,
            "seconds_allowed": seconds_allowed,
            "failure": self.outcome.failure,
            "deterministic": traits.deterministic,
            "batch_dependent": traits.batch_dependent,
            "jailed": not self.run.trust,
        }

    def _gallery_file(self) -> bytes:
        clean, attacked, labels, predicted = zip(*self.gallery, strict=True)
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            clean=torch.stack(clean).numpy(),
            attacked=torch.stack(attacked).numpy(),
            labels=np.array(labels),
            predicted=np.array(predicted),
            range=np.array(self.spec.range),
        )
        return buffer.getvalue()
