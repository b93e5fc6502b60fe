"""The page of an inspection: switches, order, what is left out, and that names from outside do no harm."""

import base64
import io
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from html_page import Page, check_adaptive, check_self_contained
from PIL import Image

from small_inspection import SHAPE, inspection
from tiltyard.forensics.inspecting import Inspection, Verdict
from tiltyard.report import inspection as inspection_report
from tiltyard.report.inspection import inspection_page
from tiltyard.report.inspection_overlays import MAP_SIDE, heat_uri, picture_uri

HOSTILE = "<img src=x onerror=alert(1)>\"'.jpg"


def page_of(place: Path, *found: Inspection, lost: tuple[tuple[str, str], ...] = ()) -> Page:
    target = place / "found.html"
    with inspection_page(target, expected=len(found)) as page:
        for one in found:
            page.add(one)
        page.passed_over.extend(lost)
    return Page(target.read_text(encoding="utf-8"))


def titles(page: Page) -> list[str]:
    """Of the cards, from top to bottom."""
    return [unescape(title) for title in re.findall(r'<h3 id="p\d+"><bdi>(.*?)</bdi>', page.source)]


def decoded(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    found = (
        inspection("calm.png", Verdict.NO_EVIDENCE, 0.2),
        inspection("unsure.png", Verdict.CANNOT_TELL, 0.4),
        inspection(HOSTILE, notes=(f"{HOSTILE} was turned",), sentence=f"{HOSTILE} repeats"),
        inspection("surer.jpg", probability=0.97),
    )
    return page_of(tmp_path_factory.mktemp("page"), *found, lost=(("bad\x1b[31m.jpg", f"no image: {HOSTILE}"),))


def test_page_is_well_formed_self_contained_and_adaptive(page: Page) -> None:
    check_self_contained(page)
    check_adaptive(page)
    assert page.text.count(HOSTILE) == 4
    assert "\x1b" not in page.source
    assert "bad\\x1b[31m.jpg" in page.text


def test_forged_ones_come_first_then_the_most_suspicious(page: Page) -> None:
    assert titles(page) == ["surer.jpg", HOSTILE, "unsure.png", "calm.png"]


def test_every_switch_has_a_label_and_every_layer_a_switch(page: Page) -> None:
    inputs = [attributes for tag, attributes in page.elements if tag == "input"]
    assert {attributes["id"] for attributes in inputs} == set(page.values("for"))
    layers = [attributes for tag, attributes in page.elements if tag == "img" and attributes["class"] == "layer"]
    radios = [attributes["name"] for attributes in inputs if attributes["type"] == "radio"]
    groups = {name for name in radios if name != "only"}
    assert len(groups) == 4
    assert len(radios) == radios.count("only") + len(groups) + len(layers)
    assert len(layers) == 4 * 3


@pytest.mark.parametrize("layer", range(1, 17))
def test_the_nth_switch_shows_the_nth_layer(layer: int, page: Page) -> None:
    """Two check boxes and the switch for nothing stand before the first; the picture stands before the layers."""
    rule = f"input:nth-of-type({layer + 3}):checked ~ .stack > img:nth-of-type({layer + 1})"
    assert rule in page.source


def test_verdict_regions_and_sentences_are_told(page: Page) -> None:
    for told in ("2 of 4", "1 no evidence · 1 cannot tell · 1 not read", "0.97", "10, 20", "30 × 24.5",
                 "(40, 44.5)", "It was never saved as JPEG.", "does not apply", "720 pixels"):  # fmt: skip
        assert told in " ".join(page.text.split())
    assert page.source.count('points="10,20 40,20 40,44.5 10,44.5"') == 4


def test_a_picture_without_regions_has_no_outline_to_switch(tmp_path: Path) -> None:
    page = page_of(tmp_path, inspection("calm.png", Verdict.NO_EVIDENCE, 0.2))
    (switch,) = (attributes for tag, attributes in page.elements if attributes.get("class") == "with-outline")
    assert "disabled" in switch
    assert "svg" not in page.tags()
    assert "Is this picture forged?" in page.text


def test_of_many_pictures_the_first_have_cards_and_the_rest_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection_report, "MOST_CARDS", 3)
    monkeypatch.setattr(inspection_report, "MOST_LINES", 4)
    calm = [inspection(f"calm{n}.jpg", Verdict.NO_EVIDENCE, n / 100) for n in range(7)]
    page = page_of(tmp_path, *calm[:4], inspection("x.jpg"), *calm[4:], inspection("y.jpg"))
    assert titles(page) == ["x.jpg", "y.jpg", "calm6.jpg"]
    rows = re.findall(r'<tr class="no-evidence"><th scope="row"><bdi>(.*?)</bdi>', page.source)
    assert rows == ["calm5.jpg", "calm4.jpg", "calm3.jpg", "calm2.jpg"]
    assert "3 of 9 pictures are shown" in page.text
    assert "2 more are in the JSON and the CSV alone" in page.text


def test_what_was_added_is_written_when_the_work_breaks_off(tmp_path: Path) -> None:
    def broken() -> None:
        with inspection_page(tmp_path / "found.html", expected=9) as page:
            page.add(inspection("done.jpg"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert "done.jpg" in Page((tmp_path / "found.html").read_text()).text
    assert [path.name for path in tmp_path.iterdir()] == ["found.html"]


def test_a_path_that_is_no_unicode_is_shown(tmp_path: Path) -> None:
    assert "\\udcff.jpg" in page_of(tmp_path, inspection("\udcff.jpg")).text


def test_a_heat_map_keeps_a_single_hot_pixel_and_says_which_side_of_the_threshold(tmp_path: Path) -> None:
    values = np.zeros((3000, 1500), np.uint8)
    values[1234, 567] = 255
    values[200, 300] = 127
    small = np.asarray(decoded(heat_uri(values)).convert("RGBA")).astype(int)
    assert small.shape == (MAP_SIDE, MAP_SIDE // 2, 4)
    above = (small[..., 3] > 0) & (small[..., 0] > 190)
    below = (small[..., 3] > 0) & ~above
    assert above.any()
    assert below.any()
    assert (small[..., 3] == 0).sum() > 0.99 * small[..., 3].size


def test_a_map_that_says_nothing_is_no_layer() -> None:
    assert heat_uri(np.full(SHAPE, 5, np.uint8)) == ""


def test_pictures_are_scaled_down_and_never_up() -> None:
    assert decoded(picture_uri(np.zeros((500, 2000, 3), np.uint8), 640)).size == (640, 160)
    assert decoded(picture_uri(np.zeros((50, 20, 3), np.uint8), 640)).size == (20, 50)
