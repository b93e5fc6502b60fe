"""`pool.toml`: a set of defended models, each with its data, threat model, range, batch size and budget."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tiltyard.contest.budget import Budget
from tiltyard.contest.settings import read_settings
from tiltyard.contest.threat import Norm, Threat, fraction


def _fraction(value: object) -> object:
    return fraction(value) if isinstance(value, str) else value


Side = Annotated[int, Field(gt=0, le=4096)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Seconds = Annotated[float, Field(gt=0, le=366 * 24 * 3600)]
"""Of what takes time by the rules: a year at most."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataSpec(_Strict):
    """A labelled image set: a data reference, or a path below the pool's files."""

    reference: str
    items: int | None = Field(default=None, gt=0)
    """Only the first so many images."""
    size: tuple[Side, Side] | None = None
    """Height and width to which images of a folder are brought."""
    crop: float = Field(default=1.0, gt=0, le=1)
    """Share of the shorter side that the central cut keeps before that."""


class ModelSpec(_Strict):
    """One defended model: a model reference, or a named architecture and a weights file below the pool's files."""

    name: Name
    reference: str | None = None
    architecture: str | None = None
    weights: str | None = None
    source: str = ""
    """Where the authors publish the weights."""
    notes: str = ""
    data: Name
    dataset: str = "custom"
    """What the attacker's constructor is told."""
    norm: Norm = "linf"
    eps: Annotated[float, BeforeValidator(_fraction), Field(ge=0)]
    """Radius as a fraction of the range."""
    range: tuple[float, float] = (0.0, 1.0)
    batch_size: int = Field(default=100, gt=0, le=4096)
    forwards: float = Field(default=200, ge=0)
    gradients: float = Field(default=100, ge=0)
    """Averages over the model's images; the budget is their total."""

    @model_validator(mode="after")
    def _one_origin(self) -> "ModelSpec":
        if (self.reference is None) == (self.architecture is None):
            raise ValueError("give either reference, or architecture and weights")
        if (self.architecture is None) != (self.weights is None):
            raise ValueError("architecture and weights belong together")
        if self.range[0] >= self.range[1]:
            raise ValueError("range is [lowest, highest]")
        return self

    @property
    def threat(self) -> Threat:
        """The threat model in the model's own units."""
        return Threat(self.norm, self.eps * (self.range[1] - self.range[0]))

    def budget(self, images: int) -> Budget:
        return Budget.per_image(images, forwards=self.forwards, backwards=self.gradients)


class PoolSpec(_Strict):
    """The whole file."""

    name: Name
    title: str = ""
    seconds: Seconds = 10800
    """Wall time for all models together."""
    call_seconds: Seconds | None = None
    """Wall time between two messages of an attack; without it only the whole time counts, as in the contest."""
    memory_mib: int = Field(default=4096, gt=0)
    """Memory of an attack, temporary files included."""
    data: dict[Name, DataSpec]
    models: tuple[ModelSpec, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> "PoolSpec":
        names = [model.name for model in self.models]
        if len(set(names)) < len(names):
            raise ValueError("two models have one name")
        for model in self.models:
            if model.data not in self.data:
                raise ValueError(f"model {model.name} names data {model.data!r}, which the file does not describe")
        return self


def read_pool(path: Path) -> PoolSpec:
    """Reads a pool file; TiltyardError names the file and the field that is wrong."""
    return read_settings(path, PoolSpec)
