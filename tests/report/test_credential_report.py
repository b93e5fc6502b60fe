"""The report of a credential evaluation: what it shows, and that names from tables stay text."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from html_page import Page, check_adaptive, check_self_contained

from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.evaluation import Evaluation
from tiltyard.contest.run import Run
from tiltyard.report.credential import THRESHOLDS, counts_at, credential_view
from tiltyard.report.evaluation import report_html
from tiltyard.tracks.credential import Credential
from tiltyard.tracks.credential_data import load_credentials

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202egpj"


def evaluated(folder: Path, *, scored: bool, iou: float = 0.5, kinds: bool = True) -> Evaluation:
    """60 files, each region claimed a little aside; every fifth file has a false claim, one a hostile name."""
    rng = np.random.default_rng(0)
    names = [*(f"{i}.jpg" for i in range(59)), HOSTILE]
    truth, found = ["Path,Polygon,Group"], ["Path,Polygon" + ",Score" * scored]
    for i, name in enumerate(names):
        boxes = [[10 + 100 * k, 10, 40, 40] for k in range(i % 3)]
        claims = [[x + int(rng.integers(0, 25)), y, w, h] for x, y, w, h in boxes] + [[5, 200, 9, 9]] * (i % 5 == 0)
        truth.append(f'"{name}","{_polygons(boxes)}",doc-{i // 2}')
        found.append(f'"{name}","{_polygons(claims)}"' + f",{rng.random() + bool(boxes)}" * scored)
    (folder / "truth.csv").write_text("\n".join(truth), encoding="utf-8")
    (folder / "r.csv").write_text("\n".join(found), encoding="utf-8")
    if kinds:
        lines = [f'"{name}",{["", "splice", "erase"][i % 3]},{HOSTILE}' for i, name in enumerate(names)]
        (folder / "samples.csv").write_text("\n".join(["name,kind,family", *lines]), encoding="utf-8")
    track = Credential()
    return evaluate_entry(track, track.read(folder / "r.csv"), load_credentials(folder, iou=iou), Run(), folder / "out")


def _polygons(boxes: list[list[int]]) -> str:
    return json.dumps([[[x, y], [x + w, y], [x + w, y + h], [x, y + h]] for x, y, w, h in boxes])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluated(tmp_path_factory.mktemp("credential"), scored=True)


@pytest.fixture(scope="module")
def page(finished: Evaluation) -> Page:
    return Page(report_html(finished))


def test_page_is_well_formed_self_contained_and_adaptive(page: Page) -> None:
    check_self_contained(page)
    check_adaptive(page)


def test_score_figures_plots_kinds_and_worst_files_are_shown(finished: Evaluation, page: Page) -> None:
    record = finished.record
    for value in record.values.values():
        assert f"{value:.4f}" in page.text
    for shown in ("resamples 30 document groups", "By IoU threshold", "by false alarms", "By kind", "splice", "erase"):
        assert shown in page.text
    assert len([tag for tag, _ in page.elements if tag == "svg"]) == 2
    worst = credential_view(finished).worst
    assert [file.missed + file.false for file in worst] == sorted((f.missed + f.false for f in worst), reverse=True)
    assert worst[0].name in page.text


def test_an_entry_that_is_only_read_claims_no_jail(page: Page) -> None:
    assert "none needed: no code was run, the entry was only read" in page.text


def test_f1_at_the_official_threshold_is_the_official_f1(finished: Evaluation) -> None:
    (counts,) = counts_at(finished.rows, [0.5])
    assert counts.f1 == finished.record.values["f1"]
    assert counts == credential_view(finished).counts


@pytest.mark.parametrize("iou", [0.35, 0.7])
def test_f1_at_other_thresholds_is_what_an_evaluation_there_gives(
    finished: Evaluation, tmp_path: Path, iou: float
) -> None:
    other = evaluated(tmp_path, scored=False, iou=iou)
    assert iou in THRESHOLDS
    assert counts_at(finished.rows, [iou])[0].f1 == other.record.values["f1"] != finished.record.values["f1"]


@pytest.mark.parametrize("iou", [1 / 3, 2 / 3])
def test_a_threshold_of_many_digits_counts_what_lies_exactly_on_it(iou: float) -> None:
    rows = pl.DataFrame({"overlaps": [[0.666666667, 0.333333333]], "found": [2], "truth": [2]})
    assert counts_at(rows, [iou])[0].matched == (2 if iou < 0.5 else 1)


def test_without_scores_and_kinds_the_page_says_what_is_missing(tmp_path: Path) -> None:
    page = Page(report_html(evaluated(tmp_path, scored=False, kinds=False)))
    assert "no column Score" in page.text
    assert "By kind" not in page.text
    assert len([tag for tag, _ in page.elements if tag == "svg"]) == 1


def test_names_from_tables_stay_text(page: Page) -> None:
    assert "script" not in page.tags()
    assert "<script>alert(1)</script>\\x1b[31m\\u202egpj" in page.text
