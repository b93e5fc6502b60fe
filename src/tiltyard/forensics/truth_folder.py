"""The organiser's truth: one mask an image, with groups and kinds, in a folder as `tiltyard forge` writes it."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tiltyard.contest.files import read_bounded, unchanged
from tiltyard.contest.names import same_name, shown
from tiltyard.contest.settings import read_settings
from tiltyard.errors import EntryError, TiltyardError
from tiltyard.forensics.samples_table import SampleLine, read_samples
from tiltyard.forensics.scoring.overlap import EmptyRule
from tiltyard.vision.masks import decode_mask

MASKS, IMAGES, SAMPLES, SETTINGS = "masks", "images", "samples.csv", "forgery.toml"
PNG = ".png"
PICTURES = (".jpg", ".jpeg", PNG, ".webp", ".tif", ".tiff", ".bmp")
MAX_MASK_BYTES = 128 << 20


class ForgerySettings(BaseModel):
    """The rules of a contest; `forgery.toml` in the truth folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="", max_length=100)
    empty: EmptyRule = "iou"
    public_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    split_seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class TruthItem:
    """One test image: its name without suffix, its mask, what is known of it."""

    name: str
    mask: Path
    digest: str
    """SHA-256 of the mask's file when the folder was read."""
    line: SampleLine

    @property
    def source(self) -> str:
        """The group of near-duplicates: the image itself where none is known."""
        return self.line.source or self.name

    def read(self) -> NDArray[np.bool_]:
        """The (h, w) mask; TiltyardError names the organiser's file."""
        try:
            content = read_bounded(self.mask, MAX_MASK_BYTES, str(self.mask.parent), self.mask.name, follow=True)
            unchanged(content, self.digest, str(self.mask.parent), self.mask.name)
            return decode_mask(content, str(self.mask), size=None)
        except EntryError as error:
            raise TiltyardError(f"truth {error}") from None


@dataclass(frozen=True)
class TruthFolder:
    """All test images in order of their names, and the rules."""

    folder: Path
    settings: ForgerySettings
    items: tuple[TruthItem, ...]
    pictures: Mapping[str, Path] = field(default_factory=dict)
    """The test images by item, where they are at hand: reports show some, nothing is scored by them."""

    @property
    def name(self) -> str:
        return self.settings.name or self.folder.resolve().name

    @property
    def version(self) -> str:
        """SHA-256 over all masks, names, groups and rules."""
        listed = [(item.name, item.digest, asdict(item.line)) for item in self.items]
        text = json.dumps([self.settings.model_dump(), listed], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def with_rules(self, *, empty: EmptyRule | None = None, public_share: float | None = None) -> "TruthFolder":
        """The same truth under other rules; TiltyardError for a share outside 0–1."""
        if public_share is not None and not 0 < public_share <= 1:
            raise TiltyardError(f"the public share is {public_share:g}: it must lie above 0 and at most at 1")
        changed = {"empty": empty, "public_share": public_share}
        wanted = {name: value for name, value in changed.items() if value is not None}
        return replace(self, settings=ForgerySettings(**{**self.settings.model_dump(), **wanted}))

    def with_pictures(self, folder: Path | None = None) -> "TruthFolder":
        """The same with the test images of a folder, or those in `images/` beside the masks."""
        beside = [place / IMAGES for place in _places(self.folder) if (place / IMAGES).is_dir()]
        found = {path.stem: path for place in ([folder] if folder else beside) for path in _pictures(place, "images")}
        return replace(self, pictures={item.name: found[item.name] for item in self.items if item.name in found})


def read_truth(folder: Path) -> TruthFolder:
    """Reads `part-*/masks/*.png`, `masks/*.png` or `*.png`; the masks themselves are decoded later, one by one.

    The ending may be in capitals. Names that no archive can hold both are refused, for nobody could hand in masks.
    Optional beside them: `samples.csv` (groups and kinds), `forgery.toml` (rules). TiltyardError names what is wrong.
    """
    if not folder.is_dir():
        raise TiltyardError(f"truth {folder}: no such folder")
    rules = folder / SETTINGS
    settings = read_settings(rules, ForgerySettings) if rules.is_file() else ForgerySettings()
    items = sorted((item for place in _places(folder) for item in _items(place)), key=lambda item: item.name)
    if not items:
        raise TiltyardError(f"truth {folder}: holds no masks: put one PNG an image into {MASKS}/")
    _check_distinct(folder, (item.name for item in items))
    return TruthFolder(folder, settings, tuple(items))


def _check_distinct(folder: Path, names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.get(same_name(name))
        if other == name:
            raise TiltyardError(f"truth {folder}: two masks are called {shown(name)}")
        if other is not None:
            told = f"masks {shown(other)} and {shown(name)} have one name on some file systems"
            raise TiltyardError(f"truth {folder}: {told}, so that no entry can hold both: rename one")
        seen[same_name(name)] = name


def _pictures(folder: Path, what: str) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    except OSError as error:
        raise TiltyardError(f"{what} {folder}: cannot be read ({error.strerror})") from None


def _places(folder: Path) -> list[Path]:
    """The folders that hold masks: parts of a series, or the folder itself."""
    return sorted(place.parent for place in folder.glob(f"part-*/{MASKS}") if place.is_dir()) or [folder]


def _items(place: Path) -> Iterator[TruthItem]:
    masks = _masks(place)
    names = {path.stem for path in masks}
    table = place / SAMPLES
    known = read_samples(table, names) if table.is_file() else dict.fromkeys(names, SampleLine())
    _check_table(table, known, masks)
    for path in masks:
        yield TruthItem(path.stem, path, _digest(path), known[path.stem])


def _masks(place: Path) -> list[Path]:
    """The PNGs of `masks/`, which may hold no other picture, or of the folder itself."""
    apart = (place / MASKS).is_dir()
    masks = []
    for path in _pictures(place / MASKS if apart else place, "truth"):
        if path.name.startswith("."):
            continue
        if path.suffix.lower() == PNG:
            masks.append(path)
        elif apart:
            raise TiltyardError(f"truth {path.parent}: {shown(path.name)} is no PNG, as each mask is")
    return masks


def _check_table(table: Path, known: Mapping[str, SampleLine], masks: Sequence[Path]) -> None:
    found = {path.stem for path in masks}
    for name in known:
        if name not in found:
            raise TiltyardError(f"{table}: names {shown(name)}, which has no mask: an authentic image has one of all 0")
    for path in masks:
        if path.stem not in known:
            raise TiltyardError(f"{table}: lacks a line for {path.name}")


def _digest(path: Path) -> str:
    try:
        content = read_bounded(path, MAX_MASK_BYTES, str(path.parent), path.name, follow=True)
    except EntryError as error:
        raise TiltyardError(f"truth {error}") from None
    return hashlib.sha256(content).hexdigest()
