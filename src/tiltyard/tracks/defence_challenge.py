"""`defence.toml`: what a handed-in model must withstand, and what it must still get right."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from tiltyard.attacks.catalogue import find_attack
from tiltyard.contest.budget import Budget
from tiltyard.contest.entry import Entry
from tiltyard.contest.files import digest_of
from tiltyard.contest.loading import needed
from tiltyard.contest.pool import DataSpec, Name, Seconds
from tiltyard.contest.settings import read_settings
from tiltyard.contest.threat import Norm, Threat, fraction
from tiltyard.errors import EntryError, ReferenceFailed, TiltyardError
from tiltyard.jail.limits import MIB, Limits
from tiltyard.tracks.whitebox import WhiteBox
from tiltyard.vision.data import SHIPPED_DATA, LabelledImages, load_data

STRONGEST = ("lance", "square")
"""What attacks where the file names nothing: the strongest with gradients, and one that needs none."""


def _fraction(value: object) -> object:
    return fraction(value) if isinstance(value, str) else value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class AttackSpec(_Strict):
    """An attack of the catalogue, or the stored attack of a stranger (a path below the file)."""

    name: str | None = None
    entry: str | None = None
    label: Name = ""
    """What rows and reports call it."""

    @model_validator(mode="before")
    @classmethod
    def _labelled(cls, given: object) -> object:
        if isinstance(given, dict) and "label" not in given:
            shown = given.get("name") or Path(str(given.get("entry", ""))).stem
            return {**given, "label": str(shown).replace(":", "-").replace(" ", "-")}
        return given

    @model_validator(mode="after")
    def _one_origin(self) -> "AttackSpec":
        if (self.name is None) == (self.entry is None):
            raise ValueError("an attack has either a name or an entry")
        return self


def strongest() -> tuple[AttackSpec, ...]:
    """The house's own attacks."""
    return tuple(AttackSpec(name=name) for name in STRONGEST)


class DefenceSpec(_Strict):
    """The whole file."""

    name: Name
    title: str = ""
    data: DataSpec
    dataset: str = "custom"
    """What an attack is told."""
    norm: Norm = "linf"
    eps: Annotated[float, BeforeValidator(_fraction), Field(ge=0)]
    """Radius as a fraction of the range."""
    range: tuple[float, float] = (0.0, 1.0)
    classes: int = Field(ge=2, le=100_000)
    batch_size: int = Field(default=100, gt=0, le=4096)
    forwards: float = Field(default=200, ge=0)
    gradients: float = Field(default=100, ge=0)
    """Averages over the images; what one attack may spend is their total."""
    floor: float = Field(ge=0, le=1)
    """Clean accuracy below which a model scores 0, as a fraction."""
    attacks: tuple[AttackSpec, ...] = Field(default_factory=strongest, min_length=1)
    seconds: Seconds = 3600
    """Wall time of one stored attack, without the model's answers."""
    model_seconds: Seconds = 3600
    """Wall time of a handed-in program's answers, for each time that it is started."""
    call_seconds: Seconds = 120
    """Wall time of one answer, and between two messages of a stored attack."""
    memory_mib: int = Field(default=4096, gt=0)
    """Memory of a handed-in program, and of a stored attack."""

    @field_validator("range")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] >= value[1]:
            raise ValueError("range is [lowest, highest]")
        return value

    @field_validator("attacks")
    @classmethod
    def _distinct(cls, value: tuple[AttackSpec, ...]) -> tuple[AttackSpec, ...]:
        if len({attack.label for attack in value}) < len(value):
            raise ValueError("two attacks have one label")
        return value

    @property
    def threat(self) -> Threat:
        """The threat model in the range's own units."""
        return Threat(self.norm, self.eps * (self.range[1] - self.range[0]))

    def budget(self, images: int) -> Budget:
        return Budget.per_image(images, forwards=self.forwards, backwards=self.gradients)

    def model_limits(self) -> Limits:
        """Bounds on a handed-in program."""
        return Limits(memory=self.memory_mib * MIB, seconds=self.model_seconds, call_seconds=self.call_seconds)

    def attack_limits(self) -> Limits:
        """Bounds on a stored attack: it waits for the model at the model's expense."""
        seconds = self.seconds + self.model_seconds
        return Limits(memory=self.memory_mib * MIB, seconds=seconds, call_seconds=self.call_seconds)


@dataclass(frozen=True)
class DefenceChallenge:
    """A challenge file and the folder that its relative paths start from."""

    spec: DefenceSpec
    folder: Path
    count: int | None = None
    """Only the first so many images, below what the file says."""
    enclosed: bool = False
    """Whether a path of the file that leads out of the folder is refused: the file is not the user's own."""

    @property
    def name(self) -> str:
        return self.spec.name if self.count is None else f"{self.spec.name} (first {self.count})"

    @cached_property
    def version(self) -> str:
        """SHA-256 over the file's content, every image and label, and every stored attack."""
        images = self.images
        parts = [self.spec.model_dump_json(), str(self.count)]
        parts += [hashlib.sha256(images.images.tobytes() + images.labels.tobytes()).hexdigest(), *images.names]
        parts += [digest_of(path) for path in self.stored]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @cached_property
    def images(self) -> LabelledImages:
        """The evaluation images; TiltyardError where their labels are not the file's classes."""
        data = self.spec.data
        found = load_data(self._reference(data.reference), items=data.items, size=data.size, crop=data.crop)
        if int(found.labels.max()) >= self.spec.classes:
            raise TiltyardError(
                f"challenge {self.spec.name}: labels run up to {int(found.labels.max())}, classes = {self.spec.classes}"
            )
        return found.first(self.count)

    @property
    def stored(self) -> tuple[Path, ...]:
        """Strangers' attacks."""
        return tuple(self._path(attack.entry) for attack in self.spec.attacks if attack.entry)

    @property
    def files(self) -> tuple[Path, ...]:
        """What no guest may read: images, labels and the stored attacks."""
        return (*self.images.files, *self.stored)

    def attack(self, label: str) -> AttackSpec:
        (found,) = (attack for attack in self.spec.attacks if attack.label == label)
        return found

    def stored_entry(self, attack: AttackSpec) -> Entry:
        """A stored attack, opened by the white-box track's rules; EntryError where it breaks them or is not there."""
        path = self._path(str(attack.entry))
        if not path.exists():
            raise EntryError(f"{path}: no such file or folder, and the challenge's attacks name it: put it there")
        return WhiteBox().read(path)

    def check(self) -> None:
        """Raises TiltyardError before long work where data or an attack is not there."""
        for attack in self.spec.attacks:
            if attack.name:
                find_attack(attack.name)
            else:
                self.stored_entry(attack)
        if not len(self.images):
            raise TiltyardError(f"challenge {self.spec.name}: no images")

    def _reference(self, reference: str) -> str:
        return reference if reference in SHIPPED_DATA else str(self._path(reference))

    def _path(self, where: str) -> Path:
        return needed(self.folder, where) if self.enclosed else self.folder / where


def read_challenge(path: Path) -> DefenceSpec:
    """Reads a challenge file; TiltyardError names the file and the field that is wrong."""
    return read_settings(path, DefenceSpec)


def shipped_challenges() -> dict[str, Path]:
    """The challenge files inside the package, by name."""
    folder = Path(str(files("tiltyard.tracks"))) / "defence_challenges"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_challenge(
    reference: str, *, folder: Path | None = None, items: int | None = None, enclosed: bool = False
) -> DefenceChallenge:
    """A shipped challenge by name, or a file; `folder` is where its relative paths start, by default beside it.

    `enclosed` refuses paths that lead out of that folder.
    """
    path = shipped_challenges().get(reference, Path(reference))
    if not path.is_file():
        raise ReferenceFailed(f"no challenge {reference}: name a file, or one of {', '.join(shipped_challenges())}")
    found = DefenceChallenge(read_challenge(path), (folder or path.parent).resolve(), items, enclosed)
    found.check()
    return found
