"""The white-box contest of the demo: three attacks against a pool of handwriting classifiers."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tiltyard.errors import JailUnavailable

if TYPE_CHECKING:
    from tiltyard.contest.evaluation import Evaluation

POOL = "digits-small"
ITEMS = 200


def whitebox_contest(out: Path) -> None:
    """Runs it in the folder; where no jail works, with the package's own attacks alone."""
    from tiltyard.cli.demo.standings import show_board

    trust = _trust_needed()
    evaluations = [_run(entry, out, trust=trust) for entry in _entries(out, trust=trust)]
    standings = show_board(evaluations, out / "board.html")
    best = next(item for item in evaluations if item.record.identity.entry == standings[0].name)
    typer.echo(f"report of the winner: {best.folder / 'report.html'}")
    typer.echo(f"recompute its figures: tiltyard verify {best.folder}")


def _trust_needed() -> bool:
    """Says why, where no jail works: then only the package's own attack is run, and marked as trusted."""
    from tiltyard.jail.doctor import require_jail

    try:
        require_jail()
    except JailUnavailable as error:
        typer.echo(f"no working jail: {error}\nrunning the package's own attacks with --trust instead\n")
        return True
    typer.echo("the jail works: attack code gets no network, no files, no weights, only metered answers\n")
    return False


def _entries(out: Path, *, trust: bool) -> list[str]:
    if trust:
        return ["baseline", "pgd"]
    from tiltyard.cli.new import starter, write_starter

    write_starter(out / "starter")
    (out / "greedy.py").write_text(starter("greedy"), encoding="utf-8")
    return ["baseline", str(out / "starter"), str(out / "greedy.py")]


def _run(entry: str, out: Path, *, trust: bool) -> "Evaluation":
    from tiltyard.cli.run.evaluating import Options
    from tiltyard.cli.run.whitebox import describe, evaluate_whitebox

    name = Path(entry).stem
    typer.echo(f"── {name}")
    options = Options(out=out / f"run-{name}", trust=trust)
    evaluation = evaluate_whitebox(entry, POOL, items=ITEMS, options=options)
    typer.echo(describe(evaluation) + "\n")
    return evaluation
