"""Machine-readable zones of travel documents (ICAO Doc 9303), for the code UTO that is kept for specimens."""

from dataclasses import dataclass
from datetime import date
from unicodedata import normalize

STATE = "UTO"


@dataclass(frozen=True)
class Bearer:
    """Whose document it is, as the zone says it."""

    last: str
    first: str
    number: str
    """Nine signs."""
    born: date
    sex: str
    expires: date


def card_lines(bearer: Bearer) -> tuple[str, str, str]:
    """Three lines of thirty signs (TD1)."""
    number = bearer.number + check(bearer.number)
    born, until = _day(bearer.born), _day(bearer.expires)
    whole = check(f"{number}{'<' * 15}{born}{until}{'<' * 11}")
    return (
        f"I<{STATE}{number}".ljust(30, "<"),
        f"{born}{bearer.sex}{until}{STATE}".ljust(29, "<") + whole,
        _name(bearer, 30),
    )


def passport_lines(bearer: Bearer) -> tuple[str, str]:
    """Two lines of forty-four signs (TD3)."""
    number = bearer.number + check(bearer.number)
    born, until, rest = _day(bearer.born), _day(bearer.expires), "<" * 14 + "0"
    whole = check(number + born + until + rest)
    return f"P<{STATE}{_name(bearer, 39)}", f"{number}{STATE}{born}{bearer.sex}{until}{rest}{whole}"


def check(text: str) -> str:
    """The check digit: weights 7, 3, 1 over digits, letters from 10 on, fillers as 0; modulo 10."""
    values = (int(sign, 36) if sign != "<" else 0 for sign in text)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def _day(day: date) -> str:
    text = f"{day:%y%m%d}"
    return text + check(text)


def _name(bearer: Bearer, width: int) -> str:
    return f"{_plain(bearer.last)}<<{_plain(bearer.first)}"[:width].ljust(width, "<")


def _plain(name: str) -> str:
    bare = normalize("NFKD", name.replace("ß", "ss").replace("ø", "o")).encode("ascii", "ignore").decode().upper()
    return "".join(sign if sign.isalpha() else "<" for sign in bare)
