"""`tiltyard forensics …`: training of the network behind `tiltyard inspect`."""

import typer

from tiltyard.cli.forensics.train import train

forensics = typer.Typer(help="Train the network that locates forged pixels.", no_args_is_help=True)


@forensics.callback()
def verbs() -> None:
    """Train the network that locates forged pixels."""


forensics.command()(train)
