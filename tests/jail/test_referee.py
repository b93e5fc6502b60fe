"""Attack code in a real jail that breaks the protocol, the limits or the rules, and attack code that must work."""

import json
import math
import os
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor, nn

from tiltyard.contest.budget import Budget, Meter
from tiltyard.contest.run import Run
from tiltyard.contest.track import Measured
from tiltyard.defences.pool import load_pool
from tiltyard.errors import JailUnavailable
from tiltyard.jail.bubblewrap import package_folder
from tiltyard.jail.doctor import require_jail
from tiltyard.jail.guest import _result, _told
from tiltyard.jail.hierarchy import hierarchies
from tiltyard.jail.launch import launch
from tiltyard.jail.limits import MIB, Limits
from tiltyard.jail.oracle import Oracle
from tiltyard.jail.referee import GuestFailed, Referee, Visit, host
from tiltyard.tracks.whitebox import WhiteBox
from tiltyard.vision.classifier import Classifier

SHAPE = (1, 2, 3)
CLASSES = 4
BATCH = 4
SMALL = Limits(memory=1024 * MIB, processes=40, disk=20 * MIB, call_seconds=20)
SETTINGS = {"x_min": 0.0, "x_max": 1.0, "dataset": "test", "magnitude": 0.1}
HEAD = """
import ctypes, json, os, signal, socket, struct, subprocess, sys, threading, time
import numpy as np
import torch
import torch.nn.functional as F


class Attacker:
    def __init__(self, model, batch_size, dataset, session):
        self.model, self.oracle = model, model._oracle
        self.wire, self.layout = self.oracle._connection, self.oracle.layout
        self.request, self.reply = self.oracle._request, self.oracle._reply

    def config(self, **kwargs):
        self.magnitude = kwargs["magnitude"]

"""


@pytest.fixture(scope="module", autouse=True)
def jail() -> None:
    try:
        require_jail()
    except JailUnavailable as reason:
        pytest.skip(str(reason))
    pl.DataFrame({"some": [1]}).group_by("some").agg(pl.col("some").alias("all"))  # its pool keeps descriptors open


@pytest.fixture(autouse=True)
def nothing_remains(jail: None, temporary: Path) -> Iterator[None]:
    """After each test: no new child, group, temporary file or descriptor, and a jail still starts."""
    before = traces()
    yield
    assert traces() == before
    with launch([sys.executable, "-S", "-c", "raise SystemExit(7)"], limits=SMALL) as guest:
        guest.wait(20)
        assert guest.ended() == "exit status 7"
    assert traces() == before


@pytest.fixture(scope="module", autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("temporary")
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


def traces() -> dict[str, Any]:
    places = {place for each in hierarchies() for place in each.places() if place.is_dir()}
    return {
        "children": set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()),
        "groups": {entry for place in places for entry in place.glob(f"tiltyard-{os.getpid()}-*")},
        "files": sorted(os.listdir(tempfile.gettempdir())),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
    }


def network() -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(SHAPE), 8), nn.Tanh(), nn.Linear(8, CLASSES)).eval()


def images(count: int = BATCH) -> Tensor:
    return torch.rand((count, *SHAPE), generator=torch.Generator().manual_seed(1))


def gradient(points: Tensor, label: int = 0) -> Tensor:
    inputs = points.clone().requires_grad_()
    loss = nn.functional.cross_entropy(network()(inputs), torch.full((len(points),), label), reduction="sum")
    return torch.autograd.grad(loss, inputs)[0]


def attack_code(folder: Path, body: str, *, head: str = HEAD) -> Path:
    """An entry whose `batch_attack` is `body`."""
    method = "def batch_attack(self, xs, ys, ys_target=None):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "attacker.py").write_text(head + textwrap.indent(method, "    "))
    return folder


@dataclass
class Hosted:
    """A guest that is ready, and what its queries cost."""

    referee: Referee
    oracle: Oracle

    @property
    def spent(self) -> Budget:
        return self.oracle.meter.spent

    def attack(self, label: int = 0, points: Tensor | None = None) -> Tensor:
        xs = (images() if points is None else points).numpy()
        return self.referee.attack(xs, np.full(len(xs), label, np.int64))


@contextmanager
def hosted(
    code: Path, *, budget: Budget | None = None, limits: Limits = SMALL, trust: bool = False
) -> Iterator[Hosted]:
    oracle = Oracle(Classifier(network()), Meter(budget), sample=images())
    with host(Visit(code, SETTINGS, BATCH, 0, trust, limits=limits), oracle, SHAPE) as referee:
        yield Hosted(referee, oracle)


@dataclass
class Failure:
    reason: str
    log: str
    seconds: float
    """From the first batch on."""
    spent: Budget
    results: list[Tensor]


def fails(code: Path, *, batches: int = 1, seconds: float | None = None, **options: Any) -> Failure:
    """Attacks until the guest fails; `seconds` are the run's limit from the first batch on, however long it started."""
    results: list[Tensor] = []
    began, spent = time.monotonic(), Budget(0, 0)
    try:
        with hosted(code, **options) as guest:
            began = time.monotonic()
            if seconds is not None:
                guest.referee._deadline = began + seconds
            try:
                for _ in range(batches):
                    results.append(guest.attack())
            finally:
                spent = guest.spent
    except GuestFailed as failed:
        reason = str(failed)
        assert len(reason.splitlines()) == 1
        return Failure(reason, failed.log, time.monotonic() - began, spent, results)
    raise AssertionError("the guest did not fail")


HOSTILE = {
    "garbage": ("self.wire.send(os.urandom(24))", "broke the protocol: a packet that is no message"),
    "a short packet": ("self.wire.send(b'TILT')", "broke the protocol: a packet of 4 bytes instead of 24"),
    "a long packet": ("self.wire.send(Message(Kind.DONE).pack() + b'x')", "a packet of 25 bytes instead of 24"),
    "a huge packet": ("self.wire.send(bytes(100_000))", "a packet of 25 bytes instead of 24"),
    "an unknown kind": ("self.send(99)", "a packet that is no message"),
    "a flag that is none": ("self.wire.send(HEADER.pack(b'TILT', 2, 7, 0, 1, 0))", "a packet that is no message"),
    "another magic": ("self.wire.send(HEADER.pack(b'TILL', 2, 0, 0, 1, 0))", "a packet that is no message"),
    "a setup": ("self.send(Kind.SETUP)", "the guest sent SETUP out of turn"),
    "a batch": ("self.send(Kind.BATCH, images=4)", "the guest sent BATCH out of turn"),
    "logits": ("self.send(Kind.LOGITS_ARE, images=4)", "the guest sent LOGITS_ARE out of turn"),
    "a gradient": ("self.send(Kind.GRADIENT_IS, images=4)", "the guest sent GRADIENT_IS out of turn"),
    "an end": ("self.send(Kind.END)", "the guest sent END out of turn"),
    "ready again": ("self.send(Kind.READY)", "the guest sent READY out of turn"),
    "a giant query": ("self.send(Kind.LOGITS, images=2**32 - 1)", "a query of 4294967295 images; at most 8 go at once"),
    "a query of one too many": ("self.send(Kind.LOGITS, images=9)", "a query of 9 images; at most 8 go at once"),
    "a query of minus four": ("self.send(Kind.VJP_AT, images=-4 % 2**32)", "a query of 4294967292 images"),
    "a query of none": ("self.send(Kind.LOGITS)", "a query of 0 images"),
    "a giant product": ("self.send(Kind.VJP, number=1, images=2**32 - 1)", "a query of 4294967295 images"),
    "a failure of giant size": ("self.request.write_text(b'oh' * 9999); self.send(Kind.FAILED, size=2**32 - 1)", "oho"),
    "a failure of control characters": (
        "self.send(Kind.FAILED, size=self.request.write_text(b'\\x1b[2Jred\\n\\0\\xff\\r' * 9))",
        "[2Jred \N{REPLACEMENT CHARACTER} [2Jred",
    ),
    "a failure without a word": ("self.send(Kind.FAILED)", "the attack failed without saying why"),
    "done with another number": ("self.send(Kind.DONE, number=77, images=4)", "a batch that was not asked for"),
    "done with fewer images": ("self.send(Kind.DONE, number=self.number, images=3)", "a batch that was not asked for"),
    "done with giant images": (
        "self.send(Kind.DONE, number=self.number, images=2**32 - 1)",
        "a batch that was not asked for",
    ),
    "a query of nan": ("self.ask(Kind.LOGITS, np.nan)", "asked the model about images with NaN or infinite values"),
    "a query of infinity": ("self.ask(Kind.LOGITS, -np.inf)", "about images with NaN or infinite values"),
    "a product at nan": ("self.ask(Kind.VJP_AT, np.nan)", "about images with NaN or infinite values"),
    "a product of nan": ("self.ask(Kind.VJP, 0.0, np.nan)", "about a vector with NaN or infinite values"),
    "a product of infinity": ("self.ask(Kind.VJP_AT, 0.0, np.inf)", "about a vector with NaN or infinite values"),
    "a query far beyond": ("self.ask(Kind.LOGITS, 3e38)", "about images with values beyond ±10000"),
    "a product far beyond": ("self.ask(Kind.VJP_AT, 0.0, -1e30)", "about a vector with values beyond ±1e+12"),
    "a result of nan": ("self.ask(Kind.DONE, np.nan)", "batch_attack returned NaN"),
    "a result of nan beside infinities": (
        "self.layout.images(self.request, 4).flat[1::2] = np.inf; self.ask(Kind.DONE, np.nan, step=2)",
        "batch_attack returned NaN",
    ),
    "an empty packet": ("self.wire.send(b'')", "the attack ended in the middle: it closed its connection"),
}
HIJACK = """
from tiltyard.jail.wire import HEADER, Kind, Message

def _send(self, kind, number=0, images=0, size=0):
    self.wire.send(HEADER.pack(b"TILT", kind, 0, number, images, size))

def _ask(self, kind, value, vector=0.0, step=1):
    self.layout.images(self.request, 4).flat[::step] = value
    self.layout.per_class(self.request, 4)[:] = vector
    self.send(kind, number=self.number, images=4)

Attacker.send, Attacker.ask = _send, _ask
ACTIONS = {actions!r}
"""
TAKE_OVER = """
self.number = 1
while True:
    exec(ACTIONS[int(ys[0])])
    message = Message.unpack(self.wire.recv(HEADER.size))
    self.number = message.number
    ys = self.layout.labels(self.reply, message.images)[:, 0].copy()
"""
SPECIAL = {
    "unknown tickets": """
for ticket in (0, 1, 2**64 - 1):
    self.send(Kind.VJP, number=ticket, images=4)
    assert Message.unpack(self.wire.recv(24)).kind is Kind.EVICTED
self.ask(Kind.DONE, 0.75)
""",
    "descriptors": """
socket.send_fds(self.wire, [Message(Kind.DONE, number=self.number, images=4).pack()], [0, 1, self.wire.fileno()])
""",
}


@pytest.fixture(scope="module")
def hijacked(jail: None, temporary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    """One guest that has taken over the socket: the first label of a batch says what it sends for an answer."""
    actions = [action for action, _ in HOSTILE.values()] + list(SPECIAL.values())
    folder = tmp_path_factory.mktemp("hijack")
    code = attack_code(folder, TAKE_OVER)
    text = (code / "attacker.py").read_text()
    (code / "attacker.py").write_text(text + textwrap.dedent(HIJACK.format(actions=actions)))
    with hosted(code) as guest:
        yield guest


def action(name: str) -> int:
    return [*HOSTILE, *SPECIAL].index(name)


class TestTheWire:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_guest_that_sends_what_no_honest_one_does_has_failed(self, hijacked: Hosted, name: str) -> None:
        before = hijacked.spent
        with pytest.raises(GuestFailed) as caught:
            hijacked.attack(action(name))
        assert HOSTILE[name][1] in str(caught.value)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) <= 300
        assert hijacked.spent == before

    def test_an_answer_given_twice_does_not_count_for_the_next_batch(self, tmp_path: Path) -> None:
        twice = """
        self.layout.images(self.request, 4)[:] = 0.25
        for _ in range(2):
            self.wire.send(struct.pack('<4sHHQII', b'TILT', 5, 0, 1, 4, 0))
        time.sleep(60)
        """
        failure = fails(attack_code(tmp_path, twice), batches=2)
        assert failure.reason == "the guest answered a batch that was not asked for"
        assert [float(result.amax()) for result in failure.results] == [0.25]

    def test_tickets_that_do_not_exist_are_answered_and_free(self, hijacked: Hosted) -> None:
        before = hijacked.spent
        assert (hijacked.attack(action("unknown tickets")) == 0.75).all()
        assert hijacked.spent == before

    def test_descriptors_that_come_along_are_not_taken(self, hijacked: Hosted) -> None:
        before = len(os.listdir("/proc/self/fd"))
        hijacked.attack(action("descriptors"))
        assert len(os.listdir("/proc/self/fd")) == before

    def test_done_before_it_was_asked_ends_the_start(self, tmp_path: Path) -> None:
        early = "        self.wire.send(struct.pack('<4sHHQII', b'TILT', 5, 0, 1, 4, 0))\n"
        failure = fails(attack_code(tmp_path, "return xs", head=HEAD.rstrip() + "\n" + early))
        assert failure.reason == "the guest sent DONE out of turn"
        assert failure.results == []

    def test_queries_without_reading_the_answers_end_the_run(self, tmp_path: Path) -> None:
        flood = """
        self.layout.images(self.request, 1)[:] = 0.5
        while True:
            self.wire.send(struct.pack('<4sHHQII', b'TILT', 2, 0, 0, 1, 0))
        """
        assert fails(attack_code(tmp_path, flood)).reason == "the attack does not read what it is sent"

    def test_what_comes_after_the_end_is_not_read(self, tmp_path: Path) -> None:
        late = """
        def flood():
            time.sleep(0.2)
            while True:
                self.wire.send(os.urandom(24))
        threading.Thread(target=flood).start()
        return xs
        """
        with hosted(attack_code(tmp_path, late)) as guest:
            assert torch.equal(guest.attack(), images())
            time.sleep(0.4)

    def test_writing_into_the_shared_memory_meanwhile_brings_no_nan_past_the_check(self, tmp_path: Path) -> None:
        scribble = """
        if not hasattr(self, "noise"):
            view = self.layout.images(self.request, 4)
            def write():
                while True:
                    view[:] = np.nan
                    view[:] = 0.5
            self.noise = threading.Thread(target=write, daemon=True)
            self.noise.start()
            sys.setswitchinterval(1e-5)
        self.model.logits(xs)
        return xs
        """
        failure = fails(attack_code(tmp_path, scribble), batches=2000)
        assert "NaN" in failure.reason
        assert all(torch.isfinite(result).all() for result in failure.results)


class TestEndings:
    @pytest.mark.alone
    @pytest.mark.parametrize(
        ("way", "reason"),
        [
            ("os._exit(3)", "exit status 3"),
            ("sys.exit(4)", "exit status 4"),
            ("os.kill(os.getpid(), signal.SIGKILL)", "killed by signal 9 (SIGKILL)"),
            ("self.wire.close(); time.sleep(60)", "it closed its connection"),
        ],
    )
    def test_an_exit_in_the_middle_is_told_with_its_status(self, tmp_path: Path, way: str, reason: str) -> None:
        code = attack_code(tmp_path, f"self.model.logits(xs); print('so far'); {way}")
        failure = fails(code)
        assert failure.reason == f"the attack ended in the middle: {reason}"
        assert "so far" in failure.log

    @pytest.mark.parametrize(
        ("place", "reason"),
        [
            ("import", "ModuleNotFoundError: No module named 'no_such_module' (line 1 of attacker.py)"),
            ("syntax", "SyntaxError: unmatched ')' (attacker.py, line 2)"),
            ("init", "KeyError: 'x' (line 3 of attacker.py)"),
            ("config", "ZeroDivisionError: division by zero (line 5 of attacker.py)"),
            ("attack", "ValueError: two lines"),
        ],
    )
    def test_an_exception_is_told_with_its_place_in_the_entry(self, tmp_path: Path, place: str, reason: str) -> None:
        lines = {
            "import": "import no_such_module",
            "syntax": "\n)",
            "init": "class Attacker:\n    def __init__(self, *args):\n        {}['x']",
            "config": "class Attacker:\n    def __init__(self, *args):\n        pass\n"
            "    def config(self, **kwargs):\n        1 / 0",
            "attack": "import numpy\nclass Attacker:\n    def __init__(self, *args):\n        pass\n"
            "    def config(self, **kwargs):\n        pass\n    def batch_attack(self, *args):\n"
            "        numpy.vectorize(self.worse)([1])\n    def worse(self, one):\n"
            "        raise ValueError('two\\nlines ' + 'x' * 500)",
        }
        (tmp_path / "attacker.py").write_text(lines[place])
        failure = fails(tmp_path)
        assert failure.reason.startswith(reason)
        if place == "attack":
            assert failure.reason.endswith("xxx (line 10 of attacker.py)")
            assert "Traceback" in failure.log

    def test_a_place_deep_in_a_package_is_told_relative_to_the_entry(self, tmp_path: Path) -> None:
        source = tmp_path / "attacker" / "steps" / "first.py"
        source.parent.mkdir(parents=True)
        source.write_text("\n\nraise RuntimeError('deep')\n")
        with pytest.raises(RuntimeError) as caught:
            exec(compile(source.read_text(), str(source), "exec"))
        assert _told(caught.value, str(tmp_path)) == "RuntimeError: deep (line 3 of attacker/steps/first.py)"

    def test_an_endless_loop_ends_at_the_calls_limit(self, tmp_path: Path) -> None:
        code = attack_code(tmp_path, "while True: pass")
        failure = fails(code, limits=replace(SMALL, call_seconds=0.3, start_seconds=60))
        assert failure.reason == "time limit: no query and no answer for 0.3 s"
        assert failure.seconds < 5

    def test_a_slow_drip_ends_at_the_runs_limit(self, tmp_path: Path) -> None:
        code = attack_code(tmp_path, "while True: time.sleep(0.1); self.model.logits(xs)")
        failure = fails(code, seconds=0.5, limits=replace(SMALL, seconds=60, call_seconds=5))
        assert failure.reason == "time limit: the run took more than 60 s"
        assert 0 < failure.spent.forwards <= 5 * BATCH

    def test_a_rapid_fire_of_questions_that_cost_nothing_ends_at_the_runs_limit(self, tmp_path: Path) -> None:
        code = attack_code(
            tmp_path,
            """
            from tiltyard.jail.wire import Kind, Message
            self.layout.images(self.request, 1)[:] = 0.5
            while True:
                for question in (Message(Kind.VJP, number=1, images=1), Message(Kind.LOGITS, images=1)):
                    self.wire.send(question.pack())
                    self.wire.recv(24)
            """,
        )
        failure = fails(code, seconds=0.5, budget=Budget(0, 0), limits=replace(SMALL, seconds=60))
        assert failure.reason == "time limit: the run took more than 60 s"
        assert failure.seconds < 10

    def test_endless_printing_is_cut_and_ends_at_the_calls_limit(self, tmp_path: Path) -> None:
        code = attack_code(tmp_path, "while True: print('all work and no play')")
        failure = fails(code, limits=replace(SMALL, call_seconds=0.3, start_seconds=60, log_bytes=1000))
        assert failure.reason.startswith("time limit")
        assert len(failure.log) == 1000

    def test_what_an_attack_prints_is_there_when_its_batch_is(self, tmp_path: Path) -> None:
        with hosted(attack_code(tmp_path, "print('step one')\nreturn xs")) as guest:
            guest.attack()
            assert guest.referee.log == "step one\n"

    def test_torch_tensors_count_against_the_memory_limit(self, tmp_path: Path) -> None:
        code = attack_code(tmp_path, "self.kept = [torch.ones(1 << 20) for _ in range(4000)]")
        failure = fails(code, limits=replace(SMALL, memory=600 * MIB))
        assert failure.reason == "the attack ended in the middle: memory limit of 600 MiB exceeded"

    def test_a_fork_bomb_hits_the_limit_and_leaves_nobody(self, tmp_path: Path) -> None:
        code = attack_code(tmp_path, "while True: os.fork()")
        failure = fails(code, limits=replace(SMALL, call_seconds=5))
        assert failure.reason.startswith(("BlockingIOError: [Errno 11]", "the attack ended in the middle"))


class TestBudget:
    def test_one_call_too_many_is_refused_in_the_guest_and_marked(self, tmp_path: Path) -> None:
        code = attack_code(
            tmp_path,
            """
            from tiltyard.jail.remote import QueryRefused
            for _ in range(2):
                self.model.logits(xs)
            for question in (lambda: self.model.logits(xs[:1]), lambda: self.model.vjp(xs[:1])):
                try:
                    question()
                except QueryRefused as error:
                    print(type(error).__name__, error)
            return xs
            """,
        )
        with hosted(code, budget=Budget(2 * BATCH, 10)) as guest:
            guest.attack()
            told = "a call for 1 forward and 0 backward passes, after 8 and 0, exceeds the budget of 8 and 10"
            assert guest.referee.log == f"QueryRefused {told}\n" * 2
            assert guest.spent == Budget(2 * BATCH, 0)
            assert guest.oracle.meter.exceeded


PROBES = {
    "gradient by torch": """
        x = torch.from_numpy(xs).requires_grad_()
        F.cross_entropy(self.model(x), torch.from_numpy(ys) * 0, reduction="sum").backward()
        return x.grad
    """,
    "gradient by numpy": """
        logits, pull_back = self.model.vjp(xs)
        odds = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        odds[:, 0] -= 1
        return pull_back(odds)
    """,
    "second backward": """
        x = torch.from_numpy(xs).requires_grad_()
        loss = F.cross_entropy(self.model(x), torch.from_numpy(ys) * 0, reduction="sum")
        loss.backward(retain_graph=True)
        first, x.grad = x.grad, None
        loss.backward()
        assert torch.equal(first, x.grad)
        return x.grad
    """,
    "two pull-backs": """
        logits, pull_back = self.model.vjp(xs)
        assert np.array_equal(pull_back(np.ones_like(logits)), pull_back(np.ones_like(logits)))
        return xs
    """,
    "more than goes at once": """
        x = torch.from_numpy(np.concatenate([xs] * 5)).requires_grad_()
        logits = self.model(x)
        gradient, = torch.autograd.grad(F.cross_entropy(logits, torch.zeros(20, dtype=torch.long), reduction="sum"), x)
        assert torch.equal(logits[:4], logits[16:])
        return gradient[16:]
    """,
    "numpy, labels and both": """
        logits = self.model.logits(xs)
        assert isinstance(logits, np.ndarray) and logits.shape == (4, 4)
        assert (self.model.labels(xs) == logits.argmax(1)).all()
        both = self.model.logits_and_labels(torch.from_numpy(xs))
        assert (both[0].numpy() == logits).all() and (both[1].numpy() == logits.argmax(1)).all()
        return xs
    """,
    "nothing asked": """
        assert self.model.logits(xs[:0]).shape == (0, 4)
        return xs
    """,
    "double precision": """
        x = torch.from_numpy(xs).double().requires_grad_()
        F.cross_entropy(self.model(x), torch.from_numpy(ys) * 0, reduction="sum").backward()
        assert x.grad.dtype == torch.float64
        return x.grad
    """,
    "no gradient wanted": """
        x = torch.from_numpy(xs).requires_grad_()
        with torch.no_grad():
            assert not self.model(x).requires_grad
        return xs
    """,
    "wrong shapes": """
        for wrong in (xs[:, :, :1], xs[0], np.zeros(3), np.concatenate([xs, xs], 1)):
            try:
                self.model.logits(wrong)
            except ValueError as error:
                assert "(n, 1, 2, 3)" in str(error)
            else:
                return None
        return xs
    """,
    "threads": """
        def work(size, outcome):
            for _ in range(60):
                x = torch.from_numpy(xs[:size]).requires_grad_()
                F.cross_entropy(self.model(x), torch.zeros(size, dtype=torch.long), reduction="sum").backward()
                outcome.append(x.grad)
        outcomes = [[], []]
        threads = [threading.Thread(target=work, args=(size, outcomes[size - 3])) for size in (3, 4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        for several in outcomes:
            assert len(several) == 60 and all(torch.equal(several[0], each) for each in several)
        assert torch.allclose(outcomes[0][0], outcomes[1][0][:3])
        return outcomes[1][0]
    """,
    "writing into what it was given": """
        xs[:], ys[:] = 7.0, 3
        return xs
    """,
    "no weights, no other attributes": """
        assert [name for name, _ in self.model.named_parameters()] == ["place"]
        assert (self.model.x_min, self.model.x_max, self.model.num_classes) == (0.0, 1.0, 4)
        assert tuple(self.model.x_shape) == (1, 2, 3) and self.model.batch_size == 4 and not self.model.training
        assert os.environ.get("HOME") == "/tmp" and len(os.listdir("/entry")) == 1
        return xs
    """,
    "other rules for the house": """
        import tiltyard.contest.budget, tiltyard.jail.oracle, tiltyard.jail.wire, tiltyard.attacks.norms
        tiltyard.contest.budget.Budget.covers = lambda *args: True
        tiltyard.contest.budget.Meter.charge = lambda *args, **kwargs: None
        tiltyard.attacks.norms.project = lambda points, *args: points
        np.isfinite = torch.isfinite = lambda *args: True
        self.model.logits(xs)
        return xs
    """,
}
COSTS = {
    "gradient by torch": Budget(4, 4),
    "gradient by numpy": Budget(4, 4),
    "second backward": Budget(8, 8),
    "two pull-backs": Budget(8, 8),
    "more than goes at once": Budget(20, 20),
    "numpy, labels and both": Budget(12, 0),
    "nothing asked": Budget(0, 0),
    "double precision": Budget(4, 4),
    "no gradient wanted": Budget(4, 0),
    "wrong shapes": Budget(0, 0),
    "threads": Budget(420, 420),
    "writing into what it was given": Budget(0, 0),
    "no weights, no other attributes": Budget(0, 0),
    "other rules for the house": Budget(4, 0),
}
GRADIENTS = ("gradient by torch", "gradient by numpy", "second backward", "more than goes at once", "double precision",
             "threads")  # fmt: skip


def probing_code(folder: Path) -> Path:
    """An entry that runs the probe that the first label names."""
    lines = ["probes = [", *(f"    self.probe_{number}," for number in range(len(PROBES))), "]"]
    code = attack_code(folder, "\n".join([*lines, "return probes[int(ys[0])](xs, ys)"]))
    methods = (
        f"\n    def probe_{number}(self, xs, ys):\n" + textwrap.indent(textwrap.dedent(probe), "        ")
        for number, probe in enumerate(PROBES.values())
    )
    with (code / "attacker.py").open("a") as file:
        file.writelines(methods)
    return code


@pytest.fixture(scope="module")
def honest(jail: None, temporary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    with hosted(probing_code(tmp_path_factory.mktemp("probes"))) as guest:
        yield guest


class TestWhatMustWork:
    @pytest.mark.parametrize("name", PROBES)
    def test_it_works_at_the_right_price(self, honest: Hosted, name: str) -> None:
        before = honest.spent
        found = honest.attack(list(PROBES).index(name))
        price = Budget(honest.spent.forwards - before.forwards, honest.spent.backwards - before.backwards)
        assert price == COSTS[name]
        if name in GRADIENTS:
            torch.testing.assert_close(found, gradient(images()), rtol=1e-4, atol=1e-6)

    def test_no_graph_is_kept_for_queries_that_want_no_gradient(self, honest: Hosted) -> None:
        kept = len(honest.oracle._graphs)
        honest.attack(list(PROBES).index("no gradient wanted"))
        assert len(honest.oracle._graphs) == kept

    def test_a_smaller_last_batch_is_taken(self, honest: Hosted) -> None:
        found = honest.attack(list(PROBES).index("gradient by torch"), images(3))
        torch.testing.assert_close(found, gradient(images(3)), rtol=1e-4, atol=1e-6)

    def test_a_trusted_guest_does_the_same_without_a_jail(self, tmp_path: Path) -> None:
        with hosted(probing_code(tmp_path / "code"), trust=True) as guest:
            found = guest.attack(list(PROBES).index("gradient by torch"))
            torch.testing.assert_close(found, gradient(images()), rtol=1e-4, atol=1e-6)
            assert guest.spent == Budget(4, 4)


class TestResults:
    XS = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 1, 2, 3)

    @pytest.mark.parametrize(
        "returned",
        [
            XS,
            XS.astype(np.float64),
            XS.tolist(),
            np.asfortranarray(XS),
            torch.from_numpy(XS).requires_grad_(),
            torch.from_numpy(XS).double(),
        ],
        ids=["float32", "float64", "list", "fortran", "tensor", "double-tensor"],
    )
    def test_numbers_of_the_right_shape_are_taken_as_float32(self, returned: Any) -> None:
        found = _result(returned, self.XS.shape)
        assert found.dtype == np.float32
        assert np.array_equal(found, self.XS)

    @pytest.mark.parametrize("kind", [np.int64, np.uint8, np.bool_, np.float16])
    def test_other_numbers_are_taken_as_they_are(self, kind: type[np.generic]) -> None:
        found = _result(np.ones(self.XS.shape, kind), self.XS.shape)
        assert found.dtype == np.float32
        assert (found == 1).all()

    @pytest.mark.parametrize(
        ("returned", "reason"),
        [
            (None, "TypeError: batch_attack returned an array of object, not of numbers"),
            (XS.astype(object), "TypeError: batch_attack returned an array of object"),
            (XS.astype(complex), "TypeError: batch_attack returned an array of complex128"),
            (XS.astype(str), "TypeError: batch_attack returned an array of <U"),
            (XS[:3], "ValueError: batch_attack returned shape (3, 1, 2, 3), expected (4, 1, 2, 3)"),
            (XS[0], "ValueError: batch_attack returned shape (1, 2, 3), expected"),
            (XS.transpose(0, 2, 3, 1), "ValueError: batch_attack returned shape (4, 2, 3, 1)"),
            (0.5, "ValueError: batch_attack returned shape (), expected"),
            ([[1, 2], [3]], "ValueError"),
        ],
    )
    def test_anything_else_is_refused_by_name(self, returned: Any, reason: str) -> None:
        with pytest.raises((TypeError, ValueError)) as caught:
            _result(returned, self.XS.shape)
        assert _told(caught.value, "/entry").startswith(reason)

    @pytest.mark.parametrize(
        ("returned", "reason"),
        [
            ("None", "TypeError: batch_attack returned an array of object, not of numbers"),
            ("xs * np.nan", "batch_attack returned NaN"),
        ],
    )
    def test_the_run_ends_with_that_reason(self, tmp_path: Path, returned: str, reason: str) -> None:
        assert fails(attack_code(tmp_path, f"return {returned}")).reason == reason


def measured(folder: Path, body: str, *, items: int = 20, **spec: Any) -> Measured:
    """One model of the digits pool under an attack, by the whole track."""
    pool = load_pool("digits", items=items)
    models = tuple(model.model_copy(update={"batch_size": 10, **spec}) for model in pool.spec.models[:1])
    pool = replace(pool, spec=pool.spec.model_copy(update={"models": models}))
    track = WhiteBox()
    entry = track.read(attack_code(folder, body))
    return track.measure(entry, track.plan(entry, pool)[0], pool, Run())


class TestByTheRules:
    @pytest.mark.parametrize(("norm", "eps"), [("linf", 0.2), ("l2", 2.0)])
    @pytest.mark.parametrize("far", ["np.inf", "np.float64(1e300)", "np.float32(3e38)"])
    def test_what_is_infinitely_far_is_clipped_like_what_is_far(
        self, tmp_path: Path, norm: str, eps: float, far: str
    ) -> None:
        signs = "signs = np.where(np.random.RandomState(3).rand(*xs.shape) < 0.5, -1, 1)"
        bodies = [f"{signs}\nreturn signs * {size} + 0 * xs" for size in ("1e4", far)]
        found = [measured(tmp_path / str(place), body, norm=norm, eps=eps) for place, body in enumerate(bodies)]
        assert [one.facts["failure"] for one in found] == ["", ""]
        assert found[1].rows["distance"].to_list() == pytest.approx(found[0].rows["distance"].to_list(), rel=1e-3)
        assert found[1].rows["attacked"].to_list() == found[0].rows["attacked"].to_list()
        assert found[1].rows["clipped"].all()

    def test_over_budget_scores_zero_even_if_the_attack_goes_on(self, tmp_path: Path) -> None:
        body = """
        import tiltyard.contest.budget
        tiltyard.contest.budget.Budget.covers = lambda *args: True
        for _ in range(4):
            try:
                self.model.logits(xs)
            except Exception as error:
                print(error)
        return xs * 0
        """
        found = measured(tmp_path, body, forwards=3, gradients=1)
        score = WhiteBox().score(found.rows, [found.facts])
        assert found.facts["failure"] == ("over budget: more than 60 forward and 20 backward passes were asked for")
        assert (score.values["score"], score.status) == (0.0, "failed")
        assert "over budget" in score.reason
        assert found.facts["over_budget"]
        assert found.facts["forwards"] == 60
        assert len(found.rows) == 10

    def test_exactly_the_budget_scores(self, tmp_path: Path) -> None:
        body = "for _ in range(3): self.model.logits(xs)\nreturn 1 - xs"
        found = measured(tmp_path, body, forwards=3, gradients=0)
        assert (found.facts["failure"], found.facts["over_budget"]) == ("", False)
        assert (found.facts["forwards"], found.facts["forwards_allowed"]) == (60, 60)

    def test_what_leaves_the_ball_is_clipped_and_what_is_written_into_xs_and_ys_scores_nothing(
        self, tmp_path: Path
    ) -> None:
        body = """
        inside = xs.copy()
        xs[:], ys[:] = 9.0, -1
        if hasattr(self, "second"):
            return inside
        self.second = True
        return 1e30 * (inside - 0.5)
        """
        found = measured(tmp_path, body)
        rows = found.rows
        assert rows["clipped"].to_list() == [True] * 10 + [False] * 10
        eps = found.facts["eps"]
        assert rows["distance"].max() == pytest.approx(eps)  # type: ignore[arg-type]
        assert rows["distance"][10:].to_list() == [0.0] * 10
        assert rows["label"].to_list() == load_pool("digits", items=20).images("digits").labels.tolist()
        assert rows["attacked"][10:].to_list() == rows["predicted"][10:].to_list()

    def test_neither_weights_nor_labels_are_there_to_read(self, tmp_path: Path) -> None:
        pool = load_pool("digits")
        weights = [str(path) for model in pool.spec.models for path in pool.files_of(model)]
        labels = [str(path) for path in pool.images("digits").files]
        assert len(weights) == len(pool.spec.models) > 0
        assert any("digits.npz" in path for path in labels)
        source = str(package_folder())
        body = f"""
        search = ["find", sys.prefix, {source!r}, "(", "-name", "*digits*", "-o", "-name", "*.safetensors", ")"]
        found = subprocess.run(search, capture_output=True, text=True).stdout.split()
        opened = []
        for path in {weights + labels} + [path for path in found if not path.endswith((".py", ".pyc", ".rst"))]:
            try:
                opened.append((path, open(path, "rb").read(1)))
            except OSError:
                pass
        try:
            from sklearn.datasets import load_digits
            opened.append(load_digits())
        except Exception as error:
            print(type(error).__name__)
        import tiltyard.vision.data
        try:
            opened.append(tiltyard.vision.data.load_data("digits"))
        except Exception as error:
            print(type(error).__name__)
        print(json.dumps([str(each)[:200] for each in opened]))
        return xs
        """
        found = measured(tmp_path, body, items=10)
        assert found.facts["failure"] == ""
        *errors, last = found.artefacts["undefended.log"].decode().splitlines()
        assert json.loads(last) == []
        assert len(errors) == 2

    def test_a_failed_run_keeps_its_rows_its_log_and_its_reason(self, tmp_path: Path) -> None:
        body = """
        print("batch")
        if hasattr(self, "second"):
            raise RuntimeError("tired")
        self.second = True
        return xs
        """
        found = measured(tmp_path, body)
        assert found.facts["failure"] == "RuntimeError: tired (line 21 of attacker.py)"
        assert len(found.rows) == 10
        assert found.artefacts["undefended.log"].decode().startswith("batch\nbatch\nTraceback")
        assert WhiteBox().score(found.rows, [found.facts]).values["score"] == 0
