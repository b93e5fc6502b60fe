"""Model references: how a model is named wherever one is named.

`file.py:function`, `package.module:function`, an exported program (`.pt2`), `timm:NAME`, `hf:NAME`, and what other
rooms or packages register under the entry-point group `tiltyard.model_schemes` (`pool:digits/NAME`).
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn

from tiltyard.contest.names import one_line
from tiltyard.errors import ReferenceFailed, TiltyardError
from tiltyard.vision.classifier import Classifier, declared_range
from tiltyard.vision.exported import load_exported

GROUP = "tiltyard.model_schemes"
Loader = Callable[[str], Classifier]


def load_model(reference: str) -> Classifier:
    """The classifier that a reference names, on the CPU, as its author left it.

    Raises ReferenceFailed with one line that says what is missing and what to do. Weights never run code, the author's
    own Python files do: they are as trusted as the user's.
    """
    if not reference.isprintable():
        raise ReferenceFailed(f"model {reference!a}: holds control characters")
    scheme, _, rest = reference.partition(":")
    loader = _loader(scheme) if rest else None
    try:
        if loader:
            return loader(rest)
        if reference.endswith(".pt2"):
            return _exported(Path(reference))
        if rest:
            return _called(scheme, rest)
    except TiltyardError:
        raise
    except (Exception, SystemExit) as error:
        raise ReferenceFailed(f"model {reference}: {type(error).__name__}: {one_line(error)}") from error
    raise ReferenceFailed(
        f"model {reference}: write file.py:function, package.module:function, a .pt2 file, pool:digits/NAME, "
        "timm:NAME or hf:NAME"
    )


def _loader(scheme: str) -> Loader | None:
    built_in: dict[str, Loader] = {"timm": _timm, "hf": _hugging_face}
    if scheme in built_in:
        return built_in[scheme]
    for point in entry_points(group=GROUP, name=scheme):
        found: Loader = point.load()
        return found
    return None


def _called(place: str, function: str) -> Classifier:
    if not place.endswith(".py"):
        return _made(*_from_module(place), place, function)
    path = Path(place).resolve()
    if not path.is_file():
        raise ReferenceFailed(f"model {place}: no such file")
    with _importable(path.parent):
        return _made(_from_file(path), (path, *_weights_beside(path)), place, function)


def _made(module: ModuleType, files: tuple[Path, ...], place: str, function: str) -> Classifier:
    if not hasattr(module, function):
        raise ReferenceFailed(f"model {place}:{function}: {place} has no {function}")
    made = getattr(module, function)
    network = made if isinstance(made, nn.Module) else made()
    if isinstance(network, Classifier):
        return replace(network, files=(*network.files, *files))
    if not isinstance(network, nn.Module):
        raise ReferenceFailed(
            f"model {place}:{function}: returned {type(network).__name__}, expected a torch.nn.Module in eval mode"
        )
    low, high = declared_range(network)
    return Classifier(network, low, high, f"{place}:{function}", files)


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Modules that lie in the folder can be imported, and are forgotten afterwards: another model's may be named so."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(folder):
                del sys.modules[name]


def _from_file(path: Path) -> ModuleType:
    """Imports a file under a name of its own."""
    name = f"tiltyard_model_{abs(hash(str(path))):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ReferenceFailed(f"model {path}: is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _weights_beside(path: Path) -> tuple[Path, ...]:
    kinds = (".safetensors", ".pt", ".pth", ".ckpt", ".pt2", ".bin", ".npz")
    near = (*path.parent.iterdir(), *path.parent.glob("*/*"))
    return tuple(sorted(file.resolve() for file in near if file.suffix in kinds and file.is_file()))


def _from_module(name: str) -> tuple[ModuleType, tuple[Path, ...]]:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ReferenceFailed(f"model {name}: no module named {error.name!r} is installed") from None
    if not module.__file__:
        return module, ()
    path = Path(module.__file__).resolve()
    return module, (path, *_weights_beside(path))


def _exported(path: Path) -> Classifier:
    if not path.is_file():
        raise ReferenceFailed(f"model {path}: no such file")
    network = load_exported(path)
    for part in network.modules():
        part.training = False  # an exported program has its mode burnt in and refuses .eval()
    low, high = declared_range(network)
    return Classifier(network, low, high, str(path), (path.resolve(),))


class _Normalised(nn.Module):
    """A network behind its normalisation, for images in [0, 1]."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        output = self.network((images - self.mean) / self.std)
        logits: Tensor = getattr(output, "logits", output)
        return logits


def _timm(name: str) -> Classifier:
    try:
        import timm
    except ImportError:
        raise ReferenceFailed(f"model timm:{name}: timm is not installed: pip install 'tiltyard[timm]'") from None
    network = timm.create_model(name, pretrained=True).eval()
    settings = network.pretrained_cfg
    return Classifier(_Normalised(network, settings["mean"], settings["std"]).eval(), name=f"timm:{name}")


def _hugging_face(name: str) -> Classifier:
    try:
        from transformers import AutoImageProcessor, AutoModelForImageClassification
    except ImportError:
        raise ReferenceFailed(f"model hf:{name}: transformers is not installed: pip install 'tiltyard[hf]'") from None
    network = AutoModelForImageClassification.from_pretrained(name, use_safetensors=True).eval()
    processor = AutoImageProcessor.from_pretrained(name)
    mean, std = tuple(processor.image_mean), tuple(processor.image_std)
    return Classifier(_Normalised(network, mean, std).eval(), name=f"hf:{name}")
