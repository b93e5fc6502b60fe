"""A handed-in model: weights for a network of ours, loaded here, or a program, served from the jail."""

import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import nn

from tiltyard.contest.archive import ZipSource
from tiltyard.contest.entry import Entry, open_entry, text_entry
from tiltyard.contest.names import one_line, shown, shown_path
from tiltyard.contest.settings import first_fault
from tiltyard.defences.architectures import build
from tiltyard.defences.checkpoints import load_safetensors
from tiltyard.errors import EntryError, ReferenceFailed
from tiltyard.jail.places import PROGRAM
from tiltyard.jail.served import Serving, serve
from tiltyard.tracks.model_format import DESCRIPTION, MODEL, WEIGHTS
from tiltyard.tracks.unpacked import unpacked
from tiltyard.vision.classifier import Classifier

DESCRIPTION_BYTES = 4096
PROGRAM_FILES, PROGRAM_BYTES = 100_000, 4 << 30
PICKLED = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle")
CURE = (
    "a pickled file can run code and is not opened: write the state dict with safetensors.torch.save_file as "
    f"{WEIGHTS} beside a {DESCRIPTION}, or hand in what torch.export.save writes as {PROGRAM}"
)


class Description(BaseModel):
    """`model.toml`: which network of `tiltyard.defences.architectures` the weights are for."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    architecture: str = Field(max_length=100)
    notes: str = ""


class Defended(Protocol):
    """A model that can be met several times, each time as if it had never been asked before."""

    foreign: bool
    """Whether it is a program of the entrant's own, which may answer as it likes."""
    device: str
    seconds: float
    """What a program took for its answers in the visits that are over."""

    def visit(self) -> AbstractContextManager[Classifier]: ...


class OwnNetwork:
    """Weights in a network of ours: no code of the entrant's, no state, nothing to hide from."""

    foreign = False
    seconds = 0.0

    def __init__(self, classifier: Classifier, device: str) -> None:
        self.classifier = classifier
        self.device = device

    @contextmanager
    def visit(self) -> Iterator[Classifier]:
        yield self.classifier.frozen(self.device)


class Program:
    """An exported program, started afresh for every visit."""

    foreign = True
    device = "cpu"

    def __init__(self, serving: Serving, name: str) -> None:
        self.serving = serving
        self.name = name
        self.seconds = 0.0

    @contextmanager
    def visit(self) -> Iterator[Classifier]:
        with serve(self.serving) as module:
            low, high = self.serving.bounds
            yield Classifier(module, low, high, self.name)
            self.seconds += module.seconds


@contextmanager
def opened(entry: Entry, serving: Serving, *, device: str) -> Iterator[Defended]:
    """The model of an entry; `serving` says how a program is served, its `code` aside. Raises EntryError."""
    if PROGRAM not in entry.members:
        yield OwnNetwork(Classifier(network_of(entry), *serving.bounds, entry.name), device)
        return
    with unpacked(entry) as folder:
        yield Program(replace(serving, code=folder), entry.name)


def read_model(path: Path) -> Entry:
    """Opens and checks an entry: its members, and all that can be said of them without running anything.

    Raises EntryError with one line that names the member and the rule.
    """
    if path.suffix.lower() in PICKLED and path.is_file():
        raise EntryError(f"{shown_path(path)}: {CURE}")
    entry = open_entry(path, replace(MODEL, members=("*",), required=()))
    if path.suffix.lower() == ".pt2" and path.is_file():
        entry = text_entry(entry.name, MODEL, member=PROGRAM, content=entry.read(path.name))
    _check_members(entry)
    if PROGRAM in entry.members:
        _check_program(entry)
    else:
        network_of(entry)
    return entry


def network_of(entry: Entry) -> nn.Module:
    """The named network with the entry's weights, in evaluation mode; EntryError where they do not belong to it."""
    try:
        network = build(_description(entry).architecture)
    except ReferenceFailed as error:
        raise _broken(entry, DESCRIPTION, str(error)) from None
    with unpacked(entry) as folder:
        file = folder / WEIGHTS
        try:
            load_safetensors(network, file)
        except ReferenceFailed as error:
            raise _broken(entry, WEIGHTS, str(error).removeprefix(f"{file}: ")) from None
    for name, tensor in network.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise _broken(entry, WEIGHTS, f"{name} holds NaN or infinite values")
    return network


def _check_members(entry: Entry) -> None:
    for name in entry.members:
        if name.endswith(PICKLED):
            raise _broken(entry, name, CURE)
        if not any(fnmatchcase(name, pattern) for pattern in MODEL.members):
            raise _broken(entry, name, f"the format allows only {', '.join(MODEL.members)}")
    if (WEIGHTS in entry.members) == (PROGRAM in entry.members):
        raise EntryError(f"{entry.name}: holds {WEIGHTS} with {DESCRIPTION}, or {PROGRAM}: one of the two")
    if WEIGHTS in entry.members and DESCRIPTION not in entry.members:
        raise EntryError(f'{entry.name}: lacks {DESCRIPTION}, which says: architecture = "digits-cnn"')


def _check_program(entry: Entry) -> None:
    """An exported program is a zip archive itself: read to its end within bounds before torch sees it in the jail."""
    with tempfile.NamedTemporaryFile(prefix="tiltyard-", suffix=".pt2") as file:
        file.write(entry.read(PROGRAM))
        file.flush()
        try:
            ZipSource(Path(file.name), max_files=PROGRAM_FILES, max_bytes=PROGRAM_BYTES).check()
        except EntryError as error:
            raise _broken(entry, PROGRAM, str(error).removeprefix(f"{shown_path(Path(file.name))}: ")) from None


def _description(entry: Entry) -> Description:
    content = entry.read(DESCRIPTION)
    try:
        if len(content) > DESCRIPTION_BYTES:
            raise ValueError(f"more than {DESCRIPTION_BYTES} bytes")
        return Description.model_validate(tomllib.loads(content.decode("utf-8")))
    except ValidationError as error:
        raise _broken(entry, DESCRIPTION, first_fault(error, whole="the file")) from None
    except (ValueError, RecursionError) as error:
        raise _broken(entry, DESCRIPTION, f"no valid TOML ({error})") from None


def _broken(entry: Entry, member: str, rule: str) -> EntryError:
    return EntryError(f"{entry.name}: member {shown(member)}: {one_line(rule, 2000)}")
