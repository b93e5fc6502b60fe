"""The board of a contest of the demo: printed, and written as a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from tiltyard.contest.board import Standing
    from tiltyard.contest.evaluation import Evaluation


def show_board(evaluations: "Sequence[Evaluation]", page: Path) -> "list[Standing]":
    """Prints the board and writes its page; the best stands first."""
    from tiltyard.cli.evaluations import board_text
    from tiltyard.contest.board import board
    from tiltyard.contest.registry import find_track
    from tiltyard.report.board import board_html

    track, standings = find_track(evaluations[0].record.identity.track), board(evaluations)
    metric = track.metrics[0]
    typer.echo("\n" + board_text(standings, metric))
    page.write_text(board_html(standings, track.title, metric), encoding="utf-8")
    typer.echo(f"\nboard: {page}")
    return standings
