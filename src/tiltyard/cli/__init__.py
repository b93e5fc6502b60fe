"""The command line: `tiltyard …`."""

import gc
import sys
from typing import NoReturn

from tiltyard.errors import JailUnavailable, TiltyardError

LIVING = 50_000
"""Objects made before the collector looks: starting makes many and frees none."""


def main() -> None:
    """Runs the command line; an error is one line on standard error, a traceback only with `--debug`."""
    from tiltyard.cli.pipes import watched

    gc.set_threshold(LIVING)
    with watched():
        _run()


def _run() -> None:
    from tiltyard.cli.app import app
    from tiltyard.cli.exits import BAD_INPUT, NO_JAIL
    from tiltyard.cli.misuse import Aborted, Misuse, misused

    try:
        code = app(prog_name="tiltyard", standalone_mode=False)
    except Misuse as error:
        _end(misused(error), BAD_INPUT)
    except TiltyardError as error:
        if "--debug" in sys.argv[1:]:
            raise
        _end(str(error), NO_JAIL if isinstance(error, JailUnavailable) else BAD_INPUT)
    except Aborted:
        _end("", BAD_INPUT)
    except Exception as error:
        if "--debug" in sys.argv[1:]:
            raise
        from tiltyard.cli.faults import told

        _end(*told(error))
    sys.exit(code)


def _end(message: str, code: int) -> NoReturn:
    if message:
        print(f"tiltyard: {message}", file=sys.stderr)  # noqa: T201 - the one place where errors are shown
    sys.exit(code)
