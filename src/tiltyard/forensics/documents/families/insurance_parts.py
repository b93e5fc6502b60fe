"""Who insures, and for how long."""

from datetime import timedelta

from tiltyard.forensics.documents.chance import pick
from tiltyard.forensics.documents.kit.layout import Field
from tiltyard.forensics.documents.kit.work import Work
from tiltyard.forensics.documents.money import long_date, short_date

_INSURERS = ("Halcyon", "Meridian Vale", "Castellane", "Nordwall", "Aurelia", "Bramford", "Sollingen", "Tessaly")


_FORMS = {
    "en": "{} Assurance",
    "de": "{} Versicherung",
    "fr": "{} Assurances",
    "es": "Seguros {}",
    "it": "{} Assicurazioni",
}


_INSURERS_ZH = ("霁岚财产保险", "梧野人寿保险", "沧柏保险", "望舒财产保险", "鹿鸣原健康保险")


def insurer_name(work: Work) -> str:
    if work.chinese:
        return pick(work.rng, _INSURERS_ZH) + "股份有限公司"
    return _FORMS[work.language].format(pick(work.rng, _INSURERS))


def cover_span(work: Work) -> list[Field]:
    start = work.facts.day(2017, 2024)
    end = start + timedelta(days=364)
    written = pick(work.rng, (short_date, long_date))
    return [
        Field(work.say("from"), written(start, work.language), "date"),
        Field(work.say("until"), written(end, work.language), "date"),
    ]
