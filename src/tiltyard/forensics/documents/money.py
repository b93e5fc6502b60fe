"""Amounts and dates as a language writes them, in cents and in words."""

from datetime import date

_CAPITALS = "零壹贰叁肆伍陆柒捌玖"
_SMALL, _LARGE = ("", "拾", "佰", "仟"), ("", "万", "亿")
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}
_MARKS = {"en": (",", "."), "zh": (",", "."), "de": (".", ","), "fr": (" ", ","), "es": (".", ","), "it": (".", ",")}


def amount(cents: int, language: str) -> str:
    """`1234567` → `12,345.67`, `12.345,67` or `12 345,67`."""
    thousands, point = _MARKS[language]
    whole, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{whole:,}".replace(",", thousands) + f"{point}{rest:02d}"


def in_capitals(cents: int) -> str:
    """An amount in the Chinese financial numerals that cannot be altered by a stroke: 壹仟贰佰叁拾肆元伍角陆分."""
    whole, rest = divmod(cents, 100)
    jiao, fen = divmod(rest, 10)
    text = (_whole_in_capitals(whole) + "元") if whole else ""
    if not rest:
        return (text or "零元") + "整"
    if jiao:
        text += _CAPITALS[jiao] + "角"
    elif whole:
        text += "零"
    return text + (_CAPITALS[fen] + "分" if fen else "整")


def _whole_in_capitals(whole: int) -> str:
    groups: list[int] = []
    while whole:
        whole, group = divmod(whole, 10_000)
        groups.append(group)
    text = ""
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            continue
        gap = bool(text) and (group < 1000 or groups[place + 1] == 0)
        text += ("零" if gap else "") + _group_in_capitals(group) + _LARGE[place]
    return text


def _group_in_capitals(group: int) -> str:
    text, gap = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + _CAPITALS[digit] + _SMALL[place]
        gap = not digit
    return text


def long_date(day: date, language: str) -> str:
    """`3 May 2021`, `3. Mai 2021`, `2021年05月03日`."""
    if language == "zh":
        return f"{day.year}年{day.month:02d}月{day.day:02d}日"
    month = _MONTHS[language].split()[day.month - 1]
    joined = {"de": ". ", "es": " de "}.get(language, " ")
    return f"{day.day}{joined}{month}{' de ' if language == 'es' else ' '}{day.year}"


def short_date(day: date, language: str) -> str:
    """`03/05/2021`, `03.05.2021`, `2021-05-03`."""
    form = {"zh": "%Y-%m-%d", "de": "%d.%m.%Y"}.get(language, "%d/%m/%Y")
    return day.strftime(form)


def month_name(day: date, language: str) -> str:
    """The month with its year."""
    if language == "zh":
        return f"{day.year}年{day.month:02d}月"
    return f"{_MONTHS[language].split()[day.month - 1]} {day.year}"
