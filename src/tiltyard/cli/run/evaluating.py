"""What every track's command does: checks before long work, the evaluation itself, the exit code."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tiltyard.cli.display import progress_bars
from tiltyard.cli.exits import ANSWER_IS_NO, ENTRY_FAILED, INTERRUPTED
from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from tiltyard.contest.entry import Entry
    from tiltyard.contest.evaluation import Evaluation
    from tiltyard.contest.track import Track, TrackData


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
    from tiltyard.cli.run.counted import Counted
    from tiltyard.contest.evaluate import evaluate_entry
    from tiltyard.contest.executor import Here, Processes
    from tiltyard.contest.run import Run, silent
    from tiltyard.report.evaluation import write_report
    from tiltyard.vision.allocator import KEPT_MEMORY

    folder, jobs = options.out or default_folder(track.name, entry.name), options.jobs
    try:
        with progress_bars() as bars:
            progress = bars if jobs == 1 else silent
            run = Run(seed=options.seed, device=options.device, trust=options.trust, progress=progress)
            executor = (
                Here()
                if jobs == 1
                else Counted(Processes(jobs, environment=KEPT_MEMORY), bars, total=_items(track, entry, data))
            )
            evaluation = evaluate_entry(track, entry, data, run, folder, resume=options.resume, executor=executor)
    except KeyboardInterrupt:
        typer.echo(f"tiltyard: interrupted; go on with --resume --out {folder}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    write_report(evaluation)
    return evaluation


def _items(track: "Track", entry: "Entry", data: "TrackData") -> int:
    return sum(shard.items for shard in track.plan(entry, data))


def default_folder(track: str, entry: str) -> Path:
    name = "".join(char if char.isalnum() else "-" for char in Path(entry).stem)
    return Path("runs") / f"{track}-{name}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"


def exit_code(evaluation: "Evaluation", fail_under: float | None) -> None:
    """Ends the command where the entry failed by the rules, or its ranking figure is below the floor."""
    from tiltyard.contest.registry import find_track

    record = evaluation.record
    if record.reason:
        raise typer.Exit(ENTRY_FAILED)
    ranking = find_track(record.identity.track).metrics[0].name
    if fail_under is not None and record.values[ranking] < fail_under:
        raise typer.Exit(ANSWER_IS_NO)


def check_resume(resume: bool, out: Path | None) -> None:
    if resume and out is None:
        raise TiltyardError("--resume needs --out: the folder of the interrupted evaluation")


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
