"""`tiltyard run TRACK ENTRY`: scores a hand-in by a contest's rules; one file a track."""

import typer

from tiltyard.cli.run.credential import credential
from tiltyard.cli.run.defence import defence
from tiltyard.cli.run.forgery import forgery
from tiltyard.cli.run.whitebox import whitebox

run = typer.Typer(help="Score a hand-in by a contest's rules.", no_args_is_help=True)


@run.callback()
def tracks() -> None:
    """Score a hand-in by a contest's rules."""


for track in (whitebox, defence, forgery, credential):
    run.command()(track)
