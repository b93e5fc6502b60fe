"""`tiltyard run whitebox`: an attack against a pool of defended models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiltyard.cli.display import check_writable, show, table, write_json
from tiltyard.cli.run.evaluating import Options, check_device, check_fail_under, check_resume, evaluated, exit_code
from tiltyard.cli.run.options import FailUnder, Json, Out, Resume, Seed, Trust
from tiltyard.cli.run.shown import common_json, rounded, spent, verdict

if TYPE_CHECKING:
    from tiltyard.contest.entry import Entry
    from tiltyard.contest.evaluation import Evaluation
    from tiltyard.tracks.whitebox import WhiteBox


def whitebox(
    entry: Annotated[str, typer.Argument(help="Zip, folder or .py with an Attacker; or a name: pgd, foolbox:LinfPGD.")],
    pool: Annotated[str, typer.Option(help="Shipped pool (`tiltyard pools` lists them) or a pool.toml.")] = "digits",
    files: Annotated[Path | None, typer.Option(help="Where the pool's relative paths start.")] = None,
    items: Annotated[int | None, typer.Option(min=1, help="Only the first N images of each data set.")] = None,
    out: Out = None,
    json: Json = None,
    resume: Resume = False,
    trust: Trust = False,
    seed: Seed = 0,
    device: Annotated[str, typer.Option(help="Where the models run: cpu, cuda.")] = "cpu",
    jobs: Annotated[int, typer.Option(min=1, help="Models attacked at the same time.")] = 1,
    fail_under: FailUnder = None,
) -> None:
    """White-box attacks on defended models (CVPR 2021): a metered budget a model, clipped and judged by us.

    Example: tiltyard run whitebox my_attack.zip --pool digits --out runs/mine --json mine.json
    """
    check_writable(json)
    check_fail_under(fail_under, most=100)
    check_device(device)
    options = Options(out=out, resume=resume, trust=trust, seed=seed, device=device, jobs=jobs)
    evaluation = evaluate_whitebox(entry, pool, files=files, items=items, options=options)
    show(describe(evaluation), json_to=json)
    write_json(as_json(evaluation), json)
    exit_code(evaluation, fail_under)


def evaluate_whitebox(
    entry: str, pool: str, *, options: Options, files: Path | None = None, items: int | None = None
) -> "Evaluation":
    """Runs the contest on one entry and writes folder and report; Ctrl-C leaves what --resume goes on from."""
    from tiltyard.defences.pool import load_pool
    from tiltyard.jail.doctor import require_jail
    from tiltyard.tracks.whitebox import WhiteBox
    from tiltyard.vision.allocator import keep_freed_memory

    check_resume(options.resume, options.out)
    track = WhiteBox()
    opened = open_attack(track, entry)
    data = load_pool(pool, folder=files, items=items)
    if not options.trust:
        require_jail()
    keep_freed_memory()
    return evaluated(track, opened, data, options)


def open_attack(track: "WhiteBox", entry: str) -> "Entry":
    """An entry from a path, or a named attack of the catalogue, which must be installed."""
    from tiltyard.attacks.catalogue import find_attack, is_attack_name

    if is_attack_name(entry) and not Path(entry).exists():
        find_attack(entry)
        return track.named(entry)
    return track.read(Path(entry))


def as_json(evaluation: "Evaluation") -> dict[str, Any]:
    """The result for machines; scores to four decimals, as the contest published them."""
    record = evaluation.record
    return {**common_json(evaluation), "models": rounded(record.parts), "pool": record.identity.data}


def describe(evaluation: "Evaluation") -> str:
    """The result for people."""
    lines = [
        [
            part["name"],
            f"{part['score']:.2f}",
            spent(part, "forwards"),
            spent(part, "gradients"),
            f"{part['seconds']:.1f}",
        ]
        for part in evaluation.record.parts
    ]
    return "\n".join([table(["model", "score", "forwards", "gradients", "seconds"], lines), "", *verdict(evaluation)])
