"""Forged samples of a user's own pictures, by the same operations and the same purity as rendered documents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tiltyard.errors import TiltyardError
from tiltyard.forensics.forging.catalogue import forged, operation
from tiltyard.forensics.forging.catalogue import kinds as known_kinds
from tiltyard.forensics.forging.operation import Change
from tiltyard.forensics.forging.places import NoPlace
from tiltyard.forensics.making.finished import Origin, finished, sent_on, unchanged
from tiltyard.forensics.making.late import LatePicture
from tiltyard.forensics.making.marked import mark_of
from tiltyard.forensics.making.recipe import LONGEST, SHORTEST, check_numbers, chosen, digest_of
from tiltyard.forensics.making.sample import AUTHENTIC
from tiltyard.forensics.making.series import Sample
from tiltyard.forensics.making.sources import Files, Found, Source, picture_of, read_files
from tiltyard.forensics.making.stages import Stage, chance
from tiltyard.forensics.making.versions import digest_of_json, made_with
from tiltyard.forensics.picture import Picture

VERSION = "tamper 1"
"""Changes with every change of code that changes bytes."""
MAX_A_PICTURE = 1000


@dataclass(frozen=True)
class TamperRecipe:
    """Some forged and some authentic samples of every picture. `tamper_recipe` makes one with everything checked."""

    seed: int
    images: Path
    boxes: Path | None
    sources: tuple[Source, ...]
    kinds: tuple[str, ...]
    forged: int = 1
    """Forged samples of each picture."""
    authentic: int = 0
    long_side: int | None = None
    """Longer pictures are shrunk to it; None keeps every size, and with it what compression left in the pixels."""
    samples_a_part: int = 1000
    version: str = VERSION

    @property
    def a_picture(self) -> int:
        return self.forged + self.authentic

    @property
    def count(self) -> int:
        return self.a_picture * len(self.sources)

    def described(self) -> dict[str, Any]:
        """All but where the pictures lie, with the packages of this machine."""
        return {
            "version": self.version, "seed": self.seed, "count": self.count, "sources": _digest_of(self.sources),
            "kinds": list(self.kinds), "forged": self.forged, "authentic": self.authentic,
            "long_side": self.long_side, "samples_a_part": self.samples_a_part, "made_with": dict(made_with()),
        }  # fmt: skip

    @property
    def digest(self) -> str:
        """SHA-256 of what a sample's bytes hang on."""
        return digest_of(self.described())

    def prepare(self) -> None:
        """Imports what forges."""
        _ = [operation(kind) for kind in self.kinds]

    def material(self, indices: range, *, carried: bool) -> Mapping[int, Files] | None:
        """The files of the samples' pictures and donors, where another machine must make them."""
        if not carried:
            return None
        numbers = {number for index in indices for number in (index // self.a_picture, self.donor(index))}
        return {number: self._files(number) for number in sorted(numbers)}

    def sample(self, index: int, material: Mapping[int, Files] | None = None) -> Sample | None:
        """The sample of that index; None where no operation found a place in the picture."""
        picture = self._picture(index // self.a_picture, material)
        made = self._changed(index, picture, material)
        return None if made is None else self._sent_on(index, picture, *made)

    def twin(self, index: int, material: Mapping[int, Files] | None = None) -> Sample | None:
        """The sample as nobody forged it; None for what is authentic, or has no place to forge."""
        picture = self._picture(index // self.a_picture, material)
        if self.is_authentic(index) or self._changed(index, picture, material) is None:
            return None
        return self._sent_on(index, picture, AUTHENTIC, unchanged(picture.pixels))

    def _sent_on(self, index: int, picture: Picture, kind: str, change: Change) -> Sample:
        posted = sent_on(
            change, picture.saved, chance(self.seed, index, Stage.SAVE), chance(self.seed, index, Stage.POST),
            long_side=self.long_side or max(picture.size),
        )  # fmt: skip
        return finished(
            index, posted, Origin(picture.source, "", "", kind), note=change.note,
            mark=mark_of("tamper", recipe=self.digest, seed=self.seed, index=index),
        )  # fmt: skip

    def donor(self, index: int) -> int:
        """Another picture of the folder, by number."""
        own, others = index // self.a_picture, len(self.sources) - 1
        return (own + 1 + int(chance(self.seed, index, Stage.DONOR).integers(others))) % len(self.sources)

    def is_authentic(self, index: int) -> bool:
        """Which of a picture's samples stay as they are is drawn, so that a sample's number does not tell."""
        number, which = divmod(index, self.a_picture)
        order = chance(self.seed, number, Stage.ORDER).permutation(self.a_picture)
        return bool(order[which] < self.authentic)

    def _changed(self, index: int, picture: Picture, material: Mapping[int, Files] | None) -> tuple[str, Change] | None:
        return _changed_here(self, index) if material is None else self._forged(index, picture, material)

    def _forged(self, index: int, picture: Picture, material: Mapping[int, Files] | None) -> tuple[str, Change] | None:
        if self.is_authentic(index):
            return AUTHENTIC, unchanged(picture.pixels)
        late = LatePicture(lambda: self._picture(self.donor(index), material))
        try:
            return forged(picture, late, chance(self.seed, index, Stage.FORGE), kinds=self.kinds)
        except NoPlace:
            return None

    def _picture(self, number: int, material: Mapping[int, Files] | None) -> Picture:
        if material is None:
            return _decoded(self, number)
        return picture_of(material[number], self.sources[number].name, long_side=self.long_side)

    def _files(self, number: int) -> Files:
        return read_files(self.images, self.boxes, self.sources[number])


def tamper_recipe(
    images: Path,
    found: Found,
    *,
    seed: int,
    boxes: Path | None = None,
    kinds: Iterable[str] = (),
    forged: int = 1,
    authentic: int = 0,
    long_side: int | None = None,
    samples_a_part: int = 1000,
) -> TamperRecipe:
    """A recipe over the pictures that were found; TiltyardError names what is wrong with it."""
    if len(found.sources) < 2:
        reason = f": {found.complaints[0]}" if found.complaints else ""
        raise TiltyardError(f"{images}: holds {len(found.sources)} readable pictures, two are needed{reason}")
    if not 0 <= forged <= MAX_A_PICTURE or not 0 <= authentic <= MAX_A_PICTURE or forged + authentic == 0:
        raise TiltyardError(
            f"{forged} forged and {authentic} authentic samples of a picture: write 0 to {MAX_A_PICTURE}"
        )
    if long_side is not None and not SHORTEST <= long_side <= LONGEST:
        raise TiltyardError(f"long side {long_side}: write {SHORTEST} to {LONGEST} pixels")
    recipe = TamperRecipe(
        seed=seed, images=images.absolute(), boxes=None if boxes is None else boxes.absolute(), sources=found.sources,
        kinds=chosen("kind", tuple(kinds), tuple(known_kinds())), forged=forged, authentic=authentic,
        long_side=long_side, samples_a_part=samples_a_part,
    )  # fmt: skip
    check_numbers(seed=seed, count=recipe.count, authentic=0, samples_a_part=samples_a_part)
    return recipe


@lru_cache(maxsize=2)
def _decoded(recipe: TamperRecipe, number: int) -> Picture:
    """Kept for the neighbouring samples of the same picture; nothing writes into a picture's pixels."""
    files = read_files(recipe.images, recipe.boxes, recipe.sources[number])
    return picture_of(files, recipe.sources[number].name, long_side=recipe.long_side)


@lru_cache(maxsize=1)
def _changed_here(recipe: TamperRecipe, index: int) -> tuple[str, Change] | None:
    """Kept for the twin, which comes next."""
    return recipe._forged(index, _decoded(recipe, index // recipe.a_picture), None)


@lru_cache(maxsize=4)
def _digest_of(sources: tuple[Source, ...]) -> str:
    return digest_of_json({source.name: source.digest for source in sources})
