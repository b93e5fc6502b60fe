"""A stranger's model in a jail, to our side a module like any other: it is asked on the wire and not believed."""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tiltyard.contest.names import one_line
from tiltyard.jail.launch import inside, launch
from tiltyard.jail.limits import Limits
from tiltyard.jail.line import Channel, Line, open_channel
from tiltyard.jail.places import CODE, PROGRAM
from tiltyard.jail.referee import GuestFailed
from tiltyard.jail.remote import Query
from tiltyard.jail.wire import Kind, Layout, Message
from tiltyard.vision.allocator import KEPT_MEMORY

Floats = NDArray[np.float32]
PATIENT_THREADS = {"GOMP_SPINCOUNT": "1000"}
"""The model may use all cores; threads that spin long while our side computes would take the cores from it."""


class ModelFailed(GuestFailed):
    """The model that was handed in is to blame; the message is one line for its author."""

    is_of_guest = False


@dataclass(frozen=True)
class Serving:
    """What a model is started with. `code` holds `model.pt2`; `limits.seconds` bounds all its answers together."""

    code: Path
    x_shape: tuple[int, int, int]
    classes: int
    bounds: tuple[float, float] = (0.0, 1.0)
    batch_size: int = 100
    trust: bool = False
    hidden: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def layout(self) -> Layout:
        return Layout(self.batch_size, self.x_shape, self.classes)


@contextmanager
def serve(serving: Serving) -> Iterator["ServedModel"]:
    """Starts the model in a jail; on leaving, nothing of it remains. Raises ModelFailed, here and at every question."""
    mounts = {CODE: serving.code}
    place = f"{inside(CODE, mounts, trust=serving.trust)}/{PROGRAM}"
    with ExitStack() as stack:
        channel = open_channel(stack, serving.layout.size)
        guest = stack.enter_context(
            launch(
                program(channel.descriptors, place),
                limits=serving.limits,
                pass_fds=channel.descriptors,
                mounts=mounts,
                hidden=serving.hidden,
                trust=serving.trust,
                environment={**PATIENT_THREADS, **KEPT_MEMORY},
            )
        )
        channel.theirs.close()
        line = Line(guest, channel.ours, whom="model", failure=ModelFailed, log_bytes=serving.limits.log_bytes)
        asker = Asker(line, channel, serving)
        try:
            asker.set_up()
            yield ServedModel(asker)
            asker.end()
        except ModelFailed as failed:
            failed.log = line.final_log()
            raise


def program(descriptors: Sequence[int], place: str) -> list[str]:
    """The command that runs in the jail."""
    return [sys.executable, "-I", "-u", "-m", "tiltyard.jail.server", *map(str, descriptors), place]


class Asker:
    """Puts one question at a time; every answer is copied, then checked for kind, count and finite values.

    `seconds` is what the model took for its answers so far.
    """

    def __init__(self, line: Line, channel: Channel, serving: Serving) -> None:
        self._line = line
        self._questions, self._answers = channel.to_guest, channel.from_guest
        self._serving = serving
        self._limits = serving.limits
        self.layout = serving.layout
        self.seconds = 0.0

    def set_up(self) -> None:
        """Says what will be asked and waits until the model is loaded and has answered once."""
        low, high = self._serving.bounds
        layout = self.layout
        facts: Mapping[str, Any] = {
            "capacity": layout.capacity, "x_shape": layout.x_shape, "classes": layout.classes,
            "x_min": low, "x_max": high, "graph_bytes": self._limits.memory // 4,
        }  # fmt: skip
        size = self._questions.write_text(json.dumps(facts).encode())
        self._line.send(Message(Kind.SETUP, size=size))
        seconds = self._limits.start_seconds
        answer = self._line.receive(time.monotonic() + seconds)
        if answer is None:
            raise ModelFailed(f"time limit: the model was not ready after {seconds:g} s")
        self._expect(answer, Kind.READY)

    def logits(self, images: Floats, *, keep: bool) -> tuple[Floats, int]:
        """Logits (n, classes) and a ticket. A graph is always asked for: no question tells what it is for."""
        self.layout.images(self._questions, len(images))[:] = images
        answer = self._ask(Message(Kind.LOGITS, images=len(images), keep=True), Kind.LOGITS_ARE)
        return _checked(self.layout.per_class(self._answers, len(images)).copy(), "logits"), answer.number

    def vjp(self, ticket: int, images: Floats, vector: Floats) -> Floats:
        """The vector–Jacobian product (n, c, h, w); asks again with the images where the graph is gone."""
        self.layout.per_class(self._questions, len(images))[:] = vector
        answer = self._ask(Message(Kind.VJP, number=ticket, images=len(images)), Kind.GRADIENT_IS, Kind.EVICTED)
        if answer.kind is Kind.EVICTED:
            self.layout.images(self._questions, len(images))[:] = images
            self._ask(Message(Kind.VJP_AT, images=len(images)), Kind.GRADIENT_IS)
        return _checked(self.layout.images(self._answers, len(images)).copy(), "a gradient")

    def end(self) -> None:
        """Says goodbye; what the model still sends is never read."""
        self._line.send(Message(Kind.END))

    def _ask(self, message: Message, *wanted: Kind) -> Message:
        began = time.monotonic()
        left = self._limits.seconds - self.seconds
        self._line.send(message)
        answer = self._line.receive(began + min(left, self._limits.call_seconds))
        self.seconds += time.monotonic() - began
        if self.seconds > self._limits.seconds:
            raise ModelFailed(f"time limit: the model took more than {self._limits.seconds:g} s for its answers")
        if answer is None:
            raise ModelFailed(f"time limit: the model gave no answer for {self._limits.call_seconds:g} s")
        self._expect(answer, *wanted)
        if answer.kind is not Kind.EVICTED and answer.images != message.images:
            raise ModelFailed(f"the model answered for {answer.images} images where {message.images} were asked")
        return answer

    def _expect(self, answer: Message, *wanted: Kind) -> None:
        if answer.kind is Kind.FAILED:
            told = one_line(self._answers.read_text(answer.size).decode(errors="replace"))
            raise ModelFailed(told or "the model failed without saying why")
        if answer.kind not in wanted:
            raise ModelFailed(f"the model sent {answer.kind.name} out of turn")


def _checked(values: Floats, what: str) -> Floats:
    """Takes a private copy, never the shared memory: the guest may write on while we check."""
    if not np.isfinite(values).all():
        raise ModelFailed(f"the model answers {what} with NaN or infinite values")
    return values


class ServedModel(nn.Module):
    """Images (n, c, h, w) float32 to logits (n, classes) that carry a gradient; more than go at once are split."""

    def __init__(self, asker: Asker) -> None:
        super().__init__()
        self._asker = asker
        self.eval()

    @property
    def seconds(self) -> float:
        """What the model took for its answers so far."""
        return self._asker.seconds

    def forward(self, images: Tensor) -> Tensor:
        if tuple(images.shape[1:]) != self._asker.layout.x_shape:
            raise ValueError(f"the model takes images of shape (n, *{self._asker.layout.x_shape})")
        floats = images.to(torch.float32)
        if not torch.is_grad_enabled():
            floats = floats.detach()
        if not len(floats):
            return floats.new_zeros((0, self._asker.layout.classes))
        parts = torch.split(floats, self._asker.layout.capacity)
        return torch.cat([Query.apply(part, self._asker) for part in parts])  # type: ignore[no-untyped-call]
