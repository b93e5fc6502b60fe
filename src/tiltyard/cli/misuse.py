"""Verbs, options and arguments that are not there, are missing or do not fit: one line that names the help to read."""

import sys
from typing import cast

import typer

Aborted: type[Exception] = typer.Abort
"""A question that nobody answers."""
Misuse = cast("type[Exception]", typer.BadParameter.__bases__[0])
"""What the parser raises: typer itself names only one kind of it."""


def misused(error: Exception) -> str:
    """The line; empty where a verb was called with nothing and has shown its help."""
    message = " ".join(error.format_message().split())  # type: ignore[attr-defined]
    return f"{message.replace('Value error, ', '').rstrip('.?')}; see {_verb(error)} --help" if message else ""


def _verb(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context else _called(sys.argv[1:])


def _called(words: list[str]) -> str:
    """The verb by the words of the call: an option without its value is told without one."""
    from tiltyard.cli.app import app

    command, path = typer.main.get_command(app), "tiltyard"
    for word in words:
        if word in (verbs := getattr(command, "commands", {})):
            command, path = verbs[word], f"{path} {word}"
    return path
