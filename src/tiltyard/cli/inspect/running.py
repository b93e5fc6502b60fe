"""One pass over all files: what is known of each goes to every output at once."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tiltyard.cli.exits import ANSWER_IS_NO, BAD_INPUT, INTERRUPTED, NO_JAIL
from tiltyard.cli.forge.bar import samples_bar
from tiltyard.cli.inspect.interruption import Interruption, interruption_held_back
from tiltyard.cli.inspect.outputs import Outputs, Takers
from tiltyard.cli.inspect.shown import Tally, path_in_line
from tiltyard.cli.inspect.walking import Found, PassedOver
from tiltyard.contest.names import one_line, shown_path
from tiltyard.errors import JailUnavailable, TiltyardError

if TYPE_CHECKING:
    from tiltyard.forensics.inspecting import How, Inspection, Unread


@dataclass
class Run:
    """One pass over all files, and what came of it."""

    how: "How"
    passed_over: list[PassedOver] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    interrupted: bool = False
    without_jail: int = 0

    def over(self, found: Found, outputs: Outputs) -> None:
        """Ctrl-C ends it; the picture that is being looked at is lost then, the others are written."""
        with interruption_held_back() as interruption:
            with outputs.opened(found.files) as takers:
                takers.found.append(self.tally.take)
                for lost in found.passed_over:
                    self._pass_over(lost, takers)
                try:
                    self._look_at_all(found.files, takers, interruption)
                except KeyboardInterrupt:
                    self.interrupted = True
            self.interrupted |= interruption.pressed
        if self.interrupted:
            typer.echo(f"tiltyard: interrupted: {self.tally.pictures} pictures are done and written", err=True)

    def _look_at_all(self, files: Sequence[Path], takers: Takers, interruption: Interruption) -> None:
        with samples_bar("files") as bar:
            for done, file in enumerate(files):
                bar(done, len(files))
                self._look_at(file, takers, interruption)
            bar(len(files), len(files))

    def _look_at(self, file: Path, takers: Takers, interruption: Interruption) -> None:
        """What cannot be written ends the run, so it is no business of what catches errors of reading."""
        from tiltyard.forensics.inspecting import inspections

        waiting = inspections(file, **asdict(self.how))
        while found := self._next(waiting, file, interruption):
            if isinstance(found, PassedOver):
                self._pass_over(found, takers)
            else:
                for take in takers.found:
                    take(found, file)
            del found

    def _next(
        self, waiting: "Iterator[Inspection | Unread]", file: Path, interruption: Interruption
    ) -> "Inspection | PassedOver | None":
        """The next picture of the file; nothing after the last, and after an error."""
        from tiltyard.forensics.inspecting import Unread

        try:
            with interruption.heard():
                found = next(waiting, None)
        except TiltyardError as error:
            self.without_jail += isinstance(error, JailUnavailable)
            return PassedOver(str(file), str(error).removeprefix(f"{shown_path(file)}: "))
        except Exception as error:
            if "--debug" in sys.argv[1:]:
                raise
            return PassedOver(str(file), _fault(error))
        return PassedOver(found.path, found.reason) if isinstance(found, Unread) else found

    def _pass_over(self, lost: PassedOver, takers: Takers) -> None:
        self.passed_over.append(lost)
        typer.echo(f"tiltyard: passed over {path_in_line(lost.path)}: {one_line(lost.reason)}", err=True)
        for pass_over in takers.lost:
            pass_over(lost)

    def exit_code(self, *, fail_on_forged: bool) -> int:
        if self.interrupted:
            return INTERRUPTED
        if not self.tally.pictures:
            return NO_JAIL if self.without_jail == len(self.passed_over) else BAD_INPUT
        if fail_on_forged and self.tally.verdicts["forged"]:
            return ANSWER_IS_NO
        return BAD_INPUT if fail_on_forged and self.passed_over else 0


def _fault(error: Exception) -> str:
    """Class and message; that it is ours, unless the system could not read."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    told = ": ".join(filter(None, (name, one_line(error, 200))))
    ours = "a fault of ours, please report it: tiltyard --debug inspect … shows where"
    return told if isinstance(error, OSError) else f"{told} ({ours})"
