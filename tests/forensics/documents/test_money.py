"""Amounts and dates are written as a language writes them, and capitals say the same as figures."""

from datetime import date

import pytest

from tiltyard.forensics.documents.money import amount, in_capitals, long_date, short_date


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "1,234,567.05"), ("zh", "1,234,567.05"), ("de", "1.234.567,05"), ("fr", "1 234 567,05")],
)
def test_an_amount_has_the_marks_of_its_language(language: str, written: str) -> None:
    assert amount(123_456_705, language) == written
    assert amount(-123_456_705, language) == "-" + written


@pytest.mark.parametrize(
    ("cents", "words"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (10_00, "壹拾元整"),
        (1234_56, "壹仟贰佰叁拾肆元伍角陆分"),
        (1005_00, "壹仟零伍元整"),
        (100_03, "壹佰元零叁分"),
        (20_004_00, "贰万零肆元整"),
        (1_0000_0001_00, "壹亿零壹元整"),
        (350_000_70, "叁拾伍万元柒角整"),
    ],
)
def test_capitals_say_the_amount(cents: int, words: str) -> None:
    assert in_capitals(cents) == words


def test_capitals_read_back_as_the_amount() -> None:
    for cents in range(1, 4_000_000_000, 41_234_567):
        assert _read(in_capitals(cents)) == cents


def _read(words: str) -> int:
    digits = {sign: value for value, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
    small = {"拾": 10, "佰": 100, "仟": 1000}
    total, group, digit, cents = 0, 0, 0, 0
    for sign in words:
        if sign in digits:
            digit = digits[sign]
        elif sign in small:
            group, digit = group + digit * small[sign], 0
        elif sign in "万亿元":
            group, digit = group + digit, 0
            total, group = total + group * {"万": 10**4, "亿": 10**8, "元": 1}[sign], 0
        elif sign in "角分":
            cents, digit = cents + digit * (10 if sign == "角" else 1), 0
    return total * 100 + cents


def test_dates_are_written_long_and_short() -> None:
    day = date(2021, 5, 3)
    assert long_date(day, "en") == "3 May 2021"
    assert long_date(day, "de") == "3. Mai 2021"
    assert long_date(day, "es") == "3 de mayo de 2021"
    assert long_date(day, "zh") == "2021年05月03日"
    assert short_date(day, "de") == "03.05.2021"
    assert short_date(day, "zh") == "2021-05-03"
