"""What is written on a page: invented people, firms, banks, addresses, numbers and dates, drawn from one generator."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from numpy.random import Generator

from tiltyard.errors import TiltyardError
from tiltyard.forensics.documents.chance import chance, digits, pick

LOCALES = {"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "it": "it_IT", "zh": "zh_CN"}
LATIN_LANGUAGES = ("en", "en", "de", "fr", "es", "it")

_BANK_HEADS = ("Northmere", "Harwick", "Auental", "Valbrune", "Costaverde", "Ostrava Vale", "Kestrel", "Lindhaven",
               "Marivaux", "Altaselva", "Pelham Rise", "Grauwald", "Bellacqua", "Tornholm", "Quillan")  # fmt: skip
_BANK_FORMS = {
    "en": ("{} Bank", "Bank of {}", "{} Trust Bank", "{} Savings"),
    "de": ("{} Bank", "Kreditbank {}", "{} Hausbank"),
    "fr": ("Banque {}", "Crédit {}", "Caisse {}"),
    "es": ("Banco {}", "Caja {}", "Banca {}"),
    "it": ("Banca {}", "Cassa {}", "Credito {}"),
}
_ZH_HEADS = ["澜穹", "霁岚", "梧野", "朔原", "汀洲湾", "鹿鸣原", "沧柏", "云栈", "栖霖", "望舒", "青穹", "曜川"]
_ZH_FIRM_SIGNS = tuple("曦岑屿溯梓禾砚沁霄羽桐澍昀祁岫淞榕骞翊珩煦棠郗蔚")
_ZH_TRADES = ("商贸", "科技", "餐饮管理", "物流", "建材", "服装", "电子", "机械设备", "广告", "信息技术", "食品", "")
_ZH_FIRMS = ("有限公司", "有限公司", "有限责任公司", "股份有限公司")
_ZH_BANKS = ("{}银行", "{}商业银行", "{}合作银行", "{}银行股份有限公司")


@cache
def _faker(locale: str) -> Any:
    try:
        from faker import Faker
    except ModuleNotFoundError:
        raise TiltyardError('package faker is not installed: pip install "tiltyard[documents]"') from None
    made = Faker(locale)
    for provider in made.get_providers():
        if hasattr(provider, "cities"):
            provider.cities = sorted(provider.cities)  # it_IT lists a set, whose order differs between processes
    return made


@dataclass(frozen=True)
class Facts:
    """A source of contents in one language; each call draws from `rng` through Faker, reseeded for the page."""

    language: str
    rng: Generator
    faker: Any

    @property
    def chinese(self) -> bool:
        return self.language == "zh"

    def name(self) -> str:
        if self.chinese:
            return f"{self.faker.last_name()}{self.faker.first_name()}".replace(" ", "")
        return f"{self.faker.first_name()} {self.faker.last_name()}"

    def first_and_last(self, *, female: bool) -> tuple[str, str]:
        first = self.faker.first_name_female() if female else self.faker.first_name_male()
        return str(first), str(self.faker.last_name())

    def company(self) -> str:
        """A firm; in Chinese of two invented signs, for Faker's list has names that firms bear."""
        if not self.chinese:
            return str(self.faker.company())
        name = "".join(pick(self.rng, _ZH_FIRM_SIGNS) for _ in range(2))
        return f"{name}{pick(self.rng, _ZH_TRADES)}{pick(self.rng, _ZH_FIRMS)}"

    def bank(self) -> str:
        head = pick(self.rng, _ZH_HEADS if self.chinese else _BANK_HEADS)
        return pick(self.rng, _ZH_BANKS if self.chinese else _BANK_FORMS[self.language]).format(head)

    def branch(self) -> str:
        if self.chinese:
            return f"{self.city()}{pick(self.rng, ('分行', '支行', '营业部', '城东支行', '新区支行'))}"
        return self.city()

    def city(self) -> str:
        return str(self.faker.city())

    def street(self) -> str:
        if self.chinese:
            return f"{self.faker.street_name()}{int(self.rng.integers(1, 400))}号"
        return " ".join(str(self.faker.street_address()).split())

    def town(self) -> str:
        """Postcode with city."""
        if self.chinese:
            return f"{self.faker.province()}{self.faker.city()}{self.faker.district()}区"
        return f"{self.faker.postcode()} {self.city()}"

    def address(self) -> str:
        """The address in one line."""
        return self.town() + self.street() if self.chinese else f"{self.street()}, {self.town()}"

    def job(self) -> str:
        return str(self.faker.job()).split("/")[0].split(",")[0]

    def phone(self) -> str:
        """A number that no network assigns."""
        return f"000-{digits(self.rng, 8)}" if self.chinese else f"+00 {digits(self.rng, 3)} 555 {digits(self.rng, 4)}"

    def account(self) -> str:
        """An account number that no bank can have: no card range starts with 00, XX is no country, 00 no check."""
        if self.chinese:
            return "00" + digits(self.rng, int(self.rng.integers(14, 18)))
        return " ".join(["XX00", *(digits(self.rng, 4) for _ in range(4)), digits(self.rng, 2)])

    def swift(self) -> str:
        return "".join(pick(self.rng, "ABCDEFGHKLMNPRST") for _ in range(4)) + "XX" + digits(self.rng, 2)

    def masked_card(self) -> str:
        tail = digits(self.rng, 4)
        return pick(self.rng, (f"**** **** **** {tail}", f"000000******{tail}", f"XXXX-XXXX-XXXX-{tail}"))

    def tax_number(self) -> str:
        """Eighteen signs that start with ZX: Z is outside the alphabet of such numbers."""
        body = "".join(pick(self.rng, "0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(9))
        return f"ZX00{digits(self.rng, 5)}{body}"

    def code(self, form: str) -> str:
        """A number after a form: `#` becomes a digit, `@` a letter."""
        return "".join(
            digits(self.rng, 1) if sign == "#" else pick(self.rng, "ABCDEFGHJKLMNPRSTUVWXYZ") if sign == "@" else sign
            for sign in form
        )

    def day(self, first: int = 2016, last: int = 2025) -> date:
        start = date(first, 1, 1)
        return start + timedelta(days=int(self.rng.integers((date(last, 12, 28) - start).days)))

    def clock(self, *, seconds: bool = True) -> str:
        hour, minute, second = (int(self.rng.integers(low, high)) for low, high in ((7, 22), (0, 60), (0, 60)))
        return f"{hour:02d}:{minute:02d}" + (f":{second:02d}" if seconds else "")

    def likely(self, share: float) -> bool:
        return chance(self.rng, share)


def facts(language: str, rng: Generator) -> Facts:
    """Contents in a language of `LOCALES`; Faker is built once a locale and reseeded here."""
    faker = _faker(LOCALES[language])
    faker.seed_instance(int(rng.integers(2**62)))
    return Facts(language, rng, faker)
