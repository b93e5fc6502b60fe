"""`--calibrate`: what the user's own pictures say, found out and told in a few lines."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tiltyard.cli.display import show
from tiltyard.cli.exits import INTERRUPTED
from tiltyard.cli.forge.bar import samples_bar
from tiltyard.cli.inspect.shown import path_in_line
from tiltyard.contest.names import one_line

if TYPE_CHECKING:
    from tiltyard.forensics.calibrating import Calibration
    from tiltyard.forensics.inspecting import How

MOST_NAMED = 3
"""Pictures."""


def calibrated_on(folder: Path, how: "How", *, json_to: str | None) -> "How":
    """The threshold and the distrusted cues that the pictures of a folder ask for; beside those that the user named."""
    from tiltyard.forensics.calibrating import calibrated

    try:
        with samples_bar("calibrating") as bar:
            found = calibrated(folder, fast=how.fast, progress=bar)
    except KeyboardInterrupt:
        typer.echo("tiltyard: interrupted while calibrating: nothing was inspected", err=True)
        raise typer.Exit(INTERRUPTED) from None
    for lost in found.passed_over:
        told = f"{path_in_line(lost.path)}: {one_line(lost.reason)}"
        typer.echo(f"tiltyard: passed over while calibrating {told}", err=True)
    threshold, distrust = round(found.threshold, 6), tuple(dict.fromkeys((*how.distrust, *found.distrusted)))
    options = " ".join([f"--threshold {threshold:g}", *(f"--distrust {name}" for name in distrust)])
    show(f"calibrated on {one_line(folder)}: {options} says the same next time", json_to=json_to)
    show("\n".join(_reasons(found)) + "\n", json_to=json_to)
    return replace(how, threshold=threshold, distrust=distrust)


def _reasons(found: "Calibration") -> Iterator[str]:
    from tiltyard.forensics.calibrating import FEWEST

    seen = f"{found.authentic} authentic" + (f" and {found.forged} forged" if found.forged else "")
    stays = f", fewer than {FEWEST}: the shipped threshold stays" if found.asked < FEWEST else ""
    yield f"seen: {seen} pictures; the network was asked about {found.asked}{stays}"
    if found.suspected:
        told = f"the network suspects {len(found.suspected)} of the {found.authentic} authentic pictures"
        yield f"{told}, which pushes the threshold up; leave out what is forged: {_named(found.suspected)}"
    for name, paths in found.misfires.items():
        if paths:
            verdict = "not believed" if name in found.distrusted else "believed all the same, look at"
            told = f"{name} speaks on {len(paths)} of the {found.authentic} authentic pictures"
            yield f"{told}, {verdict}: {_named(paths)}"


def _named(paths: Sequence[str]) -> str:
    return ", ".join(map(path_in_line, paths[:MOST_NAMED])) + (", …" if len(paths) > MOST_NAMED else "")
