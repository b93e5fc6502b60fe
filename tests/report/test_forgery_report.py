"""The report of a forgery evaluation: figures, groups, examples, and that it is self-contained."""

import base64
from pathlib import Path

import numpy as np
import pytest
from html_page import Page, check_adaptive, check_self_contained

from small_forgery import softened, write_entry, write_truth
from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.evaluation import Evaluation
from tiltyard.contest.run import Run
from tiltyard.forensics.truth_folder import read_truth
from tiltyard.report.evaluation import report_html, write_report
from tiltyard.report.forgery import ForgeryView, forgery_view
from tiltyard.tracks.forgery import Forgery
from tiltyard.tracks.forgery_maps import ForgeryMaps
from tiltyard.vision.pictures import decode_picture

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forgery-report")
    write_truth(folder / "truth", 30)
    table = folder / "truth" / "samples.csv"
    table.write_text(table.read_text().replace(",invoice,", f",{HOSTILE},"))
    return folder


@pytest.fixture(scope="module")
def masks(place: Path) -> Evaluation:
    truth = read_truth(place / "truth").with_rules(public_share=0.5)
    drawn = {item.name: item.read() for item in truth.items}
    entry = Forgery().read(write_entry(place / "masks.zip", drawn))
    return evaluate_entry(Forgery(), entry, truth, Run(), place / "masks")


@pytest.fixture(scope="module")
def maps(place: Path) -> Evaluation:
    truth = read_truth(place / "truth")
    drawn = {item.name: item.read() for item in truth.items}
    entry = ForgeryMaps().read(write_entry(place / "maps.zip", drawn, softened))
    return evaluate_entry(ForgeryMaps(), entry, truth, Run(), place / "maps")


@pytest.fixture(scope="module")
def view(masks: Evaluation) -> ForgeryView:
    return forgery_view(masks)


@pytest.fixture(scope="module")
def masks_page(masks: Evaluation) -> Page:
    return Page(report_html(masks))


@pytest.fixture(scope="module")
def maps_page(maps: Evaluation) -> Page:
    return Page(report_html(maps))


@pytest.mark.parametrize("which", ["masks_page", "maps_page"])
def test_page_is_well_formed_self_contained_and_adaptive(which: str, request: pytest.FixtureRequest) -> None:
    page = request.getfixturevalue(which)
    check_self_contained(page)
    check_adaptive(page)
    assert HOSTILE in page.text
    assert "none needed: no code was run, the entry was only read" in page.text


def test_masks_are_shown_by_figures_kinds_families_and_images(masks: Evaluation, masks_page: Page) -> None:
    for told in (
        f"{masks.record.values['score']:.4f}", "10 groups of images", "30 images: 20 forged, 10 authentic",
        "splice", "receipt", "on the public share of 50 %, 15 images", "IoU 1, F1 0 (setting)",
    ):  # fmt: skip
        assert told in masks_page.text
    assert masks_page.source.count("<svg") == 2


def test_examples_are_the_worst_the_median_and_the_best_without_repeats(masks: Evaluation, view: ForgeryView) -> None:
    sums = {sort: [sum(each.figures) for each in view.examples if each.sort == sort] for sort in ("worst", "best")}
    assert len({each.item for each in view.examples}) == len(view.examples) == 15
    assert max(sums["worst"]) <= min(sums["best"])
    rows = masks.rows
    shares = dict(zip(rows["item"], (rows["tp"] + rows["fn"]) / rows["pixels"], strict=True))
    assert all(each.forged == pytest.approx(shares[each.item]) for each in view.examples)


def test_false_alarms_and_misses_are_counted(masks: Evaluation, view: ForgeryView) -> None:
    rows = masks.rows
    missed = int(((rows["tp"] == 0) & rows["forged"]).sum())
    assert view.notes[:2] == (
        f"{missed} of 20 forged images: not one forged pixel found",
        "0 of 10 authentic images: something found (false alarm)",
    )


def test_maps_are_shown_by_their_three_figures(maps: Evaluation, maps_page: Page) -> None:
    text = maps_page.text
    for name in ("auc", "pooled_auc", "icdar"):
        assert f"{maps.record.values[name]:.4f}" in text
    assert "ICDAR 2023: IoU at false-alarm percentiles 91–99" in text


def test_the_reason_stands_where_the_icdar_measure_does_not(place: Path) -> None:
    folder = place / "forged only"
    folder.mkdir()
    for item in read_truth(place / "truth").items:
        if item.read().any():
            (folder / item.mask.name).write_bytes(item.mask.read_bytes())
    truth = read_truth(folder)
    drawn = {item.name: item.read() for item in truth.items}
    entry = ForgeryMaps().read(write_entry(place / "forged.zip", drawn, softened))
    found = evaluate_entry(ForgeryMaps(), entry, truth, Run(), place / "forged")
    assert "No ICDAR 2023 measure: the truth holds no authentic image" in Page(report_html(found)).text


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """With the test images beside the truth; one of them is damaged."""
    folder = tmp_path_factory.mktemp("pictured")
    masks = write_truth(folder / "truth", 6, pictures=True)
    (folder / "truth" / "images" / "0001.jpg").write_bytes(b"damaged")
    drawn = {name: mask if name == "0004" else 0 * mask for name, mask in masks.items()}
    entry = Forgery().read(write_entry(folder / "masks.zip", drawn, lambda mask: mask * 255))
    truth = read_truth(folder / "truth").with_pictures()
    return evaluate_entry(Forgery(), entry, truth, Run(), folder / "out")


def test_the_worst_and_the_best_are_shown_with_truth_and_what_was_found(pictured: Evaluation) -> None:
    shown = forgery_view(pictured).gallery
    assert [(each.sort, each.item) for each in shown] == [("worst", "0000"), ("best", "0004")]
    page = Page(report_html(pictured))
    check_self_contained(page)
    pictures = [picture_of(each.picture) for each in shown]
    assert all(picture.shape == (240, 736, 3) for picture in pictures)
    truth, found = pictures[1][:, 248:488], pictures[1][:, 496:]
    assert np.abs(truth.astype(int) - found).mean() < 1
    assert pictures[0][:, 496:].max() < 140 < pictures[0][:, 248:488].max()


def test_a_damaged_picture_in_the_folder_is_left_out(pictured: Evaluation) -> None:
    path = pictured.folder / "artefacts" / "example-0000004.jpg"
    content = path.read_bytes()
    path.write_bytes(b"<svg onload=alert(1)>")
    try:
        assert [each.item for each in forgery_view(pictured).gallery] == ["0000"]
    finally:
        path.write_bytes(content)


def picture_of(uri: str) -> np.ndarray:
    return decode_picture(base64.b64decode(uri.partition(",")[2]), "example").pixels


def test_the_same_evaluation_gives_the_same_bytes(masks: Evaluation, masks_page: Page) -> None:
    assert write_report(masks).read_text(encoding="utf-8") == masks_page.source
