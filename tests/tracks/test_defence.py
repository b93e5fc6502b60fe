"""The defence track: what may be handed in, what a cheating model gets, and what rows become."""

import json
import struct
import sys
import textwrap
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal
from safetensors.torch import load_file, save_file
from torch import nn
from typer.testing import CliRunner

from tiltyard.cli.app import app
from tiltyard.contest.entry import write_zip
from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.run import Run, Step
from tiltyard.contest.track import Measured, Shard
from tiltyard.contest.verify import verify
from tiltyard.defences.pool import shipped_pools
from tiltyard.errors import EntryError, TiltyardError
from tiltyard.jail import served
from tiltyard.jail.served import Serving
from tiltyard.report.evaluation import report_html
from tiltyard.tracks.defence import Defence
from tiltyard.tracks.defence_challenge import DefenceChallenge, load_challenge
from tiltyard.tracks.defence_run import Trial
from tiltyard.tracks.defended import OwnNetwork, Program
from tiltyard.tracks.judge import AGAIN, NO_MAJORITY, judge, schedule
from tiltyard.tracks.witness import Questions, Witness
from tiltyard.vision.classifier import Classifier
from tiltyard.vision.data import digits
from tiltyard.vision.references import load_model

TRACK = Defence()
WEIGHTS = shipped_pools()["digits"].parent / "digits" / "fgsm_rs.safetensors"
ITEMS = 30
CHALLENGE = """
name = "small"
dataset = "digits"
eps = "{eps}"
classes = 10
batch_size = 16
forwards = 40
gradients = {gradients}
floor = {floor}
seconds = 60
model_seconds = 60
call_seconds = 20
memory_mib = 1024
attacks = [{attacks}]
[data]
reference = "digits"
items = {items}
"""


def challenge(
    folder: Path,
    *,
    attacks: str = '{name = "pgd"}',
    floor: float = 0.5,
    gradients: int = 20,
    items: int = ITEMS,
    eps: float = 0.1,
) -> DefenceChallenge:
    folder.mkdir(parents=True, exist_ok=True)
    text = CHALLENGE.format(attacks=attacks, floor=floor, gradients=gradients, items=items, eps=eps)
    (folder / "defence.toml").write_text(text)
    return load_challenge(str(folder / "defence.toml"))


def handed_in(folder: Path, *, architecture: str = "digits-cnn", **changed: torch.Tensor | None) -> Path:
    """A folder with the pool's weights, some of them replaced (`a__b` for `a.b`) or left out."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {**load_file(WEIGHTS), **{name.replace("__", "."): tensor for name, tensor in changed.items()}}
    save_file({name: tensor for name, tensor in state.items() if tensor is not None}, folder / "model.safetensors")
    (folder / "model.toml").write_text(f'architecture = "{architecture}"\n')
    return folder


def measure(entry: Path, data: DefenceChallenge, shard: int = 0, **run: Any) -> Measured:
    opened = TRACK.read(entry)
    return TRACK.measure(opened, TRACK.plan(opened, data)[shard], data, Run(**run))


@pytest.fixture(scope="module", autouse=True)
def quiet_threads() -> Iterator[None]:
    """What is asked here is small, and guests share the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


BIAS, KERNEL = "0__bias", "0__weight"


class TestEntries:
    def test_a_zip_and_a_folder_give_the_same_rows(self, tmp_path: Path) -> None:
        folder, data = handed_in(tmp_path / "model"), challenge(tmp_path, items=6, gradients=3)
        write_zip(tmp_path / "model.zip", {path.name: path.read_bytes() for path in folder.iterdir()})
        rows = measure(folder, data).rows
        assert_frame_equal(rows, measure(tmp_path / "model.zip", data).rows)
        assert rows["item"].to_list() == list(TRACK.cluster_values(data) or ())

    @pytest.mark.parametrize(
        ("changed", "rule"),
        [
            ({BIAS: None}, r"1 \('0\.bias'\) missing, none unexpected"),
            ({BIAS: torch.zeros(17)}, r"0\.bias is torch\.float32 \[17\], the network's is \[16\]"),
            ({BIAS: torch.full((16,), torch.nan)}, r"0\.bias holds NaN or infinite values"),
            ({BIAS: torch.full((16,), 1e300, dtype=torch.float64)}, r"0\.bias holds NaN or infinite values"),
            ({"extra": torch.zeros(1)}, r"1 \('extra'\) unexpected"),
        ],
    )
    def test_weights_of_another_network_are_refused_by_name(
        self, tmp_path: Path, changed: dict[str, torch.Tensor | None], rule: str
    ) -> None:
        with pytest.raises(EntryError, match=rf"^mine: member 'model\.safetensors': .*{rule}$"):
            TRACK.read(handed_in(tmp_path / "mine", **changed))

    def test_a_claim_that_the_file_does_not_hold_is_refused(self, tmp_path: Path) -> None:
        folder = handed_in(tmp_path / "mine")
        header = json.dumps({"0.weight": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 4 << 40]}}).encode()
        (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
        with pytest.raises(EntryError, match=r"member 'model\.safetensors': not a readable safetensors file"):
            TRACK.read(folder)

    def test_logits_of_another_size_do_not_blind_lance_and_too_large_ones_fail(self, tmp_path: Path) -> None:
        folder = handed_in(tmp_path / "mine")
        data = challenge(tmp_path, attacks='{name = "lance"}', items=12, gradients=60, eps=0.2)
        plain = measure(folder, data)
        weights = load_file(folder / "model.safetensors")
        for size, failure in ((1e9, ""), (1e30, "answers logits beyond ±1e+12")):
            scaled = weights | {name: weights[name] * size for name in ("7.weight", "7.bias")}
            save_file(scaled, folder / "model.safetensors")
            found = measure(folder, data)
            assert failure in found.facts["failure"]
            if not failure:
                assert found.facts["failure"] == ""
                assert not plain.rows["robust"].all()
                assert found.rows["robust"].equals(plain.rows["robust"])

    def test_another_format_under_the_name_of_safetensors_is_not_read(self, tmp_path: Path) -> None:
        folder = handed_in(tmp_path / "mine")
        (folder / "model.safetensors").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))
        with pytest.raises(EntryError, match=r"member 'model\.safetensors': not a readable safetensors file"):
            TRACK.read(folder)

    def test_a_long_description_is_not_parsed(self, tmp_path: Path) -> None:
        folder = handed_in(tmp_path / "mine")
        (folder / "model.toml").write_text("a." * 3000 + "a = 1")
        with pytest.raises(EntryError, match=r"'model\.toml': no valid TOML \(more than 4096 bytes\)"):
            TRACK.read(folder)

    def test_an_unknown_architecture_is_told_the_known_ones(self, tmp_path: Path) -> None:
        with pytest.raises(EntryError, match=r"'model\.toml': unknown architecture 'mine'; known are .*digits-cnn"):
            TRACK.read(handed_in(tmp_path / "mine", architecture="mine"))

    @pytest.mark.parametrize("name", ["model.pth", "weights.pt", "model.ckpt", "model.bin"])
    def test_a_pickled_file_is_refused_with_what_to_do(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"\x80\x02.")
        with pytest.raises(EntryError, match=r"a pickled file can run code .* safetensors\.torch\.save_file"):
            TRACK.read(tmp_path / name)
        folder = handed_in(tmp_path / "mine")
        (folder / name).write_bytes(b"\x80\x02.")
        with pytest.raises(EntryError, match=rf"member '{name}': a pickled file"):
            TRACK.read(folder)

    @pytest.mark.parametrize(
        ("members", "rule"),
        [
            ({}, r"holds model\.safetensors with model\.toml, or model\.pt2: one of the two"),
            ({"model.safetensors": b"", "model.pt2": b""}, "one of the two"),
            ({"model.safetensors": b""}, r"lacks model\.toml"),
            ({"model.safetensors": b"", "model.toml": b"", "train.py": b""}, r"'train\.py': the format allows only"),
            ({"model.safetensors": b"", "model.toml": b"a = ["}, r"'model\.toml': no valid TOML"),
            ({"model.safetensors": b"", "model.toml": b"code = 1"}, r"'model\.toml': architecture: Field required"),
            ({"model.pt2": b"nothing"}, r"'model\.pt2': no readable zip archive"),
        ],
    )
    def test_other_members_are_refused_by_name(self, tmp_path: Path, members: dict[str, bytes], rule: str) -> None:
        write_zip(tmp_path / "mine.zip", members)
        with pytest.raises(EntryError, match=f"^mine.zip: .*{rule}"):
            TRACK.read(tmp_path / "mine.zip")

    def test_a_program_that_unpacks_to_more_than_is_allowed_is_refused_unread(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tiltyard.tracks.defended.PROGRAM_BYTES", 1 << 20)
        with zipfile.ZipFile(tmp_path / "mine.pt2", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data", bytes(2 << 20))
        with pytest.raises(EntryError, match=r"^mine\.pt2: member 'model\.pt2': member 'data': more than the 1048576"):
            TRACK.read(tmp_path / "mine.pt2")


class TestChallenges:
    def test_the_shipped_one_attacks_with_the_strongest_that_there_are(self) -> None:
        labels = [attack.label for attack in load_challenge("digits").spec.attacks]
        assert labels == ["lance", "square"]

    @pytest.mark.parametrize(
        ("changed", "rule"),
        [
            ({"attacks": '{name = "nobody"}'}, "no attack named 'nobody'"),
            ({"attacks": '{entry = "attacks/gone.zip"}'}, r"\S+/attacks/gone\.zip: no such file or folder, and the"),
            ({"attacks": '{entry = "a.zip", name = "pgd"}'}, "either a name or an entry"),
            ({"attacks": '{name = "pgd"}, {name = "pgd"}'}, "two attacks have one label"),
            ({"attacks": ""}, "attacks: .*at least 1"),
            ({"floor": 2}, "floor: Input should be less than"),
        ],
    )
    def test_a_wrong_file_is_one_line(self, tmp_path: Path, changed: dict[str, Any], rule: str) -> None:
        with pytest.raises(TiltyardError, match=rule):
            challenge(tmp_path, **changed)

    def test_a_stored_attack_is_part_of_the_version(self, tmp_path: Path) -> None:
        versions = set()
        for text in ("a = 1", "a = 2"):
            (tmp_path / "old.py").write_text(text)
            versions.add(challenge(tmp_path, attacks='{entry = "old.py"}').version)
        assert len(versions) == 2


FACT = {
    "forwards": 1, "gradients": 1, "forwards_allowed": 1, "gradients_allowed": 1, "seconds": 1.0, "failure": "",
    "attack_failure": "", "items": 4, "clean_right": 3, "floor": 0.7,
}  # fmt: skip


def rows(attack: str, robust: Sequence[bool]) -> pl.DataFrame:
    clean = [True, True, True, False]
    return pl.DataFrame(
        {
            "item": list("abcd"),
            "attack": [attack] * 4,
            "label": [0] * 4,
            "predicted": [0 if right else 1 for right in clean],
            "robust": robust,
        }
    )


class TestScore:
    def test_an_item_is_robust_if_it_withstood_every_attack(self) -> None:
        both = pl.concat([rows("one", [True, True, False, False]), rows("two", [False, True, True, False])])
        score = TRACK.score(both, [{**FACT, "shard": "one"}, {**FACT, "shard": "two"}])
        assert score.values == {"score": 25.0, "clean": 75.0}
        assert [(part["name"], part["score"]) for part in score.parts] == [("one", 50.0), ("two", 50.0)]

    def test_an_item_that_is_drawn_twice_counts_twice(self) -> None:
        both = pl.concat([rows("one", [True, True, False, False]), rows("two", [True, True, True, False])])
        drawn = pl.concat([both.filter(pl.col("item") == name) for name in "aacd"])
        assert TRACK.score(drawn, [{**FACT, "shard": "one"}]).values["score"] == 50.0

    def test_below_the_floor_it_is_zero_and_said_why(self) -> None:
        score = TRACK.score(rows("one", [True] * 3 + [False]), [{**FACT, "shard": "one", "floor": 0.85}])
        assert (score.values["score"], score.values["clean"]) == (0.0, 75.0)
        assert score.reason == "clean accuracy 0.75 is below the floor 0.85"

    def test_the_floor_is_compared_over_all_items_not_over_a_part_of_the_rows(self) -> None:
        part = rows("one", [True, True, True, False]).tail(2)
        assert TRACK.score(part, [{**FACT, "shard": "one"}]).values == {"score": 50.0, "clean": 50.0}


class TestWeights:
    def test_evaluation_verifies_resumes_and_makes_a_report(self, tmp_path: Path) -> None:
        data = challenge(tmp_path, attacks='{name = "pgd"}, {name = "baseline"}', items=12, gradients=10)
        entry = TRACK.read(handed_in(tmp_path / "mine"))

        def interrupt(step: Step) -> None:
            if step.shard == "baseline":
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            evaluate_entry(TRACK, entry, data, Run(progress=interrupt), tmp_path / "out")
        found = evaluate_entry(TRACK, entry, data, Run(), tmp_path / "out", resume=True)
        whole = evaluate_entry(TRACK, entry, data, Run(), tmp_path / "whole")
        assert_frame_equal(found.rows, whole.rows)
        assert verify(tmp_path / "out") == []
        assert [part["name"] for part in found.record.parts] == ["pgd", "baseline"]
        assert found.record.values["clean"] >= found.record.values["score"] > 0
        assert "Defended models" in report_html(found)

    def test_a_model_below_the_floor_is_not_attacked_a_second_time(self, tmp_path: Path) -> None:
        data = challenge(tmp_path, attacks='{name = "baseline"}, {name = "pgd"}', floor=0.9, items=10, gradients=10)
        entry = TRACK.read(handed_in(tmp_path / "mine", **{KERNEL: torch.zeros(16, 1, 3, 3)}))
        found = evaluate_entry(TRACK, entry, data, Run(), tmp_path / "out")
        assert [fact["shard"] for fact in found.record.facts] == ["baseline"]
        assert found.record.values["score"] == 0
        assert found.record.reason.endswith("is below the floor 0.9")

    def test_a_model_for_other_images_fails_in_one_line(self, tmp_path: Path) -> None:
        data = challenge(tmp_path)
        trial = Trial(OwnNetwork(Classifier(nn.Conv2d(3, 4, 3).eval()), "cpu"), "pgd", data, Run())
        trial.go()
        found = trial.measured()
        assert found.facts["failure"].startswith("model does not take images of shape (1, 1, 8, 8)")
        assert found.rows.is_empty()
        assert TRACK.score(found.rows, [found.facts]).reason.startswith("under attack pgd: model does not take")


STORED = """
class Attacker:
    def __init__(self, model, batch_size, dataset, session): self.model = model
    def config(self, **kwargs): self.eps = kwargs["magnitude"]
    def batch_attack(self, xs, ys, ys_target=None):
        {body}
"""


class TestStoredAttacks:
    def test_they_run_in_a_jail_of_their_own_and_their_failure_is_not_the_models(
        self, tmp_path: Path, jail: None
    ) -> None:
        flip = "import numpy as np; return xs + self.eps * np.where(xs > 0.5, -1, 1).astype(np.float32)"
        crash = "1 / (len(xs) - 4); return 1 - xs"
        (tmp_path / "flip.py").write_text(STORED.format(body=flip))
        (tmp_path / "crash.py").write_text(STORED.format(body=crash))
        data = challenge(tmp_path, attacks='{entry = "flip.py"}, {entry = "crash.py"}', items=20)
        entry = handed_in(tmp_path / "mine")
        flipped, crashed = (measure(entry, data, shard) for shard in (0, 1))
        assert flipped.facts["own_forwards"] > 2 * 20
        assert flipped.facts["attack_failure"] == flipped.facts["failure"] == ""
        assert flipped.rows["distance"].to_list() == pytest.approx([0.1] * 20, rel=1e-4)
        assert crashed.facts["attack_failure"].startswith("ZeroDivisionError")
        assert crashed.facts["failure"] == ""
        assert (crashed.rows["distance"] > 0).to_list() == [True] * 16 + [False] * 4
        assert TRACK.score(crashed.rows, [crashed.facts]).reason == ""


GUEST = """
import json, socket, sys
import numpy as np
from tiltyard.jail.wire import HEADER, Kind, Layout, Memory, Message

base = np.load(sys.argv[4])
connection = socket.socket(fileno=int(sys.argv[1]))
answers, questions = Memory(int(sys.argv[2]), writable=True), Memory(int(sys.argv[3]), writable=False)
asked, seen, said = 0, np.zeros((0, 64), np.float32), np.zeros((0, 10), np.float32)


def received():
    return Message.unpack(connection.recv(HEADER.size))


def honest(x):
    return np.concatenate([x, np.ones((len(x), 1), np.float32)], 1) @ base


def logits(x):
    return honest(x)


def gradient(v):
    return v @ base[:64].T

{body}

facts = json.loads(questions.read_text(received().size))
layout = Layout(facts["capacity"], tuple(facts["x_shape"]), facts["classes"])
connection.send(Message(Kind.READY).pack())
while (question := received()).kind is not Kind.END:
    count = question.images
    if question.kind is Kind.LOGITS:
        asked += 1
        layout.per_class(answers, count)[:] = logits(layout.images(questions, count).reshape(count, -1).copy())
        connection.send(Message(Kind.LOGITS_ARE, images=count).pack())
    else:
        found = gradient(layout.per_class(questions, count).copy())
        layout.images(answers, count)[:] = found.reshape(count, 1, 8, 8)
        connection.send(Message(Kind.GRADIENT_IS, images=count).pack())
"""
LIE = """
def logits(x):
    own = honest(x)
    if asked > 8:
        own = np.tile(np.eye(10, dtype=np.float32)[0] * 5, (len(x), 1))
    {cover}
    return own
"""
"""What is asked so late, of so few items, is asked by the attack."""
CHEATS = {
    "remembers the clean images and answers for them near by": """
def logits(x):
    global seen, said
    own = honest(x)
    if len(seen):
        far = np.abs(x[:, None] - seen[None]).max(2)
        near = far.min(1) <= 0.0301
        own[near] = said[far.argmin(1)[near]]
    seen, said = np.concatenate([seen, x]), np.concatenate([said, own])
    return own
""",
    "answers nonsense while it is attacked": """
def logits(x):
    return honest(x) if asked < 6 else np.tile(np.arange(10, dtype=np.float32), (len(x), 1))
""",
    "answers otherwise until a gradient is asked for": """
attacked = False
def gradient(v):
    global attacked
    attacked = True
    return v @ base[:64].T
def logits(x):
    return honest(x) * (-1 if attacked else 1)
""",
    "lies to the attack behind a large constant": LIE.format(cover="own += 1e5"),
    "lies to the attack behind one loud answer": LIE.format(cover="own[x.sum(1) > 22.5, 0] += 1e6"),
    "lies to the attack behind a sacrificed class": LIE.format(cover="own[:, 9] = -1e6"),
}


@pytest.fixture(scope="module")
def linear() -> np.ndarray[Any, Any]:
    """The least-squares classifier of the training half, (65, 10) with its bias last."""
    train = digits("train")
    points = np.concatenate([train.images.reshape(len(train), -1), np.ones((len(train), 1))], 1)
    found, *_ = np.linalg.lstsq(points, np.eye(10)[train.labels], rcond=1e-6)
    return found.astype(np.float32)


class Linear(nn.Module):
    def __init__(self, base: np.ndarray[Any, Any]) -> None:
        super().__init__()
        self.register_buffer("base", torch.from_numpy(base))
        self.eval()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1) @ self.base[:64] + self.base[64]  # type: ignore[index,operator,no-any-return]


@contextmanager
def stranger(folder: Path, base: np.ndarray[Any, Any], data: DefenceChallenge, body: str = "") -> Iterator[Program]:
    """A program that speaks the wire itself, as one that broke out of torch would."""
    folder.mkdir()
    np.save(folder / "base.npy", base)
    (folder / "guest.py").write_text(GUEST.format(body=textwrap.dedent(body)))

    def command(descriptors: Sequence[int], place: str) -> list[str]:
        script, weights = (str(Path(place).with_name(name)) for name in ("guest.py", "base.npy"))
        return [sys.executable, "-I", "-u", script, *map(str, descriptors), weights]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(served, "program", command)
        limits, hidden = data.spec.model_limits(), data.files
        yield Program(Serving(folder, (1, 8, 8), 10, batch_size=16, hidden=hidden, limits=limits), "guest")


def tried(model: Program | OwnNetwork, data: DefenceChallenge) -> Measured:
    trial = Trial(model, "pgd", data, Run())
    trial.go()
    return trial.measured()


class InOwnProcess(nn.Module):
    """An exported program refuses `train` and `eval`, so it is no part of this module."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.program = [load_model(str(path))]
        self.eval()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.program[0](images)


class TestPrograms:
    def test_an_honest_one_gives_the_rows_that_it_gives_in_ones_own_process(
        self, tmp_path: Path, jail: None, linear: np.ndarray[Any, Any]
    ) -> None:
        data = challenge(tmp_path, eps=0.03)
        with stranger(tmp_path / "model", linear, data) as program:
            there = tried(program, data)
        here = tried(OwnNetwork(Classifier(Linear(linear)), "cpu"), data)
        assert (there.facts["failure"], there.facts["answered_differently"]) == ("", 0)
        assert there.facts["asked_again"] == here.facts["asked_again"] > ITEMS // 2
        assert_frame_equal(there.rows, here.rows, abs_tol=1e-5)
        robust = there.rows["robust"].sum()
        assert 0 < robust < (there.rows["predicted"] == there.rows["label"]).sum()
        assert (there.facts["forwards"], there.facts["gradients"]) == (here.facts["forwards"], here.facts["gradients"])

    def test_an_exported_one_gives_the_same_rows_too(
        self, tmp_path: Path, jail: None, linear: np.ndarray[Any, Any]
    ) -> None:
        batch = torch.export.Dim("batch")
        exported = torch.export.export(Linear(linear), (torch.rand(2, 1, 8, 8),), dynamic_shapes=({0: batch},))
        torch.export.save(exported, tmp_path / "mine.pt2")
        data = challenge(tmp_path, items=12, gradients=3, eps=0.03)
        there = measure(tmp_path / "mine.pt2", data)
        here = tried(OwnNetwork(Classifier(InOwnProcess(tmp_path / "mine.pt2")), "cpu"), data)
        assert there.facts["failure"] == ""
        assert_frame_equal(there.rows, here.rows, abs_tol=1e-6)

    @pytest.mark.parametrize("how", CHEATS)
    def test_one_that_answers_the_attack_and_the_judge_differently_scores_zero(
        self, tmp_path: Path, jail: None, linear: np.ndarray[Any, Any], how: str
    ) -> None:
        data = challenge(tmp_path, gradients=30, eps=0.03)
        with stranger(tmp_path / "model", linear, data, CHEATS[how]) as program:
            found = tried(program, data)
        assert "differently when asked again" in found.facts["failure"]
        assert found.rows.is_empty()
        assert TRACK.score(found.rows, [found.facts]).values["score"] == 0

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ("def logits(x): return honest(x) * asked", "answers the same images differently"),
            ("def logits(x): return honest(x - x.mean(0) + 0.3)", "depends on what else is in the batch"),
            ("def logits(x): return honest(x) / (asked < 5)", "answers logits with NaN or infinite values"),
            ("def logits(x): return 3e38 * np.clip(honest(x), -1, 1)", "answers logits beyond ±1e+12"),
        ],
    )
    def test_one_that_is_no_function_of_an_image_is_refused(
        self, tmp_path: Path, jail: None, linear: np.ndarray[Any, Any], body: str, reason: str
    ) -> None:
        data = challenge(tmp_path, eps=0.03)
        with stranger(tmp_path / "model", linear, data, body) as program:
            assert reason in tried(program, data).facts["failure"]

    def test_masked_gradients_are_a_defence_and_allowed(
        self, tmp_path: Path, jail: None, linear: np.ndarray[Any, Any]
    ) -> None:
        data = challenge(tmp_path, eps=0.03)
        with stranger(tmp_path / "model", linear, data, "def gradient(v): return np.zeros((len(v), 64))") as program:
            found = tried(program, data)
        assert found.facts["failure"] == ""
        assert found.rows["robust"].any()


class Noticing(nn.Module):
    """Notes what a visit asks before anything else, and how many questions it asks."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.visits: list[list[torch.Tensor]] = []
        self.eval()

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        self.visits[-1].append(points.detach().clone())
        logits: torch.Tensor = self.module(points)
        return logits


class Visited(OwnNetwork):
    @contextmanager
    def visit(self) -> Iterator[Classifier]:
        self.classifier.module.visits.append([])  # type: ignore[union-attr,operator]
        yield self.classifier


class Noisy(nn.Module):
    """A linear network behind Gaussian noise."""

    def __init__(self, base: np.ndarray[Any, Any], deviation: float) -> None:
        super().__init__()
        self.linear, self.deviation = Linear(base), deviation
        self.eval()

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.linear(points + self.deviation * torch.randn_like(points))
        return logits


class TestVisits:
    def test_all_begin_with_the_same_questions_none_of_which_is_an_item(
        self, tmp_path: Path, linear: np.ndarray[Any, Any]
    ) -> None:
        data, module = challenge(tmp_path, gradients=3), Noticing(Linear(linear))
        assert tried(Visited(Classifier(module), "cpu"), data).facts["failure"] == ""
        first, *others = module.visits
        opening = [len(points) for points in first[:4]]
        assert opening == [1, 4, 4, 1]
        assert len(others) == 3
        for visit in others:
            assert all(torch.equal(one, other) for one, other in zip(first[:4], visit[:4], strict=True))
        far = torch.cdist(first[1].flatten(1), data.images.tensor().flatten(1), p=torch.inf)
        assert float(far.min()) > data.spec.eps


class TestRandomisedNetworks:
    def test_one_seed_gives_one_result_and_leaves_the_global_generator_alone(
        self, tmp_path: Path, linear: np.ndarray[Any, Any]
    ) -> None:
        data = challenge(tmp_path, gradients=5, eps=0.03)
        found = []
        for start in (1, 2):
            torch.manual_seed(start)
            found.append(tried(OwnNetwork(Classifier(Noisy(linear, 0.1)), "cpu"), data))
            after = torch.rand(3)
            torch.manual_seed(start)
            assert torch.equal(after, torch.rand(3))
        assert_frame_equal(found[0].rows, found[1].rows)
        assert (found[0].facts["draws"], found[0].facts["deterministic"]) == (10, False)

    def test_an_item_counts_as_right_where_most_draws_are(self, tmp_path: Path, linear: np.ndarray[Any, Any]) -> None:
        data = challenge(tmp_path, attacks='{name = "pgd"}', gradients=0, eps=0.0)
        module = Noisy(linear, 0.03)
        rows = tried(OwnNetwork(Classifier(module), "cpu"), data).rows
        points, labels = data.images.tensor(), torch.from_numpy(data.images.labels)
        torch.manual_seed(0)
        share = torch.stack([module(points).argmax(1) == labels for _ in range(300)]).float().mean(0).numpy()
        robust = rows["robust"].to_numpy()
        assert robust[share > 0.9].all()
        assert not robust[share < 0.3].any()
        assert (share > 0.9).any()
        assert (share < 0.3).any()

    def test_half_of_the_draws_is_no_majority(self) -> None:
        clean = torch.zeros(6, 1, 8, 8)
        again = Questions(clean, torch.zeros(6, 2), torch.zeros(6, dtype=torch.bool))
        for wins, expected in ((5, NO_MAJORITY), (6, 1), (4, 0)):
            asked = Turns(wins)
            verdict = judge(lambda asked=asked: nullcontext(Classifier(asked)), clean, clean, again,
                            batch_size=6, device="cpu", seed=0, draws=10)  # fmt: skip
            assert verdict.predicted.tolist() == verdict.attacked.tolist() == [expected] * 6

    def test_a_network_that_draws_nothing_is_asked_once(self, tmp_path: Path, linear: np.ndarray[Any, Any]) -> None:
        data = challenge(tmp_path, gradients=2)
        assert tried(OwnNetwork(Classifier(Linear(linear)), "cpu"), data).facts["draws"] == 1


class Turns(nn.Module):
    """Answers class 1 in the first `wins` of every ten calls, class 0 in the rest."""

    def __init__(self, wins: int) -> None:
        super().__init__()
        self.wins, self.calls = wins, 0
        self.eval()

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        winner = int((self.calls - 1) % 10 < self.wins)
        return torch.eye(2)[[winner]].repeat(len(points), 1)


class TestJudge:
    def test_over_three_visits_every_item_is_shown_once_in_each_guise(self) -> None:
        visits = schedule(31, 5)
        assert {len(set(order)) for _, order in visits} == {31}
        assert all(sorted(shown[item] for shown, _ in visits) == [0, 1, 2] for item in range(31))
        counts = [shown.count(guise) for shown, _ in visits for guise in range(AGAIN + 1)]
        assert set(counts) <= {10, 11}

    def test_a_sample_of_questions_is_uniform_over_all_that_were_asked(self) -> None:
        times = torch.zeros(40)
        for seed in range(400):
            witness = Witness(nn.Flatten(), classes=1, room=8, seed=seed)
            for part in torch.arange(40.0).view(-1, 1).split(7):
                witness(part)
            kept, answers = witness.sample()
            assert torch.equal(kept, answers)
            times[kept[:, 0].long()] += 1
        assert float(times.sum()) == 400 * 8
        assert 45 < float(times.min()) <= float(times.max()) < 120


def test_the_command_line_scores_the_starter_and_says_what_is_wrong(tmp_path: Path) -> None:
    runner, folder = CliRunner(), str(tmp_path / "entry")
    assert runner.invoke(app, ["new", "defence", folder]).exit_code == 0
    out = [str(tmp_path / name) for name in ("out", "out.json")]
    done = runner.invoke(app, ["run", "defence", folder, "--items", "5", "--out", out[0], "--json", out[1]])
    assert done.exit_code == 0, done.output
    result = json.loads(Path(out[1]).read_text())
    assert (result["status"], result["attacks"][0]["name"], result["challenge"]) == (
        "scored",
        "lance",
        "digits (first 5)",
    )
    assert "clean accuracy" in done.output
    failed = runner.invoke(app, ["run", "defence", folder, "--challenge", "nobody"])
    assert str(failed.exception) == "no challenge nobody: name a file, or one of digits"


def test_a_shard_is_one_attack(tmp_path: Path) -> None:
    data = challenge(tmp_path, attacks='{name = "pgd"}, {name = "baseline", label = "ten-steps"}')
    assert TRACK.plan(TRACK.read(handed_in(tmp_path / "mine")), data) == [
        Shard("pgd", ITEMS),
        Shard("ten-steps", ITEMS),
    ]
