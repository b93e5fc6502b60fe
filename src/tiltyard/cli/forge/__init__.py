"""`tiltyard forge …`: forged pictures with exact truth, by the shard."""

import typer

from tiltyard.cli.forge.documents import documents
from tiltyard.cli.forge.kinds import kinds
from tiltyard.cli.forge.sheet import sheet
from tiltyard.cli.forge.split import split
from tiltyard.cli.forge.tamper import tamper
from tiltyard.cli.forge_training import train_autoencoder

forge = typer.Typer(
    help="Make forged pictures with exact truth: rendered documents, or your own.", no_args_is_help=True
)


@forge.callback()
def verbs() -> None:
    """Make forged pictures with exact truth: rendered documents, or your own."""


for verb in (documents, tamper, split, sheet, kinds):
    forge.command()(verb)
forge.command("train")(train_autoencoder)
