"""Runs one guest against one oracle: sends batches, serves queries, keeps the deadlines, believes nothing."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tiltyard.contest.budget import OverBudget
from tiltyard.jail.launch import Guest, inside, launch
from tiltyard.jail.limits import Limits
from tiltyard.jail.line import Channel, Line, open_channel
from tiltyard.jail.oracle import Oracle
from tiltyard.jail.places import CODE
from tiltyard.jail.wire import Kind, Layout, Message
from tiltyard.vision.allocator import KEPT_MEMORY

REASON_CHARACTERS = 300
QUIET_THREADS = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "MKL_NUM_THREADS": "1"}
"""Guest and oracle share the cores in turns: a guest whose threads spin while they wait makes the oracle slow.
An attack may still call `torch.set_num_threads`."""


LARGEST_PIXEL, LARGEST_WEIGHT = 1e4, 1e12
"""Of what an attack may ask about, far beyond any image and any gradient: what makes a sound model overflow would be
called the model's fault."""
BEYOND = 1e15
"""Outside every ball and every range, with room to be squared and summed in float32."""


class GuestFailed(Exception):
    """The run is over and the entry is to blame; the message is one line for its author, `log` what it printed."""

    log = ""
    is_of_guest = True
    """Whether what the guest printed tells why."""


@dataclass(frozen=True)
class Visit:
    """What a guest is started with. `settings` reach it as they are; `hidden` files must not be readable to it."""

    code: Path
    settings: Mapping[str, Any]
    batch_size: int
    seed: int
    trust: bool = False
    hidden: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)


@contextmanager
def host(
    visit: Visit, oracle: Oracle, x_shape: tuple[int, int, int], *, watch: Callable[[], None] | None = None
) -> Iterator["Referee"]:
    """Starts a guest that is ready for batches; on leaving, nothing of it remains. Raises GuestFailed.

    `watch` is called after every answered query, to show progress.
    """
    layout = Layout(2 * visit.batch_size, x_shape, oracle.traits.classes)
    with ExitStack() as stack:
        channel = open_channel(stack, layout.size)
        mounts = {CODE: visit.code}
        code = inside(CODE, mounts, trust=visit.trust)
        program = [sys.executable, "-I", "-u", "-m", "tiltyard.jail.guest", *map(str, channel.descriptors), code]
        guest = stack.enter_context(
            launch(
                program,
                limits=visit.limits,
                pass_fds=channel.descriptors,
                mounts=mounts,
                hidden=visit.hidden,
                trust=visit.trust,
                environment={**QUIET_THREADS, **KEPT_MEMORY},
            )
        )
        channel.theirs.close()
        referee = Referee(guest, channel, layout, oracle, visit.limits, watch)
        try:
            referee.set_up({**visit.settings, "seed": visit.seed, "batch_size": visit.batch_size})
            yield referee
            referee.end()
        except GuestFailed as failed:
            if failed.is_of_guest:
                failed.log = referee.final_log()
            raise


class Referee:
    """The trusted end of the wire."""

    def __init__(
        self,
        guest: Guest,
        channel: Channel,
        layout: Layout,
        oracle: Oracle,
        limits: Limits,
        watch: Callable[[], None] | None = None,
    ) -> None:
        self._line = Line(guest, channel.ours, whom="attack", failure=GuestFailed, log_bytes=limits.log_bytes)
        self._request, self._reply = channel.from_guest, channel.to_guest
        self._layout = layout
        self._oracle = oracle
        self._limits = limits
        self._watch = watch
        self._deadline = time.monotonic() + limits.seconds
        self._batches = 0
        self._answers: dict[Kind, Callable[[Message], Message]] = {
            Kind.LOGITS: self._logits,
            Kind.VJP: self._vjp,
            Kind.VJP_AT: self._vjp_at,
        }

    @property
    def log(self) -> str:
        """What the guest printed, up to the limit."""
        return self._line.log

    def final_log(self) -> str:
        """What it printed, to the last byte that is there now."""
        return self._line.final_log()

    def set_up(self, settings: Mapping[str, Any]) -> None:
        """Hands over the model's facts and waits until the attack is imported, built and configured."""
        layout = self._layout
        facts = {**settings, "capacity": layout.capacity, "x_shape": layout.x_shape, "classes": layout.classes}
        size = self._reply.write_text(json.dumps(facts).encode())
        self._line.send(Message(Kind.SETUP, size=size))
        self._serve_until(Kind.READY, first_wait=self._limits.start_seconds)

    def attack(
        self, images: NDArray[np.float32], labels: NDArray[np.int64], targets: NDArray[np.int64] | None = None
    ) -> Tensor:
        """What the attack makes of a batch: float32 (n, c, h, w), finite, otherwise unchecked.

        As it came, but that what lies beyond any ball (infinities too) comes as ±1e15: the rules clip it there anyway.
        """
        self._batches += 1
        count = len(images)
        self._hand_over(images, labels, targets)
        self._line.send(Message(Kind.BATCH, number=self._batches, images=count))
        done = self._serve_until(Kind.DONE)
        if done.number != self._batches or done.images != count:
            raise GuestFailed("the guest answered a batch that was not asked for")
        result = self._taken(self._layout.images(self._request, count))
        if result.isnan().any():
            raise GuestFailed("batch_attack returned NaN")
        return result.clamp_(-BEYOND, BEYOND)

    def end(self) -> None:
        """Says goodbye; what the guest still sends is never read."""
        self._line.send(Message(Kind.END))
        self._line.drain()

    def _hand_over(
        self, images: NDArray[np.float32], labels: NDArray[np.int64], targets: NDArray[np.int64] | None
    ) -> None:
        layout, reply, count = self._layout, self._reply, len(images)
        layout.images(reply, count)[:] = images
        columns = layout.labels(reply, count)
        columns[:, 0] = labels
        columns[:, 1] = -1 if targets is None else targets

    def _serve_until(self, wanted: Kind, *, first_wait: float | None = None) -> Message:
        wait = first_wait or self._limits.call_seconds
        while True:
            message = self._receive(wait)
            wait = self._limits.call_seconds
            if message.kind is wanted:
                return message
            if message.kind is Kind.FAILED:
                raise GuestFailed(_one_line(self._request.read_text(message.size)))
            answer = self._answers.get(message.kind)
            if answer is None:
                raise GuestFailed(f"the guest sent {message.kind.name} out of turn")
            self._line.send(self._answered(answer, message))
            if self._watch:
                self._watch()

    def _answered(self, answer: Callable[[Message], Message], message: Message) -> Message:
        if not 0 < message.images <= self._layout.capacity:
            raise GuestFailed(f"a query of {message.images} images; at most {self._layout.capacity} go at once")
        try:
            return answer(message)
        except OverBudget as error:
            return Message(Kind.REFUSED, size=self._reply.write_text(str(error).encode()))
        except GuestFailed:
            raise
        except Exception as error:  # a model may choke on what only an attack asks; that is no fault of the run
            told = _one_line(f"{type(error).__name__}: {error}".encode())
            raise GuestFailed(f"the model could not answer a query of the attack: {told}") from error

    def _logits(self, message: Message) -> Message:
        logits, ticket = self._oracle.logits(self._images(message.images), keep=message.keep)
        self._layout.per_class(self._reply, message.images)[:] = logits.numpy()
        return Message(Kind.LOGITS_ARE, number=ticket, images=message.images)

    def _vjp(self, message: Message) -> Message:
        product = self._oracle.vjp(message.number, self._vector(message.images))
        return Message(Kind.EVICTED) if product is None else self._gradient(product)

    def _vjp_at(self, message: Message) -> Message:
        vector = self._vector(message.images)
        return self._gradient(self._oracle.vjp_at(self._images(message.images), vector))

    def _gradient(self, product: Tensor) -> Message:
        self._layout.images(self._reply, len(product))[:] = product.numpy()
        return Message(Kind.GRADIENT_IS, images=len(product))

    def _images(self, count: int) -> Tensor:
        return _checked(self._taken(self._layout.images(self._request, count)), "images", LARGEST_PIXEL)

    def _vector(self, count: int) -> Tensor:
        return _checked(self._taken(self._layout.per_class(self._request, count)), "a vector", LARGEST_WEIGHT)

    def _taken(self, shared: NDArray[np.float32]) -> Tensor:
        """A private copy, made before anything is looked at: the guest may write on while we check."""
        return torch.from_numpy(shared).clone()

    def _receive(self, seconds: float) -> Message:
        until = min(time.monotonic() + seconds, self._deadline)
        message = self._line.receive(until)
        if message is None or (until >= self._deadline and time.monotonic() >= until):
            raise GuestFailed(self._late(until, seconds))
        return message

    def _late(self, until: float, seconds: float) -> str:
        if until >= self._deadline:
            return f"time limit: the run took more than {self._limits.seconds:g} s"
        return f"time limit: no query and no answer for {seconds:g} s"


def _checked(values: Tensor, what: str, largest: float) -> Tensor:
    if not _finite(values):
        raise GuestFailed(f"the attack asked the model about {what} with NaN or infinite values")
    if values.numel() and float(torch.linalg.vector_norm(values, torch.inf)) > largest:
        raise GuestFailed(f"the attack asked the model about {what} with values beyond ±{largest:g}")
    return values


def _finite(values: Tensor) -> bool:
    """One pass in the usual case: NaN and infinity survive a sum."""
    return bool(torch.isfinite(values.sum())) or bool(torch.isfinite(values).all())


def _one_line(text: bytes) -> str:
    words = "".join(char if char.isprintable() else " " for char in text.decode(errors="replace")).split()
    return " ".join(words)[:REASON_CHARACTERS] or "the attack failed without saying why"


def batches(count: int, size: int) -> Sequence[slice]:
    """Slices that cover `count` images."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
