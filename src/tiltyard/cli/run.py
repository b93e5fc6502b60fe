"""`tiltyard run TRACK ENTRY`: scores a hand-in by a contest's rules."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiltyard.cli.display import check_writable, progress_bars, show, spread, table, write_json
from tiltyard.cli.exits import ANSWER_IS_NO, ENTRY_FAILED, INTERRUPTED
from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiltyard.contest.entry import Entry
    from tiltyard.contest.evaluation import Evaluation
    from tiltyard.contest.track import Track, TrackData
    from tiltyard.tracks.whitebox import WhiteBox

run = typer.Typer(help="Score a hand-in by a contest's rules.", no_args_is_help=True)


@run.callback()
def tracks() -> None:
    """Score a hand-in by a contest's rules."""


@run.command()
def whitebox(
    entry: Annotated[str, typer.Argument(help="Zip, folder or .py with an Attacker; or a name: pgd, foolbox:LinfPGD.")],
    pool: Annotated[str, typer.Option(help="Shipped pool (`tiltyard pools` lists them) or a pool.toml.")] = "digits",
    files: Annotated[Path | None, typer.Option(help="Where the pool's relative paths start.")] = None,
    items: Annotated[int | None, typer.Option(min=1, help="Only the first N images of each data set.")] = None,
    out: Annotated[Path | None, typer.Option(help="Evaluation folder; by default a new one below runs/.")] = None,
    json: Annotated[
        str | None, typer.Option(help="Write the result as JSON to FILE, or - for standard output.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted evaluation in --out.")] = False,
    trust: Annotated[bool, typer.Option("--trust", help="Run the code without a jail: your own code only.")] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Annotated[str, typer.Option(help="Where the models run: cpu, cuda.")] = "cpu",
    jobs: Annotated[int, typer.Option(min=1, help="Models attacked at the same time.")] = 1,
    fail_under: Annotated[float | None, typer.Option(help="Exit 1 if the score (0–100) is below this.")] = None,
) -> None:
    """White-box attacks on defended models (CVPR 2021): a metered budget a model, clipped and judged by us.

    Example: tiltyard run whitebox my_attack.zip --pool digits --out runs/mine --json mine.json
    """
    check_writable(json)
    check_fail_under(fail_under, most=100)
    check_device(device)
    evaluation = evaluate_whitebox(
        entry, pool, files=files, items=items, out=out, resume=resume, trust=trust, seed=seed, device=device, jobs=jobs
    )
    show(describe(evaluation), json_to=json)
    write_json(as_json(evaluation), json)
    if evaluation.record.reason:
        raise typer.Exit(ENTRY_FAILED)
    if fail_under is not None and evaluation.record.values["score"] < fail_under:
        raise typer.Exit(ANSWER_IS_NO)


def evaluate_whitebox(
    entry: str,
    pool: str,
    *,
    files: Path | None = None,
    items: int | None = None,
    out: Path | None = None,
    resume: bool = False,
    trust: bool = False,
    seed: int = 0,
    device: str = "cpu",
    jobs: int = 1,
) -> "Evaluation":
    """Runs the contest on one entry and writes folder and report; Ctrl-C leaves what --resume goes on from."""
    from tiltyard.defences.pool import load_pool
    from tiltyard.tracks.whitebox import WhiteBox

    _check_resume(resume, out)
    track = WhiteBox()
    opened = open_attack(track, entry)
    data = load_pool(pool, folder=files, items=items)
    if not trust:
        _require_jail()
    options = Options(out=out, resume=resume, trust=trust, seed=seed, device=device, jobs=jobs)
    return evaluated(track, opened, data, options)


@run.command()
def defence(
    entry: Annotated[Path, typer.Argument(help="Zip or folder with model.safetensors and model.toml, or model.pt2.")],
    challenge: Annotated[str, typer.Option(help="Shipped challenge (digits) or a defence.toml.")] = "digits",
    files: Annotated[Path | None, typer.Option(help="Where the challenge's relative paths start.")] = None,
    items: Annotated[int | None, typer.Option(min=1, help="Only the first N images.")] = None,
    out: Annotated[Path | None, typer.Option(help="Evaluation folder; by default a new one below runs/.")] = None,
    json: Annotated[
        str | None, typer.Option(help="Write the result as JSON to FILE, or - for standard output.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted evaluation in --out.")] = False,
    trust: Annotated[bool, typer.Option("--trust", help="Run the code without a jail: your own code only.")] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Annotated[str, typer.Option(help="Where weights run: cpu, cuda. A program runs on the CPU.")] = "cpu",
    jobs: Annotated[int, typer.Option(min=1, help="Attacks at the same time.")] = 1,
    fail_under: Annotated[float | None, typer.Option(help="Exit 1 if the score (0–100) is below this.")] = None,
) -> None:
    """Defended models: yours is attacked by every attack of the challenge, and scored by the worst of them.

    Example: tiltyard run defence model.zip --challenge digits --out runs/mine --json mine.json
    """
    from tiltyard.jail.places import PROGRAM
    from tiltyard.tracks.defence import Defence
    from tiltyard.tracks.defence_challenge import load_challenge

    check_writable(json)
    check_fail_under(fail_under, most=100)
    check_device(device)
    _check_resume(resume, out)
    opened = Defence().read(entry)
    data = load_challenge(challenge, folder=files, items=items)
    if not trust and (PROGRAM in opened.members or data.stored):
        _require_jail()
    options = Options(out=out, resume=resume, trust=trust, seed=seed, device=device, jobs=jobs)
    evaluation = evaluated(Defence(), opened, data, options)
    show(describe_defence(evaluation), json_to=json)
    write_json(defence_as_json(evaluation), json)
    if evaluation.record.reason:
        raise typer.Exit(ENTRY_FAILED)
    if fail_under is not None and evaluation.record.values["score"] < fail_under:
        raise typer.Exit(ANSWER_IS_NO)


@dataclass(frozen=True)
class Options:
    """How an evaluation is run and where it is written."""

    out: Path | None = None
    resume: bool = False
    trust: bool = False
    seed: int = 0
    device: str = "cpu"
    jobs: int = 1


def evaluated(track: "Track", entry: "Entry", data: "TrackData", options: Options) -> "Evaluation":
    """Evaluates a checked entry and writes folder and report; Ctrl-C leaves what --resume goes on from."""
    from tiltyard.contest.evaluate import evaluate_entry
    from tiltyard.contest.executor import Here, Processes
    from tiltyard.contest.run import Run, silent
    from tiltyard.report.evaluation import write_report
    from tiltyard.vision.allocator import keep_freed_memory

    keep_freed_memory()
    folder, jobs = options.out or default_folder(track.name, entry.name), options.jobs
    try:
        with progress_bars() as bars:
            progress = bars if jobs == 1 else silent
            run = Run(seed=options.seed, device=options.device, trust=options.trust, progress=progress)
            executor = Here() if jobs == 1 else Processes(jobs)
            evaluation = evaluate_entry(track, entry, data, run, folder, resume=options.resume, executor=executor)
    except KeyboardInterrupt:
        typer.echo(f"tiltyard: interrupted; go on with --resume --out {folder}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    write_report(evaluation)
    return evaluation


def _check_resume(resume: bool, out: Path | None) -> None:
    if resume and out is None:
        raise TiltyardError("--resume needs --out: the folder of the interrupted evaluation")


def _require_jail() -> None:
    from tiltyard.jail.doctor import require_jail

    require_jail()


def open_attack(track: "WhiteBox", entry: str) -> "Entry":
    """An entry from a path, or a named attack of the catalogue, which must be installed."""
    from tiltyard.attacks.catalogue import find_attack, is_attack_name

    if is_attack_name(entry) and not Path(entry).exists():
        find_attack(entry)
        return track.named(entry)
    return track.read(Path(entry))


def default_folder(track: str, entry: str) -> Path:
    name = "".join(char if char.isalnum() else "-" for char in Path(entry).stem)
    return Path("runs") / f"{track}-{name}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"


def check_device(device: str) -> None:
    """Raises TiltyardError for a device that is not there."""
    if device == "cpu":
        return
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise TiltyardError(f"device {device}: {str(error).splitlines()[0]}") from None


def check_fail_under(floor: float | None, *, most: float) -> None:
    """Raises TiltyardError for a floor that no result could be compared with; NaN would let every result pass."""
    if floor is not None and not 0 <= floor <= most:
        raise TiltyardError(f"--fail-under {floor:g}: write a number from 0 to {most:g}")


def as_json(evaluation: "Evaluation") -> dict[str, Any]:
    """The result for machines; scores to four decimals, as the contest published them."""
    record = evaluation.record
    return {**_common(evaluation), "models": _rounded(record.parts), "pool": record.identity.data}


def defence_as_json(evaluation: "Evaluation") -> dict[str, Any]:
    """The result for machines; accuracies are per cent."""
    record = evaluation.record
    clean = {"clean": round(record.values["clean"], 4)} if "clean" in record.values else {}
    return {
        **_common(evaluation), **clean, "attacks": _rounded(record.parts), "challenge": record.identity.data
    }  # fmt: skip


def _common(evaluation: "Evaluation") -> dict[str, Any]:
    record = evaluation.record
    return {
        "status": record.status,
        "reason": record.reason,
        "score": round(record.values["score"], 4),
        "interval": record.intervals.get("score"),
        "entry": record.identity.entry,
        "entry_digest": record.identity.entry_digest,
        "seed": record.identity.seed,
        "trust": record.identity.trust,
        "folder": str(evaluation.folder),
    }


def _rounded(parts: "tuple[Mapping[str, Any], ...]") -> list[dict[str, Any]]:
    return [{**part, "score": round(part["score"], 4)} for part in parts]


def describe(evaluation: "Evaluation") -> str:
    """The result for people."""
    record = evaluation.record
    lines = [
        [
            part["name"],
            f"{part['score']:.2f}",
            _spent(part, "forwards"),
            _spent(part, "gradients"),
            f"{part['seconds']:.1f}",
        ]
        for part in record.parts
    ]
    return "\n".join([table(["model", "score", "forwards", "gradients", "seconds"], lines), "", *_verdict(evaluation)])


def describe_defence(evaluation: "Evaluation") -> str:
    """The result for people: robust accuracy under each attack, then under the worst of them."""
    record = evaluation.record
    lines = [
        [part["name"], f"{part['score']:.2f}", _spent(part, "gradients"), f"{part['seconds']:.1f}"]
        for part in record.parts
    ]
    failed = [
        f"attack {part['name']} failed, what it had not broken counts for the model: {part['attack_failure']}"
        for part in record.parts
        if part["attack_failure"]
    ]
    clean = [f"clean accuracy {record.values['clean']:.2f}"] if "clean" in record.values else []
    shown = table(["attack", "robust", "gradients", "seconds"], lines)
    return "\n".join([shown, "", *failed, *clean, *_verdict(evaluation)])


def _verdict(evaluation: "Evaluation") -> list[str]:
    record = evaluation.record
    verdict = (
        f"FAILED, score 0: {record.reason}"
        if record.reason
        else f"score {record.values['score']:.4f} {spread(record.intervals.get('score'))}"
    )
    notes = ["run without a jail (--trust)"] if record.identity.trust else []
    return [verdict, *notes, f"report: {evaluation.folder / 'report.html'}"]


def _spent(part: dict[str, Any] | Any, what: str) -> str:
    return f"{part[what]} / {part[what + '_allowed']}"
