"""The tree of commands; every verb imports what it needs only when it is called."""

from typing import Annotated

import typer

from tiltyard.cli.attack import attack
from tiltyard.cli.defences import defences
from tiltyard.cli.demo import demo
from tiltyard.cli.doctor import doctor
from tiltyard.cli.evaluations import board, compare, report, verify
from tiltyard.cli.forge import forge
from tiltyard.cli.listing import pools, tracks
from tiltyard.cli.new import new
from tiltyard.cli.run import run

EPILOG = (
    "Exit codes: 0 done · 1 below --fail-under, doubtful under --fail-doubtful, or figures differ · 2 bad input · "
    "3 the entry failed by the rules · 4 no working jail · 70 a fault of ours · 130 interrupted (--resume goes on)."
)

app = typer.Typer(
    help="AI models attacked and defended under rules that cannot be bent.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tiltyard {version('tiltyard')}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """AI models attacked and defended under rules that cannot be bent."""


for verb in (demo, attack, verify, board, compare, report, doctor, pools, tracks):
    app.command()(verb)
app.add_typer(run, name="run")
app.add_typer(new, name="new")
app.add_typer(forge, name="forge")
app.add_typer(defences, name="defences")
