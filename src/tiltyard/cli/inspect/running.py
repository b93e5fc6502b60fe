"""One pass over all files: what is known of each goes to every output at once."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import typer

from tiltyard.cli.exits import ANSWER_IS_NO, BAD_INPUT, INTERRUPTED, NO_JAIL
from tiltyard.cli.forge.bar import samples_bar
from tiltyard.cli.inspect.drawn import Take
from tiltyard.cli.inspect.outputs import Outputs
from tiltyard.cli.inspect.shown import Tally
from tiltyard.cli.inspect.walking import Found, PassedOver
from tiltyard.contest.names import one_line, shown_path
from tiltyard.errors import JailUnavailable, TiltyardError


@dataclass
class Run:
    """One pass over all files, and what came of it."""

    fast: bool
    threshold: float | None
    passed_over: list[PassedOver] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    interrupted: bool = False
    without_jail: int = 0

    def over(self, found: Found, outputs: Outputs) -> None:
        """Ctrl-C ends it; the picture that is being looked at is lost then, the others are written."""
        for folder in found.passed_over:
            self._pass_over(folder)
        with outputs.opened(len(found.files), self.passed_over) as takers:
            takers.append(self.tally.take)
            try:
                self._look_at_all(found.files, takers)
            except KeyboardInterrupt:
                self.interrupted = True
        if self.interrupted:
            typer.echo(f"tiltyard: interrupted: {self.tally.pictures} pictures are done and written", err=True)

    def _look_at_all(self, files: Sequence[Path], takers: Sequence[Take]) -> None:
        with samples_bar("files") as bar:
            for done, file in enumerate(files):
                bar(done, len(files))
                self._look_at(file, takers)
            bar(len(files), len(files))

    def _look_at(self, file: Path, takers: Sequence[Take]) -> None:
        from tiltyard.forensics.inspecting import Unread, inspections

        try:
            for found in inspections(file, fast=self.fast, threshold=self.threshold):
                if isinstance(found, Unread):
                    self._pass_over(PassedOver(found.path, found.reason))
                    continue
                with interruption_held_back():
                    for take in takers:
                        take(found, file)
                del found
        except TiltyardError as error:
            self.without_jail += isinstance(error, JailUnavailable)
            reason = str(error).removeprefix(f"{shown_path(file)}: ")
            self._pass_over(PassedOver(str(file), reason))

    def _pass_over(self, lost: PassedOver) -> None:
        self.passed_over.append(lost)
        typer.echo(f"tiltyard: passed over {one_line(lost.path)}: {one_line(lost.reason)}", err=True)

    def exit_code(self, *, fail_on_forged: bool) -> int:
        if self.interrupted:
            return INTERRUPTED
        if not self.tally.pictures:
            return NO_JAIL if self.without_jail == len(self.passed_over) else BAD_INPUT
        if fail_on_forged and self.tally.verdicts["forged"]:
            return ANSWER_IS_NO
        return BAD_INPUT if fail_on_forged and self.passed_over else 0


@contextmanager
def interruption_held_back() -> Iterator[None]:
    """Ctrl-C waits until the block is done: a picture is in all files or in none."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
