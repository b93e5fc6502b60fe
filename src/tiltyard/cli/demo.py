"""`tiltyard demo`: the white-box contest end to end on what the package ships."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiltyard.errors import JailUnavailable, TiltyardError

if TYPE_CHECKING:
    from tiltyard.contest.evaluation import Evaluation

POOL = "digits-small"
ITEMS = 200
MARK = ".tiltyard-demo"


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the demo's evaluations; a demo there is replaced.")] = Path(
        ".demo"
    ),
) -> None:
    """Three attacks against a pool of handwriting classifiers: jailed, metered, ranked, reported. About a minute."""
    from tiltyard.cli.evaluations import board_text
    from tiltyard.contest.board import board
    from tiltyard.report.board import board_html
    from tiltyard.tracks.whitebox import WhiteBox

    _prepare(out)
    trust = _trust_needed()
    evaluations = [_run(entry, out, trust=trust) for entry in _entries(out, trust=trust)]
    standings = board(evaluations)
    typer.echo("\n" + board_text(standings, WhiteBox.metrics[0]))
    page = out / "board.html"
    page.write_text(board_html(standings, WhiteBox.title, WhiteBox.metrics[0]), encoding="utf-8")
    best = next(item for item in evaluations if item.record.identity.entry == standings[0].name)
    typer.echo(f"\nreport of the winner: {best.folder / 'report.html'}\nboard: {page}")
    typer.echo(f"recompute its figures: tiltyard verify {best.folder}")


def _prepare(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        if not (out / MARK).is_file():
            raise TiltyardError(f"{out}: is not empty and no demo of ours: choose another with --out")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()


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
    evaluation = evaluate_whitebox(entry, POOL, items=ITEMS, options=Options(out=out / f"run-{name}", trust=trust))
    typer.echo(describe(evaluation) + "\n")
    return evaluation
