"""Heads and feet of pages: letterheads, blocks of address lines, seals of firms, small print."""

from collections.abc import Sequence

from tiltyard.forensics.documents.chance import between, chance, pick
from tiltyard.forensics.documents.kit.canvas import Box, Colour
from tiltyard.forensics.documents.kit.layout import put
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.work import Work
from tiltyard.forensics.documents.money import short_date
from tiltyard.forensics.documents.ornaments.marks import logo
from tiltyard.forensics.documents.ornaments.stamp import BLUES, REDS, Seal, date_seal, stamp


def letterhead(work: Work, box: Box, name: str, lines: Sequence[str], *, form: str = "") -> float:
    """The issuer's mark, name and lines at the top of the box, `left`, `centre` or `band`; returns the next free y."""
    form = form or pick(work.rng, ("left", "left", "centre", "band"))
    return {"left": _left, "centre": _centre, "band": _band}[form](work, box, name, lines)


def _left(work: Work, box: Box, name: str, lines: Sequence[str]) -> float:
    canvas, look, side = work.canvas, work.theme, between(work.rng, 36, 54)
    logo(canvas, work.rng, x=box.x, y=box.y, side=side, colour=look.accent, letter=name[0])
    put(
        canvas,
        box.x + side + 14,
        box.y + side * 0.66,
        name,
        look.title(24, look.accent),
        width=box.width * 0.5,
        role="name",
    )
    for place, line in enumerate(lines[:3]):
        put(
            canvas,
            box.x + box.width * 0.62,
            box.y + 12 + place * 16,
            line,
            look.label(12),
            width=box.width * 0.38,
            align="right",
            role="address",
        )
    bottom = box.y + max(side, len(lines[:3]) * 16) + 14
    if chance(work.rng, 0.6):
        canvas.rule(box.x, bottom, box.width, look.accent, pick(work.rng, (1.0, 2.0, 3.0)))
    return bottom + 10


def _centre(work: Work, box: Box, name: str, lines: Sequence[str]) -> float:
    canvas, look = work.canvas, work.theme
    put(canvas, box.x, box.y + 24, name, look.title(28, look.accent), width=box.width, align="centre", role="name")
    put(
        canvas,
        box.x,
        box.y + 46,
        "  ·  ".join(lines[:2]),
        look.label(12),
        width=box.width,
        align="centre",
        role="address",
    )
    canvas.rule(box.x, box.y + 60, box.width, look.accent, 1)
    if chance(work.rng, 0.5):
        canvas.rule(box.x, box.y + 64, box.width, look.accent, 2)
    return box.y + 76


def _band(work: Work, box: Box, name: str, lines: Sequence[str]) -> float:
    canvas, look, height = work.canvas, work.theme, between(work.rng, 62, 84)
    canvas.area(Box(0, 0, canvas.width, height), look.accent)
    side = height * 0.5
    logo(
        canvas,
        work.rng,
        x=box.x,
        y=(height - side) / 2,
        side=side,
        colour=mixed(look.accent, WHITE, 0.82),
        letter=name[0],
    )
    put(canvas, box.x + side + 14, height / 2 + 9, name, look.title(25, WHITE), width=box.width * 0.55, role="name")
    for place, line in enumerate(lines[:2]):
        put(
            canvas,
            box.x + box.width * 0.66,
            height / 2 - 3 + place * 16,
            line,
            look.text(12, mixed(WHITE, look.accent, 0.15)),
            width=box.width * 0.34,
            align="right",
            role="address",
        )
    return height + 18


def block(work: Work, x: float, y: float, title: str, lines: Sequence[str], *, width: float, size: float = 14) -> float:
    """A small heading over lines, as an addressee stands; returns the next free baseline."""
    canvas, look = work.canvas, work.theme
    if title:
        put(canvas, x, y, title, look.label(size * 0.88), width=width, role="label")
        y += size * 1.4
    for place, line in enumerate(lines):
        role = "name" if place == 0 else "address"
        put(canvas, x, y, line, look.text(size, cut="bold" if place == 0 else "regular"), width=width, role=role)
        y += size * 1.4
    return y


def small_print(work: Work, box: Box, lines: Sequence[str], *, size: float = 10.5) -> None:
    """Centred lines at the foot of the page, over a rule."""
    canvas, look = work.canvas, work.theme
    canvas.rule(box.x, box.y, box.width, mixed(look.soft, WHITE, 0.5))
    for place, line in enumerate(lines):
        put(canvas, box.x, box.y + 16 + place * size * 1.45, line, look.label(size), width=box.width, align="centre")


def firm_seal(work: Work, name: str, *, x: float, y: float, width: float, purpose: str = "") -> None:
    """The round seal of a firm: red with a star in Chinese, an office stamp in Latin."""
    rng = work.rng
    if work.chinese:
        middle = (purpose,) if purpose else ()
        seal = Seal(name[:16], middle, star=True, face=pick(rng, ("noto-serif-sc", "noto-sans-sc", "uming")))
        stamp(work.canvas, rng, seal, x=x, y=y, width=width, colour=pick(rng, REDS))
        return
    rim = f"{name.upper()[:22]} · "
    seal = Seal(
        rim,
        (purpose or short_date(work.facts.day(), work.language),),
        face=pick(rng, ("arimo", "pt-serif", "roboto-condensed")),
        form=pick(rng, ("round", "round", "oval")),
        sweep=330,
    )
    stamp(work.canvas, rng, seal, x=x, y=y, width=width, colour=pick(rng, BLUES + REDS))


def teller_stamp(work: Work, top: str, bottom: str, *, x: float, y: float, width: float) -> None:
    """A box or oval with a name, the day and what was done."""
    colours: tuple[Colour, ...] = REDS if work.chinese else BLUES + REDS
    face = "noto-sans-sc" if work.chinese else pick(work.rng, ("arimo", "roboto-condensed", "ibm-plex-mono"))
    seal = date_seal(work.rng, top, short_date(work.facts.day(), work.language), bottom, face=face)
    stamp(work.canvas, work.rng, seal, x=x, y=y, width=width, colour=pick(work.rng, colours))
