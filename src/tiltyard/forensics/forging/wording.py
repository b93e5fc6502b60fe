"""Other text that could stand in a line: the same role, the same format, another content."""

import re
from collections.abc import Sequence

from numpy.random import Generator

from tiltyard.forensics.picture import TextLine

DIGITS, CAPITALS = "0123456789", "零壹贰叁肆伍陆柒捌玖"
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静强磊洋艳勇军杰娟涛明超霞平刚文辉玲丹鹏华红飞"
FIRST_NAMES = (
    "Anna", "Daniel", "Laura", "Thomas", "Maria", "Peter", "Emma", "David", "Sarah", "Martin", "Julia", "Robert",
    "Helen", "Mark", "Clara", "Simon", "Nina", "Paul", "Alice", "Victor", "Irene", "George", "Sofia", "Henry",
)  # fmt: skip
LAST_NAMES = (
    "Miller", "Weber", "Rossi", "Novak", "Jensen", "Clark", "Fischer", "Moreau", "Lopez", "Walker", "Keller", "Brandt",
    "Silva", "Hughes", "Larsen", "Meyer", "Price", "Turner", "Dubois", "Costa", "Palmer", "Hansen", "Becker", "Foster",
)  # fmt: skip
WORDS = (
    "Total", "Amount", "Balance", "Payment", "Service", "Account", "Branch", "Reference", "Delivery", "Customer",
    "Discount", "Deposit", "Transfer", "Invoice", "Annual", "Monthly", "Private", "Central", "Standard", "Premium",
    "General", "Public", "Receipt", "Return", "Supply", "Station", "Market", "Company", "Street", "Garden", "Office",
    "Number", "Charge", "Credit", "Period", "Issued", "Valid", "Paid", "Due", "Tax", "Net", "Fee", "Cash", "Card",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_YEAR_FIRST = re.compile(r"(\d{4})(\D{1,3})(\d{1,2})(\D{1,3})(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})(\D{1,3})(\d{1,2})(\D{1,3})(\d{4}|\d{2})(?!\d)")
_CLOCK = re.compile(r"(?<!\d)([01]\d|2[0-3]):([0-5]\d)(?!\d)")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W\d_\u4e00-\u9fff]{3,}")
AT_HOME = 0.15
"""The share of a document's lines that a script is in, if it belongs there: a form names the odd currency or code."""


def other_text(line: TextLine, others: Sequence[TextLine], rng: Generator) -> str | None:
    """What a forger could write instead, or None; `others` are lines whose text may be borrowed."""
    text = line.text
    if line.role == "date":
        found = _other_date(text, rng)
    elif line.role in ("amount", "number"):
        found = other_digits(text, rng)
    elif line.role == "name":
        found = _other_name(text, others, rng)
    else:
        found = _borrowed(line, others, rng) if rng.random() < 0.4 else None
        found = found or other_digits(text, rng) or _other_word(text, others, rng)
    return found if found and found != text else None


def other_digits(text: str, rng: Generator, *, most: int = 3) -> str | None:
    """Some of a text's digits replaced, Chinese capital numerals likewise; None where it has none."""
    alphabet = DIGITS if any(c in DIGITS for c in text) else CAPITALS
    places = [i for i, c in enumerate(text) if c in alphabet]
    if not places:
        return None
    count = min(len(places), int(rng.integers(1, most + 1)))
    letters = list(text)
    for place in sorted(int(i) for i in rng.choice(places, count, replace=False)):
        starts = place == 0 or text[place - 1] not in alphabet
        choices = [c for c in alphabet if c != text[place] and not (starts and c == alphabet[0])]
        letters[place] = choices[int(rng.integers(len(choices)))]
    found = _with_real_times(text, "".join(letters))
    return found if found != text else None


def _with_real_times(text: str, new: str) -> str:
    """The new text with the old hour or minute wherever it would be none: no clock shows 85:28."""
    for match in _CLOCK.finditer(text):
        for group, most in ((1, 23), (2, 59)):
            start, end = match.span(group)
            if int(new[start:end]) > most:
                new = new[:start] + text[start:end] + new[end:]
    return new


def is_chinese(text: str) -> bool:
    return bool(_CHINESE.search(text))


def is_foreign(text: str, lines: Sequence[TextLine]) -> bool:
    """Whether a text is in a script that hardly any of a picture's lines has: nobody would believe it there."""
    scripts = [script for script in (_CHINESE, _WORD) if script.search(text)]
    known = [line.text for line in lines if line.text]
    return any(sum(bool(script.search(other)) for other in known) < AT_HOME * len(known) for script in scripts)


def _other_date(text: str, rng: Generator) -> str | None:
    """A date of the last years or the next months in the same notation; time of day and weekday stay."""
    if match := _YEAR_FIRST.search(text):
        year, gap, month, second_gap, day = match.groups()
        new = f"{_year(year, rng)}{gap}{_like(month, rng, 12)}{second_gap}{_like(day, rng, 28)}"
    elif match := _YEAR_LAST.search(text):
        day, gap, month, second_gap, year = match.groups()
        first, second = (12, 28) if int(month) > 12 else (28, 12)
        new = f"{_like(day, rng, first)}{gap}{_like(month, rng, second)}{second_gap}{_year(year, rng)}"
    else:
        return _other_month(text, rng) or other_digits(text, rng)
    return text[: match.start()] + new + text[match.end() :]


def _other_month(text: str, rng: Generator) -> str | None:
    for month in MONTHS:
        for written in (month, month.upper(), month[:3], month[:3].upper()):
            if re.search(rf"\b{written}\b", text):
                other = MONTHS[int(rng.integers(12))][: len(written) if len(written) == 3 else None]
                return re.sub(rf"\b{written}\b", other.upper() if written.isupper() else other, text, count=1)
    return None


def _year(old: str, rng: Generator) -> str:
    new = (int(old) + int(rng.integers(-3, 3))) % 10 ** len(old)
    return f"{new:0{len(old)}d}"


def _like(old: str, rng: Generator, most: int) -> str:
    """A number from 1 with as many digits as the old one."""
    low = 10 if len(old) == 2 and old[0] != "0" else 1
    return f"{int(rng.integers(low, min(most, 9 if len(old) == 1 else most) + 1)):0{len(old)}d}"


def _other_name(text: str, others: Sequence[TextLine], rng: Generator) -> str | None:
    names = [
        o.text for o in others
        if o.role == "name" and is_chinese(o.text) == is_chinese(text) and o.text != text
        and len(o.text) <= max(1.2 * len(text), 3)
    ]  # fmt: skip
    if names and rng.random() < 0.4:
        return _cased(names[int(rng.integers(len(names)))], text)
    if is_chinese(text):
        given = "".join(GIVEN[int(rng.integers(len(GIVEN)))] for _ in range(max(len(text) - 1, 1)))
        return SURNAMES[int(rng.integers(len(SURNAMES)))] + given if len(text) <= 4 else None
    words = text.split()
    if not words or len(words) > 4 or any(c.isdigit() for c in text):
        return None
    place = int(rng.integers(len(words)))
    pool = LAST_NAMES if place == len(words) - 1 else FIRST_NAMES
    words[place] = _cased(pool[int(rng.integers(len(pool)))], words[place])
    return " ".join(words)


def _borrowed(line: TextLine, others: Sequence[TextLine], rng: Generator) -> str | None:
    """The text of another line of the same role, script and about the same length."""
    fitting = [
        o.text for o in others
        if o.role == line.role and o.text != line.text and is_chinese(o.text) == is_chinese(line.text)
        and 0.6 * len(line.text) <= len(o.text) <= 1.15 * len(line.text)
    ]  # fmt: skip
    return _cased(fitting[int(rng.integers(len(fitting)))], line.text) if fitting else None


def _other_word(text: str, others: Sequence[TextLine], rng: Generator) -> str | None:
    """One word replaced by another of about its length: one of the other lines, whose language is its own, if any."""
    matches = list(_WORD.finditer(text))
    if not matches:
        return None
    match = matches[int(rng.integers(len(matches)))]
    near = [word for other in others for word in _WORD.findall(other.text)]
    fitting = _alike(near, match.group()) or _alike(WORDS, match.group())
    if not fitting:
        return None
    return text[: match.start()] + _cased(fitting[int(rng.integers(len(fitting)))], match.group()) + text[match.end() :]


def _alike(words: Sequence[str], word: str) -> list[str]:
    return [other for other in words if abs(len(other) - len(word)) <= 1 and other.lower() != word.lower()]


def _cased(text: str, like: str) -> str:
    if like.isupper():
        return text.upper()
    return text.lower() if like.islower() else text[:1].upper() + text[1:]
