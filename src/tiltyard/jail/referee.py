"""Runs one guest against one oracle: sends batches, serves queries, keeps the deadlines, believes nothing."""

import fcntl
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
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
from tiltyard.jail.oracle import Oracle
from tiltyard.jail.wire import F_SEAL_FUTURE_WRITE, HEADER, Kind, Layout, Memory, Message, WireError
from tiltyard.vision.allocator import GUEST_SETTINGS

REASON_CHARACTERS = 300
CODE = "/entry"
QUIET_THREADS = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "MKL_NUM_THREADS": "1"}
"""Guest and oracle share the cores in turns: a guest whose threads spin while they wait makes the oracle slow.
An attack may still call `torch.set_num_threads`."""


class GuestFailed(Exception):
    """The run is over and the entry is to blame; the message is one line for its author, `log` what it printed."""

    log = ""


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
        request = _memory(stack, "request", layout.size)
        reply = _memory(stack, "reply", layout.size)
        reply_to_guest = _read_only(stack, reply)
        reply.seal(F_SEAL_FUTURE_WRITE | fcntl.F_SEAL_SEAL)
        request.seal(fcntl.F_SEAL_SEAL)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stack.enter_context(ours)
        stack.enter_context(theirs)
        descriptors = [theirs.fileno(), request.descriptor, reply_to_guest]
        mounts = {CODE: visit.code}
        code = inside(CODE, mounts, trust=visit.trust)
        program = [sys.executable, "-I", "-u", "-m", "tiltyard.jail.guest", *map(str, descriptors), code]
        guest = stack.enter_context(
            launch(
                program,
                limits=visit.limits,
                pass_fds=descriptors,
                mounts=mounts,
                hidden=visit.hidden,
                trust=visit.trust,
                environment={**QUIET_THREADS, **GUEST_SETTINGS},
            )
        )
        theirs.close()
        referee = Referee(guest, ours, _Shared(layout, request, reply), oracle, visit.limits, watch)
        try:
            referee.set_up({**visit.settings, "seed": visit.seed, "batch_size": visit.batch_size})
            yield referee
            referee.end()
        except GuestFailed as failed:
            failed.log = referee.final_log()
            raise


def _memory(stack: ExitStack, name: str, size: int) -> Memory:
    memory = Memory.create(name, size)
    stack.callback(memory.close)
    return memory


def _read_only(stack: ExitStack, memory: Memory) -> int:
    descriptor = os.open(f"/proc/self/fd/{memory.descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    stack.callback(os.close, descriptor)
    return descriptor


@dataclass(frozen=True)
class _Shared:
    layout: Layout
    request: Memory
    reply: Memory


class Referee:
    """The trusted end of the wire."""

    def __init__(
        self,
        guest: Guest,
        connection: socket.socket,
        shared: _Shared,
        oracle: Oracle,
        limits: Limits,
        watch: Callable[[], None] | None = None,
    ) -> None:
        connection.setblocking(False)
        self._guest = guest
        self._connection = connection
        self._shared = shared
        self._oracle = oracle
        self._limits = limits
        self._watch = watch
        self._deadline = time.monotonic() + limits.seconds
        self._batches = 0
        self._log = bytearray()
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._poll.register(guest.log, select.POLLIN)
        self._answers: dict[Kind, Callable[[Message], Message]] = {
            Kind.LOGITS: self._logits,
            Kind.VJP: self._vjp,
            Kind.VJP_AT: self._vjp_at,
        }

    @property
    def log(self) -> str:
        """What the guest printed, up to the limit."""
        return self._log.decode(errors="replace")

    def final_log(self) -> str:
        """What it printed, to the last byte that is there now."""
        self._drain()
        return self.log

    def set_up(self, settings: Mapping[str, Any]) -> None:
        """Hands over the model's facts and waits until the attack is imported, built and configured."""
        layout = self._shared.layout
        facts = {**settings, "capacity": layout.capacity, "x_shape": layout.x_shape, "classes": layout.classes}
        size = self._shared.reply.write_text(json.dumps(facts).encode())
        self._send(Message(Kind.SETUP, size=size))
        self._serve_until(Kind.READY, first_wait=self._limits.start_seconds)

    def attack(
        self, images: NDArray[np.float32], labels: NDArray[np.int64], targets: NDArray[np.int64] | None = None
    ) -> Tensor:
        """What the attack makes of a batch, exactly as it came: float32 (n, c, h, w), finite, otherwise unchecked."""
        self._batches += 1
        count = len(images)
        self._hand_over(images, labels, targets)
        self._send(Message(Kind.BATCH, number=self._batches, images=count))
        done = self._serve_until(Kind.DONE)
        if done.number != self._batches or done.images != count:
            raise GuestFailed("the guest answered a batch that was not asked for")
        result = self._taken(self._shared.layout.images(self._shared.request, count))
        if not _finite(result):
            raise GuestFailed("batch_attack returned NaN or infinite values")
        return result

    def end(self) -> None:
        """Says goodbye; what the guest still sends is never read."""
        self._send(Message(Kind.END))
        self._drain()

    def _hand_over(
        self, images: NDArray[np.float32], labels: NDArray[np.int64], targets: NDArray[np.int64] | None
    ) -> None:
        layout, reply, count = self._shared.layout, self._shared.reply, len(images)
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
                raise GuestFailed(_one_line(self._shared.request.read_text(message.size)))
            answer = self._answers.get(message.kind)
            if answer is None:
                raise GuestFailed(f"the guest sent {message.kind.name} out of turn")
            self._send(self._answered(answer, message))
            if self._watch:
                self._watch()

    def _answered(self, answer: Callable[[Message], Message], message: Message) -> Message:
        if not 0 < message.images <= self._shared.layout.capacity:
            raise GuestFailed(f"a query of {message.images} images; at most {self._shared.layout.capacity} go at once")
        try:
            return answer(message)
        except OverBudget as error:
            return Message(Kind.REFUSED, size=self._shared.reply.write_text(str(error).encode()))
        except GuestFailed:
            raise
        except Exception as error:  # a model may choke on what only an attack asks; that is no fault of the run
            told = _one_line(f"{type(error).__name__}: {error}".encode())
            raise GuestFailed(f"the model could not answer a query of the attack: {told}") from error

    def _logits(self, message: Message) -> Message:
        logits, ticket = self._oracle.logits(self._images(message.images), keep=message.keep)
        self._shared.layout.per_class(self._shared.reply, message.images)[:] = logits.numpy()
        return Message(Kind.LOGITS_ARE, number=ticket, images=message.images)

    def _vjp(self, message: Message) -> Message:
        product = self._oracle.vjp(message.number, self._vector(message.images))
        return Message(Kind.EVICTED) if product is None else self._gradient(product)

    def _vjp_at(self, message: Message) -> Message:
        vector = self._vector(message.images)
        return self._gradient(self._oracle.vjp_at(self._images(message.images), vector))

    def _gradient(self, product: Tensor) -> Message:
        self._shared.layout.images(self._shared.reply, len(product))[:] = product.numpy()
        return Message(Kind.GRADIENT_IS, images=len(product))

    def _images(self, count: int) -> Tensor:
        return _checked(self._taken(self._shared.layout.images(self._shared.request, count)), "images")

    def _vector(self, count: int) -> Tensor:
        return _checked(self._taken(self._shared.layout.per_class(self._shared.request, count)), "a vector")

    def _taken(self, shared: NDArray[np.float32]) -> Tensor:
        """A private copy, made before anything is looked at: the guest may write on while we check."""
        return torch.from_numpy(shared).clone()

    def _send(self, message: Message) -> None:
        try:
            self._connection.send(message.pack())
        except BlockingIOError:
            raise GuestFailed("the guest sends queries without reading the answers") from None
        except OSError:
            raise GuestFailed(self._gone()) from None

    def _receive(self, seconds: float) -> Message:
        until = min(time.monotonic() + seconds, self._deadline)
        while True:
            ready = self._wait(until)
            if self._guest.log in ready:
                self._read_log()
            late = time.monotonic() >= until
            if self._connection.fileno() in ready and not (late and until >= self._deadline):
                return self._packet()
            if late:
                raise GuestFailed(self._late(until, seconds))

    def _wait(self, until: float) -> set[int]:
        left = max(0.0, until - time.monotonic())
        return {descriptor for descriptor, _ in self._poll.poll(left * 1000 + 1)}

    def _packet(self) -> Message:
        try:
            packet = self._connection.recv(HEADER.size + 1)
        except OSError:
            packet = b""
        if not packet:
            raise GuestFailed(self._gone())
        try:
            return Message.unpack(packet)
        except WireError as error:
            raise GuestFailed(f"the guest broke the protocol: {error}") from None

    def _late(self, until: float, seconds: float) -> str:
        if until >= self._deadline:
            return f"time limit: the run took more than {self._limits.seconds:g} s"
        return f"time limit: no query and no answer for {seconds:g} s"

    def _gone(self) -> str:
        self._drain()
        self._guest.wait(2.0)
        reason = self._guest.ended() or "it closed its connection"
        return f"the attack ended in the middle: {reason}"

    def _drain(self) -> None:
        while self._read_log():
            continue

    def _read_log(self) -> bool:
        """Takes one piece of the guest's output; False when there is none now."""
        try:
            piece = os.read(self._guest.log, 1 << 16)
        except BlockingIOError:
            return False
        if not piece:
            self._forget_log()
            return False
        room = self._limits.log_bytes - len(self._log)
        self._log += piece[: max(0, room)]
        return room > 0

    def _forget_log(self) -> None:
        with suppress(KeyError):  # forgotten before
            self._poll.unregister(self._guest.log)


def _checked(values: Tensor, what: str) -> Tensor:
    if not _finite(values):
        raise GuestFailed(f"the attack asked the model about {what} with NaN or infinite values")
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
