"""The command line: `tiltyard …`."""

import gc
import sys

from tiltyard.errors import JailUnavailable, TiltyardError

LIVING = 50_000
"""Objects made before the collector looks: starting makes many and frees none."""


def main() -> None:
    """Runs the command line; an error of ours is one line on standard error, a traceback only with `--debug`."""
    from tiltyard.cli.pipes import watched

    gc.set_threshold(LIVING)
    with watched():
        _run()


def _run() -> None:
    from tiltyard.cli.app import app
    from tiltyard.cli.exits import BAD_INPUT, BROKEN, NO_JAIL

    try:
        app(prog_name="tiltyard")
    except TiltyardError as error:
        if "--debug" in sys.argv[1:]:
            raise
        print(f"tiltyard: {error}", file=sys.stderr)  # noqa: T201 - the one place where errors are shown
        sys.exit(NO_JAIL if isinstance(error, JailUnavailable) else BAD_INPUT)
    except Exception as error:
        if "--debug" in sys.argv[1:]:
            raise
        words = " ".join(str(error).split())[:300]
        message = f"tiltyard: {type(error).__name__}: {words} (tiltyard --debug … shows where)"
        print(message, file=sys.stderr)  # noqa: T201
        sys.exit(BAD_INPUT if isinstance(error, OSError) else BROKEN)
