"""The report of an evaluation: what it shows, that it is self-contained, and that a stranger's text stays text."""

import re
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from html_page import Page, check_adaptive, check_self_contained

from tiltyard.contest.evaluation import Evaluation, Identity, Record, write_record
from tiltyard.contest.verify import verify
from tiltyard.report.evaluation import report_html, write_report

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x1b[31m\u202egpj.exe\ud800"


def changed(evaluation: Evaluation, **fields: object) -> Evaluation:
    return replace(evaluation, record=replace(evaluation.record, **fields))  # type: ignore[arg-type]


def over_budget(evaluation: Evaluation) -> Evaluation:
    reason = "over budget: more than 8000 forward and 4000 backward passes were asked for"
    facts, parts = ([dict(line) for line in lines] for lines in (evaluation.record.facts, evaluation.record.parts))
    facts[1].update(failure=reason, batch_dependent=True, deterministic=False)
    parts[1].update(failure=reason, score=0.0)
    return changed(
        evaluation, facts=facts[:2], parts=tuple(parts[:2]), values={"score": 0.0}, intervals={}, status="failed",
        reason=f"model fgsm_rs: {reason}",
    )  # fmt: skip


def test_report_is_written_beside_the_evidence_and_verify_stays_clean(finished: Evaluation) -> None:
    path = write_report(finished)
    assert path == finished.folder / "report.html"
    assert verify(finished.folder) == []


def test_the_same_evaluation_gives_the_same_bytes(finished: Evaluation, copied: Callable[[], Evaluation]) -> None:
    assert write_report(finished).read_bytes() == write_report(copied()).read_bytes()


def test_page_is_well_formed_self_contained_and_adaptive(finished: Evaluation) -> None:
    page = Page(report_html(finished))
    check_self_contained(page)
    check_adaptive(page)


def test_score_interval_spending_and_evidence_are_shown(finished: Evaluation) -> None:
    record, text = finished.record, Page(report_html(finished)).text
    low, high = record.intervals["score"]
    for shown in (
        f"{record.values['score']:.4f}",
        f"95 % interval {low:.2f} – {high:.2f}",
        "400 of 8\u202f000",
        "400 of 4\u202f000",
        "Entry baseline",
        "without a jail",
        record.seal,
        record.identity.data_version,
        *record.files.values(),
        "tiltyard verify FOLDER",
    ):
        assert shown in text
    for part in record.parts:
        assert part["name"] in text


def test_each_example_shows_clean_attacked_and_difference_pixel_by_pixel(finished: Evaluation) -> None:
    page = Page(report_html(finished))
    shown = [attributes for tag, attributes in page.elements if tag == "img"]
    arrays = [np.load(path)["labels"] for path in (finished.folder / "artefacts").glob("*.npz")]
    assert len(shown) == 3 * sum(map(len, arrays))
    assert {attributes["class"] for attributes in shown} == {"small"}


def test_plots_keep_text_as_text_and_take_the_colours_of_the_page(finished: Evaluation) -> None:
    page = Page(report_html(finished))
    labels = [attributes["aria-label"] for tag, attributes in page.elements if tag == "svg"]
    assert len(labels) == 3
    assert "undefended" in labels[0]
    assert "broken by the attack" in page.text
    assert "var(--warm" in page.source
    assert "DejaVu" not in page.source
    assert "#0102" not in page.source


def test_failed_entry_says_so_with_the_reason(finished: Evaluation) -> None:
    text = Page(report_html(over_budget(finished))).text
    assert "FAILED" in text
    assert "model fgsm_rs: over budget: more than 8000" in text
    assert "The rules score it 0.0000" in text
    assert "logits depend on the batch; randomised; without a jail (--trust)" in text


def test_a_run_that_failed_before_its_first_image_has_a_report(copied: Callable[[], Evaluation]) -> None:
    evaluation = copied()
    evaluation.rows.clear().write_parquet(evaluation.folder / "rows.parquet")
    page = Page(report_html(over_budget(evaluation)))
    assert "after 0 images" in page.text
    assert "svg" not in page.tags()


def test_hostile_entry_name_reason_and_log_stay_text(copied: Callable[[], Evaluation]) -> None:
    evaluation = over_budget(copied())
    identity = replace(evaluation.record.identity, entry=HOSTILE)
    evaluation = changed(evaluation, identity=identity, reason=HOSTILE)
    log = evaluation.folder / "artefacts" / "pgd_at.log"
    log.write_bytes(HOSTILE.encode("utf-8", "surrogatepass") + b"\xff\x00</pre></details><script>x()</script>")
    page = Page(write_report(evaluation).read_text(encoding="utf-8"))
    check_self_contained(page)
    assert page.text.count("<script>alert(1)</script>") >= 4
    assert "</pre></details><script>x()</script>" in page.text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page.source)
    assert "\\x1b[31m\\u202egpj.exe" in page.text


def test_hostile_model_names_stay_text_in_plots_too(copied: Callable[[], Evaluation]) -> None:
    evaluation = copied()
    name = "</svg><script>$x^2$"
    rows = evaluation.rows.with_columns(pl.col("model").replace("undefended", name))
    rows.write_parquet(evaluation.folder / "rows.parquet")
    facts, parts = ([dict(line) for line in lines] for lines in (evaluation.record.facts, evaluation.record.parts))
    facts[0]["shard"] = parts[0]["name"] = name
    page = Page(report_html(changed(evaluation, facts=facts, parts=tuple(parts))))
    check_self_contained(page)
    assert page.text.count("</svg><script>") >= 2


def test_a_record_cannot_name_files_outside_its_folder(copied: Callable[[], Evaluation]) -> None:
    evaluation = copied()
    (evaluation.folder.parent / "secret.log").write_text("the secret")
    (evaluation.folder / "artefacts" / "linked.log").symlink_to(evaluation.folder.parent / "secret.log")
    for name in ("../../secret", "linked"):
        parts = [dict(part) for part in evaluation.record.parts]
        parts[0]["name"] = name
        assert "the secret" not in report_html(changed(evaluation, parts=tuple(parts)))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 truncated"])
def test_damaged_gallery_is_left_out(copied: Callable[[], Evaluation], content: bytes) -> None:
    evaluation = copied()
    (evaluation.folder / "artefacts" / "pgd_at.npz").write_bytes(content)
    text = Page(report_html(evaluation)).text
    assert "Examples" in text


def test_only_the_end_of_a_long_log_is_shown(copied: Callable[[], Evaluation]) -> None:
    evaluation = copied()
    log = evaluation.folder / "artefacts" / "pgd_at.log"
    log.write_text("first line\n" + "between\n" * 5000 + "last line\n")
    text = Page(report_html(evaluation)).text
    assert "last line" in text
    assert "first line" not in text
    assert "[…]" in text


def test_many_classes_are_cut_to_the_worst(copied: Callable[[], Evaluation]) -> None:
    evaluation = copied()
    rows = evaluation.rows.with_columns(label=pl.int_range(pl.len()).cast(pl.Int64))
    rows.write_parquet(evaluation.folder / "rows.parquet")
    assert "The 20 worst classes; 100 more." in Page(report_html(evaluation)).text


@pytest.fixture
def other_track(tmp_path: Path) -> Evaluation:
    pl.DataFrame({"item": ["a"], "f1": [0.5]}).write_parquet(tmp_path / "rows.parquet")
    record = Record(
        identity=Identity("masks", "3", "photos", "d" * 64, HOSTILE.replace("\ud800", ""), "e" * 64, 7, "cpu", False),
        facts=[{"shard": "one", "seconds": 1.25}, {"shard": "two", "seconds": 2.5, "failure": HOSTILE[:-1]}],
        status="scored", reason="", values={"iou": 0.25, "f1": 0.5}, intervals={"f1": (0.375, 0.625)},
        parts=({"name": "group_a", "f1": 0.5},), environment={"python": "3.11", "packages": {"torch": "2.8"}},
        files={"rows.parquet": "f" * 64},
    )  # fmt: skip
    return write_record(tmp_path, record)


def test_a_track_without_a_page_of_its_own_gets_figures_parts_facts_and_evidence(other_track: Evaluation) -> None:
    page = Page(write_report(other_track).read_text(encoding="utf-8"))
    check_self_contained(page)
    check_adaptive(page)
    for shown in ("0.5000", "0.3750 – 0.6250", "0.2500", "group_a", "1.25", "seed", "torch 2.8", "f" * 64, "e" * 64):
        assert shown in page.text


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_and_marks_have_the_contrast_of_wcag_aa(palette: int) -> None:
    css = (files("tiltyard.report") / "templates" / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r"--paper:.*?--note-paper: #\w{6};", css, flags=re.S)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[palette]))
    grounds = ("paper", "card", "bad-paper", "note-paper")
    assert all(contrast(colours[text], colours[on]) >= 4.5 for text in ("ink", "muted", "bad") for on in grounds)
    assert all(contrast(colours[mark], colours[on]) >= 3 for mark in ("cool", "warm") for on in ("paper", "card"))
