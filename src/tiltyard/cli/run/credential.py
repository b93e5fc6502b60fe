"""`tiltyard run credential`: a table of claimed regions against the true ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiltyard.cli.display import check_writable, show, spread, table, write_json
from tiltyard.cli.run.evaluating import Options, check_fail_under, check_resume, evaluated, exit_code
from tiltyard.cli.run.options import IntervalSeed, Json, Out, Resume
from tiltyard.cli.run.shown import common_json, verdict
from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from tiltyard.contest.entry import Entry
    from tiltyard.contest.evaluation import Evaluation
    from tiltyard.tracks.credential_data import CredentialData

DIGITS = 4


def credential(
    entry: Annotated[str, typer.Argument(help="CSV with Path, Polygon and, if you like, Score; or a detector's name.")],
    truth: Annotated[Path, typer.Option(help="truth.csv, or the folder that holds it.")],
    iou: Annotated[
        float | None, typer.Option(help="Where regions match: by default 0.5, or what the data says.")
    ] = None,
    public_share: Annotated[
        float | None, typer.Option(help="Score this share of the document groups apart, by default what the data says.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="For a detector: where the pictures lie, by default beside the truth.")
    ] = None,
    out: Out = None,
    json: Json = None,
    resume: Resume = False,
    seed: IntervalSeed = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that match regions at the same time.")] = 1,
    fail_under: Annotated[float | None, typer.Option(help="Exit 1 if F1 (0–1) is below this.")] = None,
) -> None:
    """Tampered credentials: micro-F1 over polygon regions (Global AI Defense Challenge 2024).

    Example: tiltyard run credential result.csv --truth forged/truth.csv --out runs/mine --json mine.json
    """
    from tiltyard.tracks.credential import Credential
    from tiltyard.tracks.credential_data import load_credentials

    check_writable(json)
    check_fail_under(fail_under, most=1)
    check_resume(resume, out)
    data = load_credentials(truth, iou=iou)
    share = _share(public_share, data)
    opened = open_table(entry, images or data.path.parent)
    evaluation = evaluated(Credential(), opened, data, Options(out=out, resume=resume, seed=seed, jobs=jobs))
    public = public_score(evaluation, data, share) if share < 1 else {}
    show(describe(evaluation, public), json_to=json)
    write_json(as_json(evaluation, public), json)
    exit_code(evaluation, fail_under)


def _share(wanted: float | None, data: "CredentialData") -> float:
    if wanted is None:
        return data.settings.public_share
    if not 0 < wanted <= 1:
        raise TiltyardError(f"--public-share {wanted:g}: write a number above 0, at most 1")
    return wanted


def open_table(entry: str, images: Path) -> "Entry":
    """An entry from a path, or what a detector of that name says of the pictures."""
    from tiltyard.tracks.credential import Credential

    if not entry or Path(entry).exists() or Path(entry).suffix:
        return Credential().read(Path(entry))
    from tiltyard.cli.run.detected import found_by

    with found_by(entry, images, what="table", jobs=None) as path:
        return Credential().read(path)


def public_score(evaluation: "Evaluation", data: "CredentialData", share: float) -> dict[str, Any]:
    """The figures of the public document groups alone."""
    from tiltyard.contest.split import public_rows
    from tiltyard.tracks.credential import Credential

    rows = public_rows(evaluation.rows, Credential.cluster, share=share, seed=data.settings.split_seed)
    score = Credential().score(rows, evaluation.record.facts)
    return {"share": share, "files": len(rows), **_rounded(score.values)}


def as_json(evaluation: "Evaluation", public: dict[str, Any]) -> dict[str, Any]:
    """The result for machines; figures to four decimals."""
    record = evaluation.record
    return {
        **common_json(evaluation, ranking="f1"),
        **_rounded(record.values),
        "intervals": dict(record.intervals),
        "iou": record.facts[0]["iou"],
        "files": sum(fact["items"] for fact in record.facts),
        **({"public": public} if public else {}),
        "truth": record.identity.data,
    }


def describe(evaluation: "Evaluation", public: dict[str, Any]) -> str:
    """The result for people."""
    record = evaluation.record
    lines = [
        [name, f"{value:.{DIGITS}f}", spread(record.intervals.get(name), DIGITS)]
        for name, value in record.values.items()
    ]
    told = [f"f1 {public['f1']:.{DIGITS}f} on the {public['files']} public files"] if public else []
    shown = table(["figure", "value", "95 % interval"], lines)
    return "\n".join([shown, "", *told, *verdict(evaluation, ranking="f1", digits=DIGITS)])


def _rounded(values: Any) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in values.items()}
