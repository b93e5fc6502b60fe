"""Where results are written, each as soon as it is known."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tiltyard.cli.display import check_writable
from tiltyard.cli.inspect.drawn import Take, check_free, drawn_in, map_values, mask_values, names_of
from tiltyard.cli.inspect.figures import UNFINISHED, csv_lines, json_list
from tiltyard.cli.inspect.shown import path_in_line
from tiltyard.cli.inspect.walking import PassedOver
from tiltyard.errors import TiltyardError
from tiltyard.forensics.reading.folders import is_picture
from tiltyard.report.inspection import inspection_page

PassOver = Callable[[PassedOver], None]


@dataclass(frozen=True)
class Takers:
    """What is called with each inspection, and with what was passed over."""

    found: list[Take] = field(default_factory=list)
    lost: list[PassOver] = field(default_factory=list)


@dataclass(frozen=True)
class Outputs:
    """What the user asked for."""

    json: str | None
    csv: Path | None
    html: Path | None
    masks: Path | None
    maps: Path | None

    @property
    def folders(self) -> tuple[Path, ...]:
        """Masks of an earlier run are no pictures to inspect."""
        return tuple(folder for folder in (self.masks, self.maps) if folder)

    @property
    def files(self) -> dict[str, Path]:
        """What is written beside the folders, by what the user called it."""
        named = {"--json": self.json if self.json != "-" else None, "--csv": self.csv, "--html": self.html}
        files = {option: Path(target) for option, target in named.items() if target}
        if "--json" in files:
            files[f"--json ({UNFINISHED})"] = Path(f"{self.json}{UNFINISHED}")
        return files

    def check(self) -> None:
        """TiltyardError, before the work, for what could not be written."""
        for target in (self.json, self.csv, self.html):
            check_writable(str(target) if target else None)
        for option, target in self.files.items():
            if option != "--csv":
                _check_replaceable(target)
        _check_apart(self.files)
        for folder in self.folders:
            if os.path.lexists(folder) and not folder.is_dir():
                raise TiltyardError(f"{path_in_line(folder)}: is a file; name a folder")
        if self.masks and self.maps and os.path.realpath(self.masks) == os.path.realpath(self.maps):
            raise TiltyardError(f"{path_in_line(self.masks)}: masks and maps have the same names: name two folders")

    def prepare(self, files: Sequence[Path]) -> None:
        """Folders are made; TiltyardError where something would be written over a picture or a stranger's file."""
        given = {_identity(file) for file in files}
        for target in self.files.values():
            if _identity(target) in given:
                raise TiltyardError(f"{path_in_line(target)}: is one of the pictures: name another file")
        names = names_of(files) if self.folders else {}
        for folder in self.folders:
            check_free(names, folder)
        for folder in self.folders:
            _make(folder)

    @contextmanager
    def opened(self, files: Sequence[Path]) -> Iterator[Takers]:
        """What takes each inspection; list and report are whole when the block ends, however it ends."""
        with ExitStack() as open_files:
            takers, names = Takers(), names_of(files) if self.folders else {}
            if self.masks:
                takers.found.append(drawn_in(self.masks, names, mask_values))
            if self.maps:
                takers.found.append(drawn_in(self.maps, names, map_values))
            if self.csv:
                lines = open_files.enter_context(csv_lines(self.csv))
                takers.found.append(lines.take)
                takers.lost.append(lines.pass_over)
            if self.html:
                page = open_files.enter_context(inspection_page(self.html, expected=len(files)))
                takers.found.append(lambda found, _: page.add(found))
                takers.lost.append(lambda lost: page.passed_over.append((lost.path, lost.reason)))
            if self.json:
                takers.found.append(open_files.enter_context(json_list(self.json)))
            yield takers


def _check_replaceable(target: Path) -> None:
    if os.path.lexists(target) and not target.is_file():
        raise TiltyardError(f"{path_in_line(target)}: is no regular file; name one, or - for --json")
    if target.exists() and is_picture(target.name):
        raise TiltyardError(f"{path_in_line(target)}: is there and called like a picture; name another file")
    if not os.access(target.absolute().parent, os.W_OK):
        raise TiltyardError(f"{path_in_line(target)}: you may not write in its folder; name another place")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TiltyardError(f"{path_in_line(folder)}: cannot be made ({error.strerror}); name another folder") from None
    if not os.access(folder, os.W_OK):
        raise TiltyardError(f"{path_in_line(folder)}: you may not write there; name another folder")


def _check_apart(targets: dict[str, Path]) -> None:
    seen: dict[object, str] = {}
    for option, target in targets.items():
        other = seen.setdefault(_identity(target), option)
        if other != option:
            raise TiltyardError(f"{path_in_line(target)}: {other} and {option} are one file: name two")


def _identity(path: Path) -> object:
    """The same for two names of one file, also by way of links; of what is not there yet its whole path."""
    try:
        found = path.stat()
    except OSError:
        return os.path.realpath(path)
    return found.st_dev, found.st_ino
