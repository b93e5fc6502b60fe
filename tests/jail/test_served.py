"""Models in a real jail that break the protocol, the limits or the rules, and models that must work."""

import os
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tiltyard.contest.budget import Meter
from tiltyard.errors import JailUnavailable
from tiltyard.jail import served
from tiltyard.jail.doctor import require_jail
from tiltyard.jail.hierarchy import hierarchies
from tiltyard.jail.limits import MIB, Limits
from tiltyard.jail.oracle import Oracle
from tiltyard.jail.served import ModelFailed, ServedModel, Serving, serve
from tiltyard.vision.classifier import Classifier

SHAPE, CLASSES, BATCH = (1, 2, 2), 3, 4
WEIGHTS = np.random.default_rng(0).normal(size=(CLASSES, 4)).astype(np.float32)
SMALL = Limits(memory=512 * MIB, processes=40, disk=20 * MIB, call_seconds=20)
GUEST = """
import json, os, socket, subprocess, sys, time
import numpy as np
from tiltyard.jail.wire import HEADER, Kind, Layout, Memory, Message

WEIGHTS = np.array({weights}, np.float32)
connection = socket.socket(fileno=int(sys.argv[1]))
answers, questions = Memory(int(sys.argv[2]), writable=True), Memory(int(sys.argv[3]), writable=False)


def received():
    return Message.unpack(connection.recv(HEADER.size))


def say(kind, **facts):
    connection.send(Message(kind, **facts).pack())


def fail(text):
    say(Kind.FAILED, size=answers.write_text(text.encode()))


def set_up():
    pass


def logits(images):
    return images.reshape(len(images), -1) @ WEIGHTS.T


def gradient(vector):
    return vector @ WEIGHTS


def answer(question):
    global asked
    asked += 1
    count = question.images
    if question.kind is Kind.LOGITS:
        layout.per_class(answers, count)[:] = logits(layout.images(questions, count).copy())
        say(Kind.LOGITS_ARE, number=7, images=count)
    else:
        product = gradient(layout.per_class(questions, count).copy())
        layout.images(answers, count)[:] = product.reshape(count, *layout.x_shape)
        say(Kind.GRADIENT_IS, images=count)


asked = 0
{body}

facts = json.loads(questions.read_text(received().size))
layout = Layout(facts["capacity"], tuple(facts["x_shape"]), facts["classes"])
set_up()
say(Kind.READY)
while (question := received()).kind is not Kind.END:
    answer(question)
"""


@pytest.fixture(scope="module", autouse=True)
def jail() -> None:
    try:
        require_jail()
    except JailUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def nothing_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After each test: no new child, control group, temporary file or descriptor."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    before = traces()
    yield
    assert traces() == before


def traces() -> dict[str, object]:
    places = {place for each in hierarchies() for place in each.places() if place.is_dir()}
    return {
        "children": set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()),
        "groups": {entry for place in places for entry in place.glob(f"tiltyard-{os.getpid()}-*")},
        "files": sorted(Path(tempfile.gettempdir()).glob("tiltyard-*")),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


@contextmanager
def stranger(
    monkeypatch: pytest.MonkeyPatch, folder: Path, body: str = "", *, limits: Limits = SMALL, **options: object
) -> Iterator[ServedModel]:
    """A linear model that speaks the wire itself: arbitrary code, as a program that broke out of torch would be."""
    folder.mkdir(exist_ok=True)
    (folder / "guest.py").write_text(GUEST.format(weights=WEIGHTS.tolist(), body=textwrap.dedent(body)))

    def command(descriptors: Sequence[int], place: str) -> list[str]:
        script = str(Path(place).with_name("guest.py"))
        return [sys.executable, "-I", "-u", script, *map(str, descriptors)]

    monkeypatch.setattr(served, "program", command)
    serving = Serving(folder, SHAPE, CLASSES, batch_size=BATCH, limits=limits, **options)  # type: ignore[arg-type]
    with serve(serving) as model:
        yield model


def images(count: int = BATCH) -> Tensor:
    return torch.rand((count, *SHAPE), generator=torch.Generator().manual_seed(1))


def expected(points: Tensor) -> Tensor:
    return points.flatten(1) @ torch.from_numpy(WEIGHTS).T


def ask(model: ServedModel) -> None:
    """Logits and their gradient."""
    points = images().requires_grad_()
    model(points).sum().backward()


class TestHonest:
    def test_logits_and_gradients_are_the_models_whatever_the_number_of_images(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        with stranger(monkeypatch, tmp_path / "model") as model:
            points = images(2 * BATCH + 1).requires_grad_()
            found = model(points)
            assert torch.allclose(found, expected(points), atol=1e-6)
            (gradient,) = torch.autograd.grad(found.logsumexp(1).sum(), points)
            (right,) = torch.autograd.grad(expected(points).logsumexp(1).sum(), points)
            assert torch.allclose(gradient, right, atol=1e-6)
            assert model(images(0)).shape == (0, CLASSES)
            assert model.seconds > 0

    def test_a_graph_that_is_gone_is_asked_for_again_with_its_images(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        body = """
        plain = answer
        def answer(question):
            if question.kind is Kind.VJP:
                say(Kind.EVICTED)
            else:
                plain(question)
                if question.kind is Kind.VJP_AT:
                    assert np.array_equal(layout.images(questions, question.images).reshape(4, -1) @ WEIGHTS.T, last)
        def logits(images):
            global last
            last = images.reshape(len(images), -1) @ WEIGHTS.T
            return last
        """
        with stranger(monkeypatch, tmp_path / "model", body) as model:
            ask(model)
            ask(model)

    def test_an_oracle_meters_it_like_any_module(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        with stranger(monkeypatch, tmp_path / "model") as model:
            oracle = Oracle(Classifier(model), Meter(), sample=images())
            assert (oracle.traits.classes, oracle.traits.deterministic, oracle.traits.batch_dependent) == (
                3,
                True,
                False,
            )
            _, ticket = oracle.logits(images(), keep=True)
            product = oracle.vjp(ticket, torch.ones(BATCH, CLASSES))
            assert product is not None
            assert torch.allclose(product.flatten(1), torch.from_numpy(WEIGHTS).sum(0).expand(BATCH, 4), atol=1e-6)

    def test_no_question_tells_whether_a_gradient_will_be_asked_for(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        body = """
        def answer(question):
            layout.per_class(answers, question.images)[:] = question.keep
            say(Kind.LOGITS_ARE, images=question.images)
        """
        with stranger(monkeypatch, tmp_path / "model", body) as model, torch.no_grad():
            without = model(images())
            with torch.enable_grad():
                assert torch.equal(model(images().requires_grad_()).detach(), without)


BROKEN = {
    "NaN": ("def logits(images): return np.full((len(images), 3), np.nan)", "answers logits with NaN or infinite"),
    "infinity": ("def gradient(vector): return np.full((len(vector), 4), np.inf)", "a gradient with NaN or inf"),
    "fewer images": ("def answer(q): say(Kind.LOGITS_ARE, images=1)", "answered for 1 images where 4 were asked"),
    "out of turn": ("def answer(q): say(Kind.DONE, images=q.images)", "the model sent DONE out of turn"),
    "a gradient for logits": ("def answer(q): say(Kind.GRADIENT_IS, images=q.images)", "sent GRADIENT_IS out of turn"),
    "no message": ("def answer(q): connection.send(bytes(28))", "the model broke the protocol: a packet"),
    "exit": ("def answer(q): sys.exit(3)", "the model ended in the middle: exit status 3"),
    "kill": ("def answer(q): os.kill(os.getpid(), 11)", "ended in the middle: .*signal|exit status 139"),
    "exit before": ("def set_up(): sys.exit(0)", "the model ended in the middle: exit status 0"),
    "a long reason": ("def answer(q): fail('\\x1b[2J\\n' + 9000 * 'x')", r"^ ?\[2J x{100,296}$"),
    "a size that lies": ("def answer(q): say(Kind.FAILED, size=2**32 - 1)", "failed without saying why"),
}  # fmt: skip


class TestBroken:
    @pytest.mark.parametrize("how", BROKEN)
    def test_each_ends_as_one_line_about_the_model(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
    ) -> None:
        body, reason = BROKEN[how]
        with pytest.raises(ModelFailed, match=reason) as failure, stranger(monkeypatch, tmp_path / "m", body) as model:
            ask(model)
        assert "\n" not in str(failure.value)

    def test_what_it_printed_is_kept(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        with (
            pytest.raises(ModelFailed) as failure,
            stranger(monkeypatch, tmp_path / "m", "def answer(q): print('some words'); sys.exit(1)") as model,
        ):
            ask(model)
        assert failure.value.log == "some words\n"

    @pytest.mark.parametrize(
        ("body", "limits", "reason"),
        [
            ("def answer(q): time.sleep(60)", {"call_seconds": 0.5}, "gave no answer for 0.5 s"),
            ("def set_up(): time.sleep(60)", {"start_seconds": 0.7}, "was not ready after 0.7 s"),
            ("def logits(i): time.sleep(0.3); return i.reshape(-1, 4)[:, :3]", {"seconds": 0.5}, "more than 0.5 s for"),
            ("def answer(q): held = np.ones(2**28)", {"memory": 256 * MIB}, "memory limit of 256 MiB exceeded"),
        ],
    )
    def test_time_and_memory_end(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, limits: dict[str, float], reason: str
    ) -> None:
        bounds = Limits(**{"memory": 512 * MIB, "call_seconds": 20, **limits})  # type: ignore[arg-type]
        with (
            pytest.raises(ModelFailed, match=reason),
            stranger(monkeypatch, tmp_path / "m", body, limits=bounds) as model,
        ):
            model(images(3 * BATCH))


class TestJailed:
    def test_it_reaches_no_label_no_network_and_nothing_to_write_to(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        labels = Path(sys.prefix) / f"tiltyard-test-labels-{os.getpid()}"
        labels.write_text("7")
        body = f"""
        def tried(action):
            try:
                action()
                return 1
            except Exception:
                return 0

        def reach():
            socket.create_connection(("1.1.1.1", 53), timeout=1)

        def write_questions():
            import mmap
            mmap.mmap(int(sys.argv[3]), 16, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)

        def set_up():
            reached = [
                tried(lambda: open({str(labels)!r}).read(1)[0]),
                tried(lambda: open({str(labels.parent / "new")!r}, "w")),
                tried(reach), tried(write_questions),
                tried(lambda: os.listdir({str(tmp_path)!r})),
                tried(lambda: os.kill({os.getpid()}, 0)),
                tried(lambda: open("/entry/guest.py", "a")),
            ]
            held = [os.readlink(f"/proc/self/fd/{{fd}}") for fd in range(20) if os.path.exists(f"/proc/self/fd/{{fd}}")]
            if any(reached) or any(not name.startswith(("pipe:", "socket:", "/memfd:")) for name in held):
                fail(str(reached) + str(held))
        """
        try:
            with stranger(monkeypatch, tmp_path / "model", body, hidden=(labels,)) as model:
                ask(model)
        finally:
            labels.unlink()

    def test_a_fresh_start_remembers_nothing(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        body = """
        def set_up():
            for place in ("/tmp/seen", "/dev/shm/seen"):
                if os.path.exists(place):
                    fail("seen before")
                open(place, "w").close()
        """
        for _ in range(2):
            with stranger(monkeypatch, tmp_path / "model", body) as model:
                ask(model)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, CLASSES))

    def forward(self, points: Tensor) -> Tensor:
        return self.layers(points)  # type: ignore[no-any-return]


def exported(folder: Path, module: nn.Module) -> Path:
    folder.mkdir()
    batch = torch.export.Dim("batch")
    program = torch.export.export(module.eval(), (torch.rand(2, *SHAPE),), dynamic_shapes=({0: batch},))
    torch.export.save(program, folder / "model.pt2")
    return folder


class TestExported:
    def test_a_program_answers_as_in_ones_own_process(self, tmp_path: Path) -> None:
        net, points = Net().eval(), images(6).requires_grad_()
        with serve(Serving(exported(tmp_path / "m", net), SHAPE, CLASSES, batch_size=BATCH)) as model:
            found = model(points)
            (gradient,) = torch.autograd.grad(found.logsumexp(1).sum(), points)
        (right,) = torch.autograd.grad(net(points).logsumexp(1).sum(), points)
        assert torch.allclose(found, net(points), atol=1e-6)
        assert torch.allclose(gradient, right, atol=1e-6)

    def test_what_is_no_program_is_told_so(self, tmp_path: Path) -> None:
        (tmp_path / "m").mkdir()
        (tmp_path / "m" / "model.pt2").write_bytes(b"some bytes")
        with (
            pytest.raises(ModelFailed, match=r"model\.pt2: is no exported program"),
            serve(Serving(tmp_path / "m", SHAPE, 3)),
        ):
            pass
