"""Other text keeps the role and the format of the old one."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiltyard.forensics.forging.wording import CAPITALS, is_foreign, other_digits, other_text
from tiltyard.forensics.picture import TextLine

NOWHERE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def line(text: str, role: str) -> TextLine:
    return TextLine(text, NOWHERE, role)


def texts(text: str, role: str, others: tuple[TextLine, ...] = ()) -> list[str]:
    found = [other_text(line(text, role), others, np.random.default_rng(seed)) for seed in range(40)]
    return [other for other in found if other]


@pytest.mark.parametrize("text", ["1,250.00 EUR", "￥12,500.00", "-88.2", "RM 5.00", "000123"])
def test_an_amount_keeps_its_format_and_changes_its_value(text: str) -> None:
    for other in texts(text, "amount"):
        assert re.sub(r"\d", "0", other) == re.sub(r"\d", "0", text)
        assert other != text


def test_an_amount_in_chinese_capitals_keeps_its_units() -> None:
    for other in texts("壹万贰仟伍佰元整", "amount"):
        assert re.sub(f"[{CAPITALS}]", "", other) == "万仟佰元整"


@given(st.text("0123456789,.- ", min_size=1, max_size=14), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_digits_alone_are_replaced(text: str, seed: int) -> None:
    other = other_digits(text, np.random.default_rng(seed))
    if not any(c.isdigit() for c in text):
        assert other is None
        return
    assert other is not None
    changed = [(a, b) for a, b in zip(text, other, strict=True) if a != b]
    assert 1 <= len(changed) <= 3
    assert all(a.isdigit() and b.isdigit() for a, b in changed)


@pytest.mark.parametrize("text", ["Date: 2024-03-17", "17/03/2023 18:24", "2024年03月07日", "3.4.24"])
def test_a_date_becomes_another_possible_date_in_the_same_notation(text: str) -> None:
    others = texts(text, "date")
    assert len(set(others)) > 10
    for other in others:
        assert re.sub(r"\d", "0", other) == re.sub(r"\d", "0", text)
        numbers = [int(n) for n in re.findall(r"\d+", other)][:3]
        assert all(n >= 1 for n in numbers)
        assert min(numbers) <= 12


def test_a_written_month_stays_a_month_in_its_own_case() -> None:
    for other in texts("05 MAR 2018", "date"):
        assert re.fullmatch(r"\d\d [A-Z]{3} \d{4}", other)


def test_a_name_becomes_a_name_in_the_same_script_and_case() -> None:
    assert all(re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", other) for other in texts("Maria Weber", "name"))
    assert all(other.isupper() for other in texts("MARIA WEBER", "name"))
    assert all(re.fullmatch(r"[\u4e00-\u9fff]{3}", other) for other in texts("张伟明", "name"))


def test_names_of_other_lines_are_borrowed_at_times() -> None:
    assert "Otto Quint" in texts("Maria Weber", "name", (line("Otto Quint", "name"),))


def test_a_label_without_digits_changes_one_word() -> None:
    others = texts("Total amount due", "label")
    assert others
    for other in others:
        assert sum(a != b for a, b in zip(other.split(), ["Total", "amount", "due"], strict=True)) == 1


def test_a_time_of_day_stays_one() -> None:
    others = texts("17:20", "number")
    assert len(set(others)) > 10
    assert all(int(other[:2]) < 24 and int(other[3:]) < 60 for other in others)


def test_a_word_comes_from_the_lines_around_where_one_fits() -> None:
    around = (line("Número de cuenta", "label"), line("Importe 12", "label"))
    assert set(texts("Entidad", "title", around)) == {"Importe", "Número", "Cuenta"}
    assert set(texts("Entidad", "title")).isdisjoint({"Importe", "Número", "Cuenta"})


def test_text_that_offers_nothing_gives_none() -> None:
    assert texts("—", "label") == []


def test_a_script_is_foreign_where_hardly_a_line_has_it() -> None:
    chinese, latin = (
        tuple(line(text, "text") for text in texts)
        for texts in (
            ["收款人", "金额（大写）", "开户行", "CNY 1,250.00", "附言", "日期", "用途", "摘要"],
            ["Payee", "Total due", "12.50"],
        )
    )
    assert is_foreign("Gonzalez", chinese)
    assert is_foreign("6 926,43 EUR", chinese)
    assert is_foreign("银行", latin)
    assert not is_foreign("1,250.00", chinese)
    assert not is_foreign("银行", chinese)
    assert not is_foreign("Invoice", latin)
    assert not is_foreign("Invoice", (line("", "text"),))
