"""Where results are written, each as soon as it is known."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tiltyard.cli.display import check_writable
from tiltyard.cli.inspect.drawn import Take, check_names, drawn_in, map_values, mask_values
from tiltyard.cli.inspect.figures import csv_lines, json_list
from tiltyard.cli.inspect.walking import PassedOver
from tiltyard.errors import TiltyardError


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

    def check(self) -> None:
        """TiltyardError, before the work, for what could not be written."""
        for target in (self.json, self.csv, self.html):
            check_writable(str(target) if target else None)
        for folder in self.folders:
            if folder.exists() and not folder.is_dir():
                raise TiltyardError(f"{folder}: is a file; name a folder")
        if self.masks and self.maps and self.masks.resolve() == self.maps.resolve():
            raise TiltyardError(f"{self.masks}: masks and maps have the same names: name two folders")

    def prepare(self, files: Sequence[Path]) -> None:
        """Folders are made; TiltyardError where two pictures would be drawn under one name."""
        for folder in self.folders:
            check_names(files, folder)
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def opened(self, files: int, passed_over: Sequence[PassedOver]) -> Iterator[list[Take]]:
        """What takes each inspection; list and report are whole when the block ends, however it ends."""
        with ExitStack() as open_files:
            takers: list[Take] = []
            if self.masks:
                takers.append(drawn_in(self.masks, mask_values))
            if self.maps:
                takers.append(drawn_in(self.maps, map_values))
            if self.csv:
                takers.append(open_files.enter_context(csv_lines(self.csv)))
            if self.html:
                takers.append(open_files.enter_context(_page(self.html, files, passed_over)))
            if self.json:
                takers.append(open_files.enter_context(json_list(self.json)))
            yield takers


@contextmanager
def _page(target: Path, files: int, passed_over: Sequence[PassedOver]) -> Iterator[Take]:
    from tiltyard.report.inspection import inspection_page

    with inspection_page(target, expected=files) as page:
        try:
            yield lambda found, _: page.add(found)
        finally:
            page.passed_over.extend((one.path, one.reason) for one in passed_over)
