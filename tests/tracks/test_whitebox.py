"""The white-box contest: every kind of entry, what an attack is told, and what its rows become."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tiltyard.attacks.catalogue import LIBRARIES, find_attack
from tiltyard.attacks.draws import derived
from tiltyard.contest.budget import Budget
from tiltyard.contest.entry import Entry
from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.run import Run, Step
from tiltyard.contest.track import Measured
from tiltyard.defences.pool import Pool, load_pool
from tiltyard.errors import EntryError, JailUnavailable, ReferenceFailed
from tiltyard.jail.doctor import require_jail
from tiltyard.tracks.whitebox import WhiteBox

TRACK = WhiteBox()
ITEMS = 6
NETWORK = '''
import torch
from torch import nn


class Lines(nn.Module):
    """Two linear classifiers in one: class 1 where the first pixel is bright, unless the second says otherwise."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.bounds = (low, high)
        self.linear = nn.Linear(4, 3)
        with torch.no_grad():
            self.linear.weight.copy_(torch.tensor([[-6.0, 0, 0, 0], [6.0, 0, 0, 0], [0, 1.0, 1.0, 0]]))
            self.linear.bias.copy_(torch.tensor([3.0, -3.0, -2.0]))

    def forward(self, images):
        low, high = self.bounds
        return self.linear((images.flatten(1) - low) / (high - low))


class Coin(nn.Module):
    """Class 1 where the first pixel is bright or, by a coin thrown for every image, where it is dark."""

    def forward(self, images):
        side = 2 * torch.randint(2, (len(images),)) - 1
        bright = (images[:, 0, 0, 0] - 0.5) * side
        return torch.stack([-bright, bright, torch.full_like(bright, -1)], 1)


def coin():
    return Coin().eval()


def unit():
    return Lines(0.0, 1.0).eval()


def bytes_():
    return Lines(0.0, 255.0).eval()
'''
MODEL = """
[[models]]
name = "{name}"
reference = "net.py:{function}"
data = "some"
dataset = "lines"
eps = "{eps}"
range = [{low}, {high}]
batch_size = 4
forwards = {forwards}
gradients = {gradients}
"""
NOTHING = "return xs"
ASCENT = """
        x = torch.from_numpy(xs).requires_grad_()
        F.cross_entropy(self.model(x), torch.from_numpy(ys), reduction="sum").backward()
        return xs + 2 * self.magnitude * x.grad.sign().numpy()
"""
CODE = """
import numpy as np
import torch
import torch.nn.functional as F


class Attacker:
    def __init__(self, model, batch_size, dataset, session):
        self.model = model
        print(batch_size, dataset, session, model.x_min, model.x_max, tuple(model.x_shape))

    def config(self, **kwargs):
        print(kwargs)
        self.magnitude = kwargs["magnitude"]

    def batch_attack(self, xs, ys, ys_target):
        print(type(xs).__name__, xs.dtype, xs.shape, ys.dtype, ys_target)
        {body}
"""


FORESEEING = """
        from hashlib import sha256
        def hashed(text):
            return int.from_bytes(sha256(text.encode()).digest()[:7])
        seed, place = torch.initial_seed(), getattr(self, "place", 0)
        self.place = place + len(xs)
        own, before = {stream}
        coins = torch.Generator().manual_seed(own)
        for size in before:
            torch.randint(2, (size,), generator=coins)
        thrown = torch.randint(2, (len(xs),), generator=coins).numpy()
        found = xs.copy()
        found[:, 0, 0, 0] = 0.5 + 0.3 * (2 * (thrown != ys) - 1)
        return found
"""
"""Throws the coins of `Coin` as the judge will: `stream` is the seed, and how many coins earlier calls throw."""


@pytest.fixture(scope="module", autouse=True)
def jail() -> None:
    try:
        require_jail()
    except JailUnavailable as reason:
        pytest.skip(str(reason))


def lines_pool(
    folder: Path, functions: Sequence[str] = ("unit",), *, eps: str = "1/10", seconds: float = 600, **budget: float
) -> Pool:
    """Six images; the first pixel decides, and is 0.02, 0.3, 0.49, 0.51, 0.7, 0.9; the second label is wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.py").write_text(NETWORK)
    images = np.zeros((ITEMS, 1, 2, 2), np.float32)
    images[:, 0, 0, 0] = [0.02, 0.3, 0.49, 0.51, 0.7, 0.9]
    np.savez(folder / "some.npz", images=images, labels=np.array([0, 1, 0, 1, 1, 1]))
    text = f'name = "lines"\nseconds = {seconds}\n[data.some]\nreference = "some.npz"\n'
    for index, function in enumerate(functions):
        low, high = (0, 255) if function == "bytes_" else (0, 1)
        text += MODEL.format(
            name=f"{function}{index}", function=function, eps=eps, low=low, high=high,
            forwards=budget.get("forwards", 200), gradients=budget.get("gradients", 100),
        )  # fmt: skip
    (folder / "pool.toml").write_text(text)
    return load_pool(str(folder / "pool.toml"))


def code(body: str = NOTHING) -> str:
    return CODE.format(body=body.strip())


def entry(folder: Path, body: str = NOTHING) -> Entry:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.py").write_text(code(body))
    return TRACK.read(folder / "mine.py")


def measure(handed_in: Entry, pool: Pool, shard: int = 0, **run: Any) -> Measured:
    return TRACK.measure(handed_in, TRACK.plan(handed_in, pool)[shard], pool, Run(**run))


def log_of(found: Measured) -> list[str]:
    (log,) = [content for name, content in found.artefacts.items() if name.endswith(".log")]
    return log.decode().splitlines()


def zipped(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def written(folder: Path, members: dict[str, str]) -> Path:
    for name, content in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


HELPED = "from .help import Attacker\n"
KINDS = {
    "a zip with the package": ("zip", {"attacker/__init__.py": HELPED, "attacker/help.py": code()}),
    "a zip of the package's content": ("zip", {"__init__.py": HELPED, "help.py": code(), "data/notes.txt": "x"}),
    "a folder with the package": ("folder", {"attacker/__init__.py": HELPED, "attacker/help.py": code()}),
    "a package whose class is in attacker/attacker.py": (
        "zip",
        {"attacker/__init__.py": "", "attacker/attacker.py": "from attacker.help import Attacker", "attacker/help.py":
         code()},
    ),
    "attacker/attacker.py alone": ("folder", {"attacker/attacker.py": code()}),
    "a single file": ("file", {"any name.py": code()}),
}  # fmt: skip


class TestEntries:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_kind_of_entry_runs(self, tmp_path: Path, kind: str) -> None:
        how, members = KINDS[kind]
        path = tmp_path / "entry"
        if how == "zip":
            path = zipped(tmp_path / "entry.zip", members)
        else:
            path = written(path, members) / (next(iter(members)) if how == "file" else "")
        found = measure(TRACK.read(path), lines_pool(tmp_path / "pool"))
        assert found.facts["failure"] == ""
        assert len(found.rows) == ITEMS

    @pytest.mark.parametrize("members", [{"README.md": "x"}, {"code/attacker.py": "x"}, {"attacker/main.py": "x"}])
    def test_an_entry_without_an_attacker_is_refused_by_name(self, tmp_path: Path, members: dict[str, str]) -> None:
        with pytest.raises(EntryError, match=r"lacks attacker/__init__\.py or"):
            TRACK.read(zipped(tmp_path / "entry.zip", members))

    def test_other_files_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "attacker.txt").write_text("x")
        with pytest.raises(EntryError, match=r"type \.zip, \.py"):
            TRACK.read(tmp_path / "attacker.txt")

    def test_a_zip_and_its_folder_differ_in_digest_and_the_same_zip_does_not(self, tmp_path: Path) -> None:
        members = {"attacker/__init__.py": code()}
        first, second = zipped(tmp_path / "a.zip", members), written(tmp_path / "b", members)
        assert TRACK.read(first).digest == TRACK.read(first).digest != TRACK.read(second).digest


class TestWhatAnAttackIsTold:
    def test_model_range_magnitude_and_no_targets(self, tmp_path: Path) -> None:
        found = measure(entry(tmp_path), lines_pool(tmp_path, ("bytes_",)))
        assert log_of(found) == [
            "4 lines None 0.0 255.0 (1, 2, 2)",
            "{'magnitude': 25.5}",
            "ndarray float32 (4, 1, 2, 2) int64 None",
            "ndarray float32 (2, 1, 2, 2) int64 None",
        ]
        assert (found.facts["eps"], found.facts["items"], found.facts["norm"]) == (25.5, ITEMS, "linf")


class TestScoring:
    def test_a_model_over_0_to_255_is_attacked_as_the_same_model_over_0_to_1(self, tmp_path: Path) -> None:
        """0.49 and 0.51 lie within 0.1 of the border at 0.5; 0.3 is labelled wrongly and counts as it is."""
        pool = lines_pool(tmp_path, ("unit", "bytes_"))
        handed_in = entry(tmp_path, ASCENT)
        unit, scaled = (measure(handed_in, pool, shard) for shard in (0, 1))
        for found, span in ((unit, 1.0), (scaled, 255.0)):
            rows = found.rows
            assert rows["misclassified"].to_list() == [False, True, True, True, False, False]
            assert rows["predicted"].to_list() == [0, 0, 0, 1, 1, 1]
            assert rows["clipped"].all()
            assert rows["distance"].to_list() == pytest.approx([0.1 * span] * ITEMS, rel=1e-5)
            assert found.facts["forwards"] == found.facts["gradients"] == ITEMS
        score = TRACK.score(pl.concat([unit.rows, scaled.rows]), [unit.facts, scaled.facts])
        assert score.values["score"] == pytest.approx(50.0)
        assert [(part["name"], part["score"]) for part in score.parts] == [("unit0", 50.0), ("bytes_1", 50.0)]
        assert set(unit.artefacts) == {"unit0.log", "unit0.npz"}

    def test_an_attack_that_does_nothing_scores_the_clean_mistakes(self, tmp_path: Path) -> None:
        found = measure(entry(tmp_path), lines_pool(tmp_path))
        score = TRACK.score(found.rows, [found.facts])
        assert score.values["score"] == pytest.approx(100 / ITEMS)
        assert found.rows["item"].to_list() == [f"some/{index:05d}" for index in range(ITEMS)]
        assert found.rows["item"].to_list() == list(TRACK.cluster_values(lines_pool(tmp_path)) or ())
        assert found.rows.filter("misclassified")["item"].to_list() == ["some/00001"]
        assert not found.rows["clipped"].any()

    @pytest.mark.parametrize(("forwards", "gradients"), [(3, 2), (0.5, 0.5), (2.4, 0)])
    def test_a_budget_is_the_total_over_a_models_images(
        self, tmp_path: Path, forwards: float, gradients: float
    ) -> None:
        pool = lines_pool(tmp_path, ("unit", "unit"), forwards=forwards, gradients=gradients)
        for model in pool.spec.models:
            assert model.budget(ITEMS) == Budget(int(forwards * ITEMS), int(gradients * ITEMS))

    def test_what_one_batch_saves_another_may_spend(self, tmp_path: Path) -> None:
        pool = lines_pool(tmp_path, forwards=2, gradients=0)
        spender = "[self.model.logits(xs) for _ in range(6 if len(xs) == 2 else 0)]\n        return xs"
        facts = measure(entry(tmp_path, spender), pool).facts
        assert (facts["forwards"], facts["forwards_allowed"], facts["over_budget"]) == (12, 12, False)

    def test_all_models_together_have_one_time_limit(self) -> None:
        rows = pl.DataFrame({"model": ["a", "b"], "misclassified": [True, True]})
        facts = [{**FACT, "shard": name, "seconds": 6.0, "seconds_allowed": 10.0} for name in ("a", "b")]
        assert TRACK.score(rows.head(1), facts[:1]).values["score"] == 100
        score = TRACK.score(rows, facts)
        assert score.values["score"] == 0
        assert score.reason == "time limit: all models together took 12 s, 10 s are allowed"

    def test_a_model_that_takes_the_whole_time_fails_the_entry(self, tmp_path: Path) -> None:
        found = measure(entry(tmp_path), lines_pool(tmp_path, seconds=0.1))
        assert found.facts["failure"] == "time limit: the run took more than 0.1 s"
        assert TRACK.score(found.rows, [found.facts]).reason == "model unit0: time limit: the run took more than 0.1 s"


FACT = {
    "failure": "",
    "forwards": 0,
    "gradients": 0,
    "forwards_allowed": 1,
    "gradients_allowed": 1,
    "items": 1,
}


class TestEvaluations:
    def test_a_failure_stops_before_the_next_model(self, tmp_path: Path) -> None:
        pool = lines_pool(tmp_path / "pool", ("unit", "unit"))
        found = evaluate_entry(TRACK, entry(tmp_path, "1 / 0"), pool, Run(), tmp_path / "out")
        assert [fact["shard"] for fact in found.record.facts] == ["unit0"]
        assert found.record.status == "failed"
        assert found.record.values == {"score": 0.0}
        assert found.record.reason.startswith("model unit0: ZeroDivisionError: division by zero (line ")
        assert [part["name"] for part in found.record.parts] == ["unit0"]

    def test_an_interrupted_run_is_finished_to_the_same_rows(self, tmp_path: Path) -> None:
        pool = lines_pool(tmp_path / "pool", ("unit", "bytes_"), eps="1/100")
        noise = "return xs + np.float32(self.magnitude) * (2 * np.random.rand(*xs.shape).astype(np.float32) - 1)"
        handed_in = entry(tmp_path, noise)

        def interrupt(step: Step) -> None:
            if step.shard == "bytes_1":
                raise KeyboardInterrupt

        whole = evaluate_entry(TRACK, handed_in, pool, Run(seed=5), tmp_path / "whole")
        with pytest.raises(KeyboardInterrupt):
            evaluate_entry(TRACK, handed_in, pool, Run(seed=5, progress=interrupt), tmp_path / "part")
        steps: list[Step] = []
        run = Run(seed=5, progress=steps.append)
        resumed = evaluate_entry(TRACK, handed_in, pool, run, tmp_path / "part", resume=True)
        assert {step.shard for step in steps} == {"bytes_1"}
        assert [(step.done, step.total) for step in steps] == [(4, 6), (6, 6)]
        assert_frame_equal(resumed.rows, whole.rows)
        assert resumed.record.values == whole.record.values

    def test_trust_is_written_into_the_evaluation(self, tmp_path: Path) -> None:
        pool = lines_pool(tmp_path / "pool")
        trusted = evaluate_entry(TRACK, entry(tmp_path, ASCENT), pool, Run(trust=True), tmp_path / "out")
        assert trusted.record.identity.trust
        assert [fact["jailed"] for fact in trusted.record.facts] == [False]
        assert trusted.record.values["score"] == pytest.approx(50)


NAMED = [
    "lance",
    "autoattack",
    "pgd",
    "baseline",
    "foolbox:LinfPGD",
    "torchattacks:PGD",
    "art:ProjectedGradientDescentPyTorch",
]


class TestNamedEntries:
    @pytest.mark.parametrize("name", NAMED)
    def test_a_named_attack_runs_in_the_jail_and_breaks_what_can_be_broken(self, tmp_path: Path, name: str) -> None:
        if name.partition(":")[0] in LIBRARIES:
            try:
                find_attack(name)
            except ReferenceFailed as absent:
                pytest.skip(str(absent))
        pool = lines_pool(tmp_path, ("bytes_",), eps="1/50", forwards=800, gradients=400)
        # Foolbox's forty steps go 1.3 eps: from the far side of the ball they do not reach what can be broken
        found = measure(TRACK.named(name), pool, seed=2)
        assert found.facts["failure"] == ""
        assert found.facts["jailed"]
        assert found.rows["misclassified"].to_list() == [False, True, True, True, False, False]
        assert 0 < found.facts["gradients"] <= found.facts["gradients_allowed"]
        # float32 on 0–255: half a unit in the last place of 255
        assert found.rows["distance"].max() <= 5.1 + 2e-5  # type: ignore[operator]

    @pytest.mark.parametrize("name", ["lance", "autoattack"])
    def test_an_attack_finds_the_same_through_the_oracle_as_in_one_process(self, name: str) -> None:
        pool = load_pool("digits-small", items=30)
        shard = TRACK.plan(TRACK.named(name), pool)[1]
        jailed, direct = (TRACK.measure(TRACK.named(name), shard, pool, Run(trust=trust)) for trust in (False, True))
        assert jailed.facts["failure"] == ""
        assert_frame_equal(jailed.rows, direct.rows)
        spent = [(found.facts["forwards"], found.facts["gradients"]) for found in (jailed, direct)]
        assert spent[0] == spent[1]

    def test_the_foreseeing_attack_is_right_where_it_knows_the_seed_of_the_verdict(self, tmp_path: Path) -> None:
        pool = lines_pool(tmp_path / "pool", ("coin",), eps="1")
        own = derived(5, pool.version, "coin0")
        stream = f"hashed(f'{own}|the verdict on {{place}}'), [len(xs)]"
        found = measure(entry(tmp_path, FORESEEING.format(stream=stream)), pool, seed=5)
        assert found.facts["failure"] == ""
        assert found.rows["misclassified"].all()

    @pytest.mark.parametrize(
        "stream",
        [
            "{queries}, [1, 4, 4, 1]",
            "{queries}, [1, 4, 4, 1, *([4, 4] if place else []), len(xs)]",
            "hashed(f'{{seed}}|the verdict on {{place}}'), [len(xs)]",
            "hashed('%d|the verdict on %d' % (hashed(f'{{seed}}|{version}|coin0'), place)), [len(xs)]",
            "hashed(f'5|the verdict on {{place}}'), [len(xs)]",
        ],
        ids=[
            "the numbers after those of its queries",
            "and after the verdict on the batches before",
            "its own seed",
            "its own seed and all files of the pool",
            "the run's seed",
        ],
    )
    def test_an_attack_cannot_foresee_what_a_randomised_model_will_answer(self, tmp_path: Path, stream: str) -> None:
        """Not even one that has found, by its queries, the seed from which the model draws under attack."""
        pool = lines_pool(tmp_path / "pool", ("coin",), eps="1")
        queries = derived(derived(5, pool.version, "coin0"), "the model's answers")
        code = FORESEEING.format(stream=stream.format(queries=queries, version=pool.version))
        found = measure(entry(tmp_path, code), pool, seed=5)
        assert found.facts["failure"] == ""
        assert not found.rows["misclassified"].all()

    def test_a_named_attack_follows_the_runs_seed(self, tmp_path: Path) -> None:
        pool = lines_pool(tmp_path, eps="1/100", gradients=2, forwards=4)
        runs = [measure(TRACK.named("pgd"), pool, seed=seed).rows for seed in (1, 2)]
        assert runs[0]["distance"].to_list() != runs[1]["distance"].to_list()
