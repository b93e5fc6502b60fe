"""Pools of defended models: shipped ones by name, others by their file."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from tiltyard.contest.files import digest_of
from tiltyard.contest.loading import below, needed
from tiltyard.contest.names import shown
from tiltyard.contest.pool import ModelSpec, PoolSpec, read_pool
from tiltyard.defences.architectures import build
from tiltyard.defences.checkpoints import load_weights, weight_files
from tiltyard.errors import ReferenceFailed
from tiltyard.vision.classifier import Classifier
from tiltyard.vision.data import SHIPPED_DATA, LabelledImages, load_data
from tiltyard.vision.references import load_model


@dataclass(frozen=True)
class Pool:
    """A pool file and the folder that its relative paths start from, or the one file that holds its images."""

    spec: PoolSpec
    folder: Path
    items: int | None = None
    """Only the first so many images of each data set, below what the file says."""
    home: Path | None = None
    """Where the pool file lies: weights that are not below `folder` are looked for there."""
    enclosed: bool = False
    """Whether a path of the file that leads out of these folders is refused: the file is not the user's own."""

    @property
    def name(self) -> str:
        return self.spec.name if self.items is None else f"{self.spec.name} (first {self.items})"

    @cached_property
    def version(self) -> str:
        """SHA-256 over the file's content, every image and label, and every file that a model came from."""
        parts = [self.spec.model_dump_json(), str(self.items)]
        for name in sorted(self.spec.data):
            data = self.images(name)
            parts += [hashlib.sha256(data.images.tobytes() + data.labels.tobytes()).hexdigest(), *data.names]
        for model in self.spec.models:
            parts += [digest_of(path) for path in self.files_of(model)] or [self._weights_digest(model)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def check(self) -> None:
        """Raises ReferenceFailed before long work where weights or images are not there."""
        for name in self.spec.data:
            self.images(name)
        for model in self.spec.models:
            self.files_of(model)

    def model(self, name: str) -> ModelSpec:
        """The model of that name; ReferenceFailed lists the known ones."""
        for model in self.spec.models:
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.spec.models)
        raise ReferenceFailed(f"pool {self.spec.name} has no model {name!r}: it has {known}")

    def classifier(self, model: ModelSpec) -> Classifier:
        """The model, loaded, in eval mode where the pool names an architecture; ReferenceFailed says what lacks."""
        low, high = model.range
        if model.reference is not None:
            found = load_model(self._model_reference(model.reference))
            return Classifier(found.module, low, high, model.name, found.files)
        network = build(str(model.architecture))
        with _origin_named(model):
            load_weights(network, self._weights(model))
        return Classifier(network.eval(), low, high, model.name, self.files_of(model))

    def images(self, name: str) -> LabelledImages:
        """A data set of the pool, cut to its items."""
        data = self.spec.data[name]
        reference = str(self.folder) if self.folder.is_file() else self._data_reference(data.reference)
        try:
            whole = load_data(reference, items=data.items, size=data.size, crop=data.crop)
        except ReferenceFailed as error:
            raise ReferenceFailed(
                f"{error}; pool {self.spec.name} looks for it below {self.folder} (--files)"
            ) from None
        return whole.first(self.items)

    def files_of(self, model: ModelSpec) -> tuple[Path, ...]:
        """The files that a model is made of: hashed into the data version, hidden from guests."""
        return self._files[model.name]

    @cached_property
    def _files(self) -> dict[str, tuple[Path, ...]]:
        """A reference tells its files only by being loaded: once a pool, not once a question."""
        return {model.name: self._found(model) for model in self.spec.models}

    def _found(self, model: ModelSpec) -> tuple[Path, ...]:
        if model.reference is not None:
            return load_model(self._model_reference(model.reference)).files
        with _origin_named(model):
            return weight_files(self._weights(model))

    def _weights(self, model: ModelSpec) -> Path:
        """Shipped weights stay beside their pool file when the user's images lie elsewhere."""
        given, shipped = (self._path(folder, str(model.weights)) for folder in (self.folder, self.home or self.folder))
        return shipped if self.folder.is_file() or (shipped.is_file() and not given.is_file()) else given

    def _weights_digest(self, model: ModelSpec) -> str:
        """For models that come from no file that we know of (timm, Hugging Face)."""
        state = self.classifier(model).module.state_dict()
        arrays = (state[name].cpu().contiguous().view(-1).numpy().tobytes() for name in sorted(state))
        return hashlib.sha256(b"".join(hashlib.sha256(array).digest() for array in arrays)).hexdigest()

    def _path(self, folder: Path, where: str) -> Path:
        if self.enclosed:
            below(folder, where)
        return folder / where

    def _data_reference(self, reference: str) -> str:
        if self.enclosed and reference not in SHIPPED_DATA:
            return str(needed(self.folder, reference))
        return reference if reference in SHIPPED_DATA else self._reference(reference)

    def _model_reference(self, reference: str) -> str:
        if not self.enclosed:
            return self._reference(reference)
        if reference.endswith(".pt2"):
            return str(needed(self.folder, reference))
        place, colon, rest = reference.partition(":")
        if place.endswith(".py"):
            return f"{needed(self.folder, place)}{colon}{rest}"
        _check_published(place, rest)
        return reference

    def _reference(self, reference: str) -> str:
        """Paths of the file are relative to its folder; everything else is a reference as it stands."""
        place, colon, rest = reference.partition(":")
        return f"{self.folder / place}{colon}{rest}" if (self.folder / place).exists() else reference


def _check_published(scheme: str, name: str) -> None:
    """ReferenceFailed where what a scheme names (`hf:NAME`) may be a file of this machine."""
    shipped = scheme != "pool" or name.rpartition("/")[0] in shipped_pools()
    if not shipped or name.startswith(("/", ".", "~")) or ".." in name or Path(name).exists():
        raise ReferenceFailed(f"model {shown(f'{scheme}:{name}')}: name what is published, or a file below the folder")


@contextmanager
def _origin_named(model: ModelSpec) -> Iterator[None]:
    """An error about weights says which model it is, and where its authors publish them."""
    try:
        yield
    except ReferenceFailed as error:
        origin = f"; its authors publish it: {model.source}" if model.source else ""
        raise ReferenceFailed(f"model {model.name}: {error}{origin}") from None


def shipped_pools() -> dict[str, Path]:
    """The pool files inside the package, by name."""
    folder = Path(str(files("tiltyard.defences"))) / "pools"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_pool(reference: str, *, folder: Path | None = None, items: int | None = None, enclosed: bool = False) -> Pool:
    """A shipped pool by name, or a pool file.

    `folder` is where its relative paths start, by default beside the pool file; where it is a file, it is the images.
    `enclosed` refuses paths that lead out of these folders.
    """
    path = shipped_pools().get(reference, Path(reference))
    if not path.is_file():
        raise ReferenceFailed(f"no pool {reference}: name a file, or one of {', '.join(shipped_pools())}")
    return Pool(read_pool(path), (folder or path.parent).resolve(), items, path.parent.resolve(), enclosed)


def load_reference(reference: str) -> Classifier:
    """`POOL/MODEL` as a classifier: what `pool:` in a model reference stands for."""
    name, slash, model = reference.rpartition("/")
    if not slash:
        raise ReferenceFailed(f"pool:{reference}: write pool:POOL/MODEL")
    pool = load_pool(name)
    return pool.classifier(pool.model(model))
