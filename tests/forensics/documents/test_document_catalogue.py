"""Every template draws pages whose lines are where they are said to be."""

import itertools
import re

import numpy as np
import pytest

from tiltyard.errors import TiltyardError
from tiltyard.forensics.documents import catalogue, fonts
from tiltyard.forensics.picture import Picture, TextLine

SCRIPTS = ("latin", "chinese") if fonts.has_chinese() else ("latin",)
ALL = [(family, template) for family in catalogue.families() for template in catalogue.templates(family, SCRIPTS)]
needs_chinese = pytest.mark.skipif(not fonts.has_chinese(), reason="Debian's Chinese fonts are not installed")
ROLES = {"amount", "date", "name", "number", "address", "label", "title", "text"}


def _box(line: TextLine) -> tuple[int, int, int, int]:
    corners = np.array(line.quad)
    left, top = corners.min(0)
    right, bottom = corners.max(0)
    return int(left), int(top), int(right), int(bottom)


@pytest.mark.parametrize(("family", "template"), ALL)
@pytest.mark.parametrize("seed", [11, 12])
def test_lines_lie_in_the_page_hold_ink_and_do_not_overlap(family: str, template: str, seed: int) -> None:
    page = catalogue.draw(family, template, np.random.default_rng(seed))
    assert page.source == f"{family}/{template}"
    assert max(page.size) == 1000
    assert len(page.lines) >= 8
    boxes = []
    for line in page.lines:
        left, top, right, bottom = _box(line)
        assert 0 <= left < right <= page.size[0], line.text
        assert 0 <= top < bottom <= page.size[1], line.text
        part = page.pixels[top:bottom, left:right].astype(int)
        assert (part.max((0, 1)) - part.min((0, 1))).max() >= 25, line.text
        assert line.role in ROLES
        assert line.font is not None
        assert line.colour is not None
        boxes.append((left, top, right, bottom))
    for (one, first), (two, second) in itertools.combinations(enumerate(boxes), 2):
        wide = min(first[2], second[2]) - max(first[0], second[0])
        high = min(first[3], second[3]) - max(first[1], second[1])
        assert wide <= 2 or high <= 2, (page.lines[one].text, page.lines[two].text)


@pytest.mark.parametrize(("family", "template"), ALL)
def test_a_page_is_a_function_of_the_generator_whatever_was_drawn_before(family: str, template: str) -> None:
    first = catalogue.draw(family, template, np.random.default_rng(21), long_side=500)
    other = catalogue.draw(family, template, np.random.default_rng(22), long_side=500)
    again = catalogue.draw(family, template, np.random.default_rng(21), long_side=500)
    assert max(first.size) == 500
    assert np.array_equal(first.pixels, again.pixels)
    assert first.lines == again.lines
    assert first.pixels.shape != other.pixels.shape or not np.array_equal(first.pixels, other.pixels)


@pytest.mark.parametrize("family", catalogue.families())
def test_a_family_has_three_templates_and_both_scripts(family: str) -> None:
    latin, chinese = catalogue.templates(family, ("latin",)), catalogue.templates(family, ("chinese",))
    assert len(latin) + len(chinese) >= 3
    assert latin
    assert chinese
    assert catalogue.templates(family) == latin + chinese


@pytest.mark.parametrize("family", catalogue.families())
def test_latin_pages_need_no_chinese_fonts(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", dict)
    for template in catalogue.templates(family, scripts=("latin",)):
        assert catalogue.draw(family, template, np.random.default_rng(1), long_side=600).lines
    with pytest.raises(TiltyardError, match="apt-get install"):
        catalogue.draw(family, catalogue.templates(family, ("chinese",))[0], np.random.default_rng(1))


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(TiltyardError, match="choose from bank_receipt"):
        catalogue.templates("menu")
    with pytest.raises(TiltyardError, match="choose from modern"):
        catalogue.draw("invoice", "postmodern", np.random.default_rng(1))


def _cents(text: str) -> int:
    return int("".join(re.findall(r"\d", text)))


def _amounts(page: Picture) -> list[int]:
    return [_cents(line.text) for line in page.lines if line.role == "amount"]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("template", ["modern", "classic", "compact"])
def test_an_invoice_adds_up(template: str, seed: int) -> None:
    amounts = _amounts(catalogue.draw("invoice", template, np.random.default_rng(seed)))
    *rows, net, tax, total = amounts
    assert sum(rows[1::2]) == net
    assert net + tax == total


@needs_chinese
@pytest.mark.parametrize("seed", range(4))
def test_a_chinese_payroll_adds_up_by_row_and_column(seed: int) -> None:
    amounts = _amounts(catalogue.draw("payroll", "strip-zh", np.random.default_rng(seed)))
    rows = np.array(amounts).reshape(-1, 8)
    assert (rows[:, :3].sum(1) == rows[:, 3]).all()
    assert (rows[:, 3] - rows[:, 4:7].sum(1) == rows[:, 7]).all()
    assert (rows[:-1].sum(0) == rows[-1]).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_statement_runs_from_the_opening_to_the_closing_balance(seed: int) -> None:
    page = catalogue.draw("statement", "banded", np.random.default_rng(seed))
    opening, earned, spent, closing, *bookings = _amounts(page)
    signed = [
        _cents(line.text) * (1 if line.text.startswith("+") else -1) for line in page.lines if line.role == "amount"
    ][4:]
    assert len(bookings) == len(signed)
    assert sum(cents for cents in signed if cents > 0) == earned
    assert -sum(cents for cents in signed if cents < 0) == spent
    assert opening + sum(signed) == closing


@pytest.mark.parametrize("family", ["identity_card", "passport_page"])
def test_pages_about_a_person_have_one_portrait_inside(family: str) -> None:
    for template in catalogue.templates(family, SCRIPTS):
        page = catalogue.draw(family, template, np.random.default_rng(4))
        (quad,) = page.portraits
        assert np.array(quad).min() >= 0
        assert (np.array(quad).max(0) <= page.size).all()
