"""The families of documents and their templates, and the one call that draws a page."""

from functools import cache
from importlib import import_module

from numpy.random import Generator

from tiltyard.errors import TiltyardError
from tiltyard.forensics.documents.kit.work import Template
from tiltyard.forensics.picture import Picture

SCRIPTS = ("latin", "chinese")

_FAMILIES = (
    "bank_receipt", "transfer_slip", "invoice", "payroll", "statement", "business_licence", "identity_card",
    "passport_page", "insurance_certificate", "chat_screenshot", "payment_screenshot",
)  # fmt: skip


def families() -> tuple[str, ...]:
    """The names of all families."""
    return _FAMILIES


def templates(family: str, scripts: tuple[str, ...] = SCRIPTS) -> tuple[str, ...]:
    """The templates of a family that need no fonts but those of the scripts (`latin`, `chinese`)."""
    return tuple(template.name for template in _known(family).values() if template.script in scripts)


def draw(family: str, template: str, rng: Generator, *, long_side: int = 1000) -> Picture:
    """A flat page, `long_side` pixels on its longer side, with its text lines and portraits; source `family/template`.

    Quads are the ink's box to the pixel. Pure: the same generator state gives the same bytes. Raises TiltyardError for
    an unknown name and for a font or package that is not installed.
    """
    if template not in _known(family):
        raise TiltyardError(f"no template {template} in family {family}: choose from {', '.join(templates(family))}")
    return _known(family)[template].draw(rng, long_side).picture(f"{family}/{template}")


@cache
def _known(family: str) -> dict[str, Template]:
    if family not in _FAMILIES:
        raise TiltyardError(f"no family of documents {family}: choose from {', '.join(_FAMILIES)}")
    module = import_module(f"tiltyard.forensics.documents.families.{family}")
    return {template.name: template for template in module.TEMPLATES}
