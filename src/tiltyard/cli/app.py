"""The tree of commands; every verb imports what it needs only when it is called."""

from pkgutil import resolve_name
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

VERBS = {
    "demo": "tiltyard.cli.demo:demo",
    "attack": "tiltyard.cli.attack:attack",
    "inspect": "tiltyard.cli.inspect:inspect",
    "verify": "tiltyard.cli.evaluations:verify",
    "board": "tiltyard.cli.evaluations:board",
    "compare": "tiltyard.cli.evaluations:compare",
    "report": "tiltyard.cli.evaluations:report",
    "doctor": "tiltyard.cli.doctor:doctor",
    "pools": "tiltyard.cli.listing:pools",
    "tracks": "tiltyard.cli.listing:tracks",
    "run": "tiltyard.cli.run:run",
    "new": "tiltyard.cli.new:new",
    "forge": "tiltyard.cli.forge:forge",
    "forensics": "tiltyard.cli.forensics:forensics",
    "defences": "tiltyard.cli.defences:defences",
    "serve": "tiltyard.cli.site.serve:serve",
    "worker": "tiltyard.cli.site.worker:worker",
    "challenges": "tiltyard.cli.site.challenges:challenges",
}
"""What each verb is: a function, or a family of verbs."""
EPILOG = (
    "Exit codes: 0 done · 1 below --fail-under, doubtful under --fail-doubtful, forged under --fail-on-forged, or "
    "figures differ · 2 bad input · "
    "3 the entry failed by the rules · 4 no working jail · 70 a fault of ours · 130 interrupted · 141 nobody reads."
)


class Commands(dict[str, Any]):
    """The verbs as commands, each made when it is first asked for: nobody waits for the others."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(VERBS))

    def __getitem__(self, name: str) -> Any:
        if super().__getitem__(name) is None:
            self[name] = _command(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Made too, where a plain dictionary would hand out what is not there yet."""
        if name not in self:
            return default
        return self[name]

    def items(self) -> Any:
        return [(name, self[name]) for name in self]


class Verbs(TyperGroup):
    """The group of all verbs."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()


def _command(name: str) -> Any:
    found = resolve_name(VERBS[name])
    if not isinstance(found, typer.Typer):
        verb, found = found, typer.Typer(add_completion=False)
        found.command(name)(verb)
    command = typer.main.get_command(found)
    command.name = name
    return command


app = typer.Typer(
    cls=Verbs,
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
