"""One sample of rendered documents, as a pure function of recipe and index."""

from functools import lru_cache
from typing import TYPE_CHECKING

from numpy.random import Generator

from tiltyard.forensics.documents.capture import captured
from tiltyard.forensics.documents.catalogue import draw
from tiltyard.forensics.forging.catalogue import forged, offers_a_place
from tiltyard.forensics.forging.operation import Change
from tiltyard.forensics.forging.places import NoPlace
from tiltyard.forensics.making.finished import Origin, finished, sent_on, unchanged
from tiltyard.forensics.making.late import LatePicture
from tiltyard.forensics.making.marked import mark_of
from tiltyard.forensics.making.stages import Stage, chance
from tiltyard.forensics.picture import Picture

if TYPE_CHECKING:
    from tiltyard.forensics.making.recipe import Recipe
    from tiltyard.forensics.making.series import Sample

AUTHENTIC = "authentic"
OWN_FAMILY = 0.5
"""The share of donors that are of the picture's own family: forgers take what looks alike."""


def sample(recipe: "Recipe", index: int) -> "Sample | None":
    """The sample of that index: the same bytes in any order, in any process, with any number of processes.

    None where none of the recipe's kinds found a place on the page: no portrait to exchange on an invoice.
    """
    family, template, picture, made = _captured_and_changed(recipe, index)
    return None if made is None else _sent_on(recipe, index, picture, (family, template, *made))


def twin(recipe: "Recipe", index: int) -> "Sample | None":
    """The same as nobody forged it: same page, capture and savings. None for what is authentic."""
    family, template, picture, made = _captured_and_changed(recipe, index)
    if made is None or made[0] == AUTHENTIC:
        return None
    return _sent_on(recipe, index, picture, (family, template, AUTHENTIC, unchanged(picture.pixels)))


@lru_cache(maxsize=1)
def _captured_and_changed(recipe: "Recipe", index: int) -> tuple[str, str, Picture, tuple[str, Change] | None]:
    """Family, template, picture and what was done to it; kept for the twin, which comes next."""
    family, template, page = drawn(recipe, chance(recipe.seed, index // recipe.variants, Stage.PAGE))
    picture = captured(page, chance(recipe.seed, index, Stage.CAPTURE), long_side=recipe.long_side)
    return family, template, picture, changed(recipe, index, picture, family)


def _sent_on(recipe: "Recipe", index: int, picture: Picture, made: tuple[str, str, str, Change]) -> "Sample":
    family, template, kind, change = made
    document = index // recipe.variants
    posted = sent_on(
        change, picture.saved, chance(recipe.seed, index, Stage.SAVE), chance(recipe.seed, index, Stage.POST),
        long_side=recipe.long_side,
    )  # fmt: skip
    return finished(
        index, posted, Origin(f"document-{document:09d}", family, template, kind), note=change.note,
        mark=mark_of("documents", recipe=recipe.digest, seed=recipe.seed, index=index),
    )  # fmt: skip


def drawn(recipe: "Recipe", rng: Generator, *, family: str | None = None) -> tuple[str, str, Picture]:
    """A flat page of some family (or of this one): every family as often as every other."""
    families = recipe.families
    chosen = family or families[int(rng.integers(len(families)))]
    templates = recipe.templates(chosen)
    template = templates[int(rng.integers(len(templates)))]
    return chosen, template, draw(chosen, template, rng, long_side=recipe.long_side)


def changed(recipe: "Recipe", index: int, picture: Picture, family: str) -> tuple[str, Change] | None:
    """The kind of forgery and the change, which is empty for the share of samples that is authentic.

    Authentic pictures too are such as the kinds fit: else the family of a document would tell who was forged.
    """
    if chance(recipe.seed, index, Stage.CHOICE).random() < recipe.authentic:
        return (AUTHENTIC, unchanged(picture.pixels)) if offers_a_place(picture, recipe.kinds) else None
    late = LatePicture(lambda: donor(recipe, index, family, alike=bool(picture.portraits)))
    try:
        return forged(picture, late, chance(recipe.seed, index, Stage.FORGE), kinds=recipe.kinds)
    except NoPlace:
        return None


def donor(recipe: "Recipe", index: int, family: str, *, alike: bool = False) -> Picture:
    """A document of nobody else's: what is spliced from it stands in no other sample, so in no other split.

    `alike`: of the same family for sure, so that it has a portrait to give to a picture with one.
    """
    rng = chance(recipe.seed, index, Stage.DONOR)
    own = family if rng.random() < OWN_FAMILY or alike else None
    _, _, page = drawn(recipe, rng, family=own)
    return captured(page, rng, long_side=recipe.long_side)
