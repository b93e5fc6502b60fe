"""What is done with evaluation folders: verify, board, compare, report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiltyard.cli.display import check_writable, show, spread, table, write_json
from tiltyard.cli.exits import ANSWER_IS_NO

if TYPE_CHECKING:
    from tiltyard.contest.board import Standing
    from tiltyard.contest.track import Metric

Folder = Annotated[Path, typer.Argument(help="Evaluation folder.")]
Folders = Annotated[list[Path], typer.Argument(help="Evaluation folders.")]
Json = Annotated[str | None, typer.Option("--json", help="Write JSON to FILE, or - for standard output.")]


def verify(folders: Folders, json: Json = None) -> None:
    """Recompute every figure from the rows it came from, and say which differ."""
    from tiltyard.contest.verify import verify as differences_in

    check_writable(json)
    found = {str(folder): [str(item) for item in differences_in(folder)] for folder in folders}
    for name, differences in found.items():
        show("\n".join([f"{name}: {'DIFFERS' if differences else 'all figures agree'}", *differences]), json_to=json)
    write_json(found, json)
    if any(found.values()):
        raise typer.Exit(ANSWER_IS_NO)


def board(
    folders: Folders,
    share: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Score on this fixed public share of the items.")
    ] = 1.0,
    split_seed: Annotated[int, typer.Option(min=0, help="Which items are public.")] = 0,
    json: Json = None,
    html: Annotated[Path | None, typer.Option(help="Write the board as a page to FILE.")] = None,
) -> None:
    """Rank evaluations of one track and data version; equal scores share a rank."""
    from tiltyard.contest.board import board as standings_of
    from tiltyard.contest.evaluation import read_evaluation
    from tiltyard.contest.registry import find_track

    check_writable(json)
    check_writable(str(html) if html else None)
    evaluations = [read_evaluation(folder) for folder in folders]
    standings = standings_of(evaluations, share=share, split_seed=split_seed)
    track = find_track(evaluations[0].record.identity.track)
    metric = track.metrics[0]
    show(board_text(standings, metric), json_to=json)
    write_json([_standing(standing, metric.name) for standing in standings], json)
    if html:
        from tiltyard.report.board import board_html

        html.write_text(board_html(standings, track.title, metric), encoding="utf-8")


def board_text(standings: "list[Standing]", metric: "Metric") -> str:
    """A board as plain columns."""
    lines = [
        [
            standing.name,
            str(standing.rank),
            f"{standing.score.values[metric.name]:.{metric.decimals}f}",
            spread(standing.interval, metric.interval_decimals),
            standing.score.status + (", without a jail" if standing.trusted else ""),
        ]
        for standing in standings
    ]
    return table(["entry", "rank", metric.name, "95 % interval", "status"], lines)


def _standing(standing: "Standing", metric: str) -> dict[str, object]:
    return {
        "rank": standing.rank,
        "name": standing.name,
        metric: standing.score.values[metric],
        "interval": standing.interval,
        "status": standing.score.status,
        "trust": standing.trusted,
        "reason": standing.score.reason,
    }


def compare(
    first: Folder,
    second: Folder,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    json: Json = None,
) -> None:
    """Compare two entries on the same items, pair by pair: is A better than B?"""
    from dataclasses import asdict

    from tiltyard.contest.compare import compare as paired
    from tiltyard.contest.evaluation import read_evaluation

    check_writable(json)
    found = paired(read_evaluation(first), read_evaluation(second), seed=seed)
    verdict = "the difference is significant" if found.significant else "no significant difference"
    show(
        f"{found.metric}: {found.first:.4f} against {found.second:.4f}, difference {found.difference:+.4f} "
        f"{spread(found.interval)}, p = {found.p_value:.3f}: {verdict} at 95 %",
        json_to=json,
    )
    write_json({**asdict(found), "significant": found.significant}, json)


def report(folder: Folder) -> None:
    """Write the report of an evaluation folder anew."""
    from tiltyard.contest.evaluation import read_evaluation
    from tiltyard.report.evaluation import write_report

    typer.echo(f"report: {write_report(read_evaluation(folder))}")
