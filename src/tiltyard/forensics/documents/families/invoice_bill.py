"""What an invoice is about: goods, what they cost, what the tax adds."""

from dataclasses import dataclass

from tiltyard.forensics.documents.chance import pick, some
from tiltyard.forensics.documents.kit.work import Work


@dataclass(frozen=True)
class Bill:
    """Rows of goods with net sums in cents, and what they add up to."""

    rows: tuple[tuple[str, int, int], ...]
    """What, how many, cents each."""
    rate: int
    """Tax in per cent."""

    @property
    def net(self) -> int:
        return sum(count * price for _, count, price in self.rows)

    @property
    def tax(self) -> int:
        return round(self.net * self.rate / 100)

    @property
    def total(self) -> int:
        return self.net + self.tax


def bill(work: Work, *, most: int) -> Bill:
    """Some goods of the page's language at random prices."""
    rng = work.rng
    goods = some(rng, work.say("goods").split(";"), int(rng.integers(2, most + 1)))
    rates = {"en": (20,), "de": (19, 7), "fr": (20, 10), "es": (21, 10), "it": (22, 10), "zh": (13, 6, 3)}[
        work.language
    ]
    rows = tuple((good, int(rng.integers(1, 13)), int(rng.integers(200, 60_000))) for good in goods)
    return Bill(rows, pick(rng, rates))
