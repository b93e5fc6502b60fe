"""The tracks `forgery` and `forgery_maps`: their rules against plain loops, their refusals, the truth folder."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import f1_score, jaccard_score, roc_auc_score

from small_forgery import SHAPE, png, shifted, softened, true_masks, write_entry, write_truth
from tiltyard.contest.board import board
from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.evaluation import Evaluation
from tiltyard.contest.executor import Processes
from tiltyard.contest.run import Run
from tiltyard.contest.track import Facts, Score, Track
from tiltyard.contest.verify import verify
from tiltyard.errors import EntryError, TiltyardError
from tiltyard.forensics.truth_folder import TruthFolder, read_truth
from tiltyard.tracks import forgery_run
from tiltyard.tracks.forgery import Forgery
from tiltyard.tracks.forgery_maps import ForgeryMaps

COUNT = 30


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgery_run, "SHARD_IMAGES", 8)


@pytest.fixture(scope="module")
def truth_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("truth") / "small"
    write_truth(folder, COUNT)
    return folder


@pytest.fixture
def truth(truth_folder: Path) -> TruthFolder:
    return read_truth(truth_folder)


def evaluated(track: Track, entry: Path, truth: TruthFolder, out: Path) -> Evaluation:
    return evaluate_entry(track, track.read(entry), truth, Run(), out)


def scored(track: Track, entry: Path, truth: TruthFolder) -> Score:
    """The score alone, without the hundreds of resamples of an evaluation."""
    return track.score(*measured(track, entry, truth))


def measured(track: Track, entry: Path, truth: TruthFolder) -> tuple[pl.DataFrame, Facts]:
    opened = track.read(entry)
    found = [track.measure(opened, shard, truth, Run()) for shard in track.plan(opened, truth)]
    return pl.concat([shard.rows for shard in found]), [shard.facts for shard in found]


def refusal(track: Track, entry: Path, truth: TruthFolder) -> str:
    with pytest.raises(EntryError) as caught:
        scored(track, entry, truth)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def finished(truth_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Masks a little aside, evaluated here and in one go."""
    folder = tmp_path_factory.mktemp("finished")
    entry = write_entry(folder / "m.zip", true_masks(COUNT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forgery_run, "SHARD_IMAGES", 8)
        return evaluated(Forgery(), entry, read_truth(truth_folder), folder / "out")


class TestMasks:
    def test_score_is_the_sum_over_images_of_what_scikit_learn_finds(self, finished: Evaluation) -> None:
        masks, found = true_masks(COUNT), finished
        pairs = [(mask.ravel(), (shifted(mask) > 0).ravel()) for mask in masks.values()]
        f1 = [f1_score(*pair, zero_division=0) for pair in pairs]
        iou = [jaccard_score(*pair, zero_division=1) for pair in pairs]
        values = found.record.values
        assert values["score"] == pytest.approx(sum(f1) + sum(iou))
        assert values["mean"] == pytest.approx((sum(f1) + sum(iou)) / COUNT)
        assert (values["f1"], values["iou"]) == pytest.approx((np.mean(f1), np.mean(iou)))
        assert verify(found.folder) == []

    @pytest.mark.parametrize(("rule", "empty"), [("iou", 1), ("both", 2), ("none", 0)])
    def test_the_truth_itself_scores_two_an_image_and_authentic_ones_by_the_rule(
        self, rule: str, empty: int, truth: TruthFolder, tmp_path: Path
    ) -> None:
        entry = write_entry(tmp_path / "m.zip", true_masks(COUNT), lambda mask: mask * 255)
        found = scored(Forgery(), entry, truth.with_rules(empty=rule))  # type: ignore[arg-type]
        assert found.values["score"] == pytest.approx(2 * 20 + empty * 10)

    def test_the_sources_of_the_truth_are_those_of_the_rows(self, finished: Evaluation, truth: TruthFolder) -> None:
        assert list(Forgery().cluster_values(truth) or ()) == finished.rows["source"].to_list()
        assert list(ForgeryMaps().cluster_values(truth) or ()) == finished.rows["source"].to_list()

    def test_a_folder_scores_like_a_zip(self, truth: TruthFolder, tmp_path: Path) -> None:
        entry = write_entry(tmp_path / "m.zip", true_masks(COUNT))
        shutil.unpack_archive(entry, tmp_path / "m")
        scores = [scored(Forgery(), path, truth).values for path in (entry, tmp_path / "m")]
        assert scores[0] == scores[1]

    def test_rows_are_the_same_from_several_processes_and_after_an_interruption(
        self, truth: TruthFolder, tmp_path: Path, finished: Evaluation
    ) -> None:
        track, entry = Forgery(), Forgery().read(write_entry(tmp_path / "m.zip", true_masks(COUNT)))
        spread = evaluate_entry(track, entry, truth, Run(), tmp_path / "spread", executor=Processes(2))
        with pytest.raises(KeyboardInterrupt):
            evaluate_entry(track, entry, truth, Run(progress=interrupt_late), tmp_path / "resumed")
        resumed = evaluate_entry(track, entry, truth, Run(), tmp_path / "resumed", resume=True)
        assert spread.rows.equals(finished.rows)
        assert resumed.rows.equals(finished.rows)

    def test_parts_are_means_by_kind_and_family(self, truth: TruthFolder, tmp_path: Path) -> None:
        rows, facts = measured(Forgery(), write_entry(tmp_path / "m.zip", true_masks(COUNT)), truth)
        parts, erased = Forgery().score(rows, facts).parts, rows.filter(pl.col("kind") == "erase")
        [erase] = [part for part in parts if part["name"] == "erase"]
        iou = (erased["tp"] / (erased["tp"] + erased["fp"] + erased["fn"])).mean()
        assert (erase["by"], erase["items"], erase["iou"]) == ("kind", 10, pytest.approx(iou))
        assert {part["name"] for part in parts if part["by"] == "family"} == {"receipt", "invoice"}

    def test_intervals_resample_document_groups(self, truth: TruthFolder, tmp_path: Path) -> None:
        """All images of a group alike: the interval is that of 10 groups, not of 30 images."""
        perfect = {"0", "1", "2", "3", "4"}
        drawn = {name: mask * (str(int(name) // 3) in perfect) for name, mask in true_masks(COUNT).items()}
        entry = write_entry(tmp_path / "m.zip", drawn, lambda mask: mask * 255)
        found = evaluated(Forgery(), entry, truth.with_rules(empty="none"), tmp_path / "out")
        low, high = found.record.intervals["f1"]
        assert found.record.values["f1"] == pytest.approx(1 / 3)
        assert high - low == pytest.approx(4 * (1 / 3) / np.sqrt(10), rel=0.35)

    def test_a_public_board_scores_the_public_groups_alone(self, truth: TruthFolder, tmp_path: Path) -> None:
        rules = truth.with_rules(public_share=0.5)
        found = evaluated(Forgery(), write_entry(tmp_path / "m.zip", true_masks(COUNT)), rules, tmp_path / "out")
        public = forgery_run.public_part(Forgery(), found)
        assert public is not None
        assert public.items == 15
        [standing] = board([found], share=0.5)
        assert standing.score.values == public.values
        assert 0 < public.values["score"] < found.record.values["score"]

    def test_where_everything_is_public_there_is_no_second_score(self, finished: Evaluation) -> None:
        assert forgery_run.public_part(Forgery(), finished) is None


def interrupt_late(step: object) -> None:
    if getattr(step, "shard", "") == "0000009":
        raise KeyboardInterrupt


class TestRefusedEntries:
    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ({"m0003": b""}, "lacks 'images/0003.png': each test image needs one"),
            ({"m0003": b"", "m0005": b""}, "lacks 'images/0003.png' (and 1 more)"),
            ({"stray": png(np.zeros(SHAPE))}, "member 'images/stray.png': no test image has this name"),
            ({"m0003": png(np.zeros((24, 16)))}, "member 'images/0003.png': is 16×24, the test image 24×16"),
            ({"m0003": png(np.full(SHAPE, 127))}, "member 'images/0003.png': value 127 at (0, 0): a mask holds only"),
            ({"m0003": b"no png"}, "member 'images/0003.png': is no PNG"),
            ({"m0003": png(np.zeros(SHAPE))[:-5]}, "member 'images/0003.png': is truncated"),
        ],
    )  # fmt: skip
    def test_a_member_that_breaks_a_rule_is_named(
        self, more: dict[str, bytes], told: str, truth: TruthFolder, tmp_path: Path
    ) -> None:
        entry = write_entry(tmp_path / "masks.zip", true_masks(COUNT), **more)
        message = refusal(Forgery(), entry, truth)
        assert message.startswith("masks.zip: ")
        assert told in message

    def test_names_are_compared_before_a_mask_is_decoded(self, truth: TruthFolder, tmp_path: Path) -> None:
        entry = write_entry(tmp_path / "masks.zip", true_masks(COUNT), m0000=b"no png", m0029=b"")
        with pytest.raises(EntryError, match=r"lacks 'images/0029\.png'"):
            Forgery().plan(Forgery().read(entry), truth)

    def test_another_kind_of_member_is_refused_when_it_is_opened(self, tmp_path: Path) -> None:
        (tmp_path / "m" / "images").mkdir(parents=True)
        (tmp_path / "m" / "images" / "0000.jpg").write_bytes(b"")
        with pytest.raises(EntryError, match=r"member 'images/0000\.jpg': the format allows only images/\*\.png"):
            Forgery().read(tmp_path / "m")


class TestOrganisersFault:
    def test_a_broken_mask_of_the_organiser_is_no_fault_of_the_entry(self, tmp_path: Path) -> None:
        masks = write_truth(tmp_path / "truth", 6)
        (tmp_path / "truth" / "masks" / "0002.png").write_bytes(png(np.full(SHAPE, 9)))
        entry = write_entry(tmp_path / "m.zip", masks)
        with pytest.raises(TiltyardError, match=r"^truth .*0002\.png: value 9 at \(0, 0\)") as caught:
            scored(Forgery(), entry, read_truth(tmp_path / "truth"))
        assert not isinstance(caught.value, EntryError)


class TestMaps:
    def test_figures_are_those_of_plain_loops(self, truth: TruthFolder, tmp_path: Path) -> None:
        masks = true_masks(COUNT)
        found = evaluated(ForgeryMaps(), write_entry(tmp_path / "m.zip", masks, softened), truth, tmp_path / "out")
        maps = {name: softened(mask) for name, mask in masks.items()}
        forged = [name for name, mask in masks.items() if mask.any()]
        maxima = [maps[name].max() for name in masks if name not in forged]
        ious = [
            [np.sum((maps[n] > t) & masks[n]) / np.sum((maps[n] > t) | masks[n]) for n in forged]
            for t in np.percentile(maxima, range(91, 100))
        ]
        aucs = [roc_auc_score(masks[name].ravel(), maps[name].ravel()) for name in forged]
        flat = [np.concatenate([each[name].ravel() for name in masks]) for each in (masks, maps)]
        values = found.record.values
        assert values["icdar"] == pytest.approx(np.mean(ious))
        assert values["auc"] == pytest.approx(np.mean(aucs))
        assert values["pooled_auc"] == pytest.approx(roc_auc_score(*flat))
        assert set(found.record.intervals) == {"auc", "pooled_auc", "icdar"}
        assert verify(found.folder) == []

    def test_without_authentic_images_the_icdar_measure_is_absent(self, tmp_path: Path) -> None:
        (tmp_path / "truth").mkdir()
        masks = {name: mask for name, mask in true_masks(9).items() if mask.any()}
        for name, mask in masks.items():
            (tmp_path / "truth" / f"{name}.png").write_bytes(png(mask * 255))
        entry = write_entry(tmp_path / "m.zip", masks, softened)
        values = scored(ForgeryMaps(), entry, read_truth(tmp_path / "truth")).values
        assert set(values) == {"auc", "pooled_auc"}

    def test_authentic_images_alone_have_no_auc_and_fail_nobody(self, tmp_path: Path) -> None:
        masks = {name: mask for name, mask in true_masks(9).items() if not mask.any()}
        (tmp_path / "truth").mkdir()
        for name, mask in masks.items():
            (tmp_path / "truth" / f"{name}.png").write_bytes(png(mask * 255))
        entry = write_entry(tmp_path / "m.zip", masks, softened)
        found = scored(ForgeryMaps(), entry, read_truth(tmp_path / "truth"))
        assert (found.values, found.reason) == ({"auc": 0.0}, "")

    def test_a_map_of_another_size_is_named(self, truth: TruthFolder, tmp_path: Path) -> None:
        entry = write_entry(tmp_path / "maps.zip", true_masks(COUNT), softened, m0003=png(np.zeros((24, 16))))
        message = refusal(ForgeryMaps(), entry, truth)
        assert message == "maps.zip: member 'images/0003.png': is 16×24, the test image 24×16"


MEASURED = """
import resource, sys
from pathlib import Path
from tiltyard.contest.run import Run
from tiltyard.forensics.truth_folder import read_truth
from tiltyard.tracks.forgery import Forgery
track, truth = Forgery(), read_truth(Path(sys.argv[1]))
entry = track.read(Path(sys.argv[2]))
[shard] = track.plan(entry, truth)
for turn in range(4):
    track.measure(entry, shard, truth, Run())
    if turn in (0, 3):
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture(scope="module")
def megapixels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """24 pairs of one-megapixel masks."""
    folder, masks = tmp_path_factory.mktemp("large"), {}
    for index in range(24):
        mask = np.zeros((1000, 1000), np.bool_)
        mask[100 + 9 * index : 400, 200:700] = True
        masks[f"{index:04d}"] = mask
        (folder / f"{index:04d}.png").write_bytes(png(mask * 255))
    return folder, write_entry(folder / "m.zip", masks)


class TestSpeed:
    def test_scoring_takes_little_more_than_decoding(self, megapixels: tuple[Path, Path]) -> None:
        """bench/forgery_scoring.py holds it to 1.2; here are few masks and a busy machine."""
        from PIL import Image

        folder, path = megapixels
        track, truth = Forgery(), read_truth(folder)
        entry = track.read(path)
        [*shards] = track.plan(entry, truth)

        def decode() -> None:
            for file in sorted(folder.glob("*.png")):
                for _ in range(2):
                    np.asarray(Image.open(file))

        def score() -> None:
            for shard in shards:
                track.measure(entry, shard, truth, Run())

        assert min(processor_time(score) / processor_time(decode) for _ in range(3)) < 1.6

    def test_memory_does_not_grow_with_what_was_measured(self, megapixels: tuple[Path, Path]) -> None:
        """A megabyte a mask: 72 more pairs would take 144 MiB if they were kept."""
        printed = subprocess.check_output([sys.executable, "-c", MEASURED, *map(str, megapixels)])
        first, last = (int(peak) for peak in printed.split())
        assert last < first + 20_000


def processor_time(work: object) -> float:
    started = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - started
