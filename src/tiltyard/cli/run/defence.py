"""`tiltyard run defence`: a handed-in model against every attack of a challenge."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiltyard.cli.display import check_writable, show, table, write_json
from tiltyard.cli.run.evaluating import Options, check_device, check_fail_under, check_resume, evaluated, exit_code
from tiltyard.cli.run.options import FailUnder, Json, Out, Resume, Seed, Trust
from tiltyard.cli.run.shown import common_json, rounded, spent, verdict

if TYPE_CHECKING:
    from tiltyard.contest.evaluation import Evaluation


def defence(
    entry: Annotated[Path, typer.Argument(help="Zip or folder with model.safetensors and model.toml, or model.pt2.")],
    challenge: Annotated[str, typer.Option(help="Shipped challenge (digits) or a defence.toml.")] = "digits",
    files: Annotated[Path | None, typer.Option(help="Where the challenge's relative paths start.")] = None,
    items: Annotated[int | None, typer.Option(min=1, help="Only the first N images.")] = None,
    out: Out = None,
    json: Json = None,
    resume: Resume = False,
    trust: Trust = False,
    seed: Seed = 0,
    device: Annotated[str, typer.Option(help="Where weights run: cpu, cuda. A program runs on the CPU.")] = "cpu",
    jobs: Annotated[int, typer.Option(min=1, help="Attacks at the same time.")] = 1,
    fail_under: FailUnder = None,
) -> None:
    """Defended models: yours is attacked by every attack of the challenge, and scored by the worst of them.

    Example: tiltyard run defence model.zip --challenge digits --out runs/mine --json mine.json
    """
    from tiltyard.jail.doctor import require_jail
    from tiltyard.jail.places import PROGRAM
    from tiltyard.tracks.defence import Defence
    from tiltyard.tracks.defence_challenge import load_challenge
    from tiltyard.vision.allocator import keep_freed_memory

    check_writable(json)
    check_fail_under(fail_under, most=100)
    check_device(device)
    check_resume(resume, out)
    opened = Defence().read(entry)
    data = load_challenge(challenge, folder=files, items=items)
    if not trust and (PROGRAM in opened.members or data.stored):
        require_jail()
    keep_freed_memory()
    options = Options(out=out, resume=resume, trust=trust, seed=seed, device=device, jobs=jobs)
    evaluation = evaluated(Defence(), opened, data, options)
    show(describe(evaluation), json_to=json)
    write_json(as_json(evaluation), json)
    exit_code(evaluation, fail_under)


def as_json(evaluation: "Evaluation") -> dict[str, Any]:
    """The result for machines; accuracies are per cent."""
    record = evaluation.record
    clean = {"clean": round(record.values["clean"], 4)} if "clean" in record.values else {}
    return {
        **common_json(evaluation), **clean, "attacks": rounded(record.parts), "challenge": record.identity.data
    }  # fmt: skip


def describe(evaluation: "Evaluation") -> str:
    """The result for people: robust accuracy under each attack, then under the worst of them."""
    record = evaluation.record
    lines = [
        [part["name"], f"{part['score']:.2f}", spent(part, "gradients"), f"{part['seconds']:.1f}"]
        for part in record.parts
    ]
    failed = [
        f"attack {part['name']} failed, what it had not broken counts for the model: {part['attack_failure']}"
        for part in record.parts
        if part["attack_failure"]
    ]
    clean = [f"clean accuracy {record.values['clean']:.2f}"] if "clean" in record.values else []
    shown = table(["attack", "robust", "gradients", "seconds"], lines)
    return "\n".join([shown, "", *failed, *clean, *verdict(evaluation)])
