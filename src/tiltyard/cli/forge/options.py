"""The options that the makers share, checked."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from tiltyard.contest.executor import Executor
    from tiltyard.forensics.making.folder import Shard

Seed = Annotated[int, typer.Option(min=0, help="The same seed, recipe and packages give the same bytes.")]
Out = Annotated[Path | None, typer.Option(help="Folder of the set; the same command goes on in it after a stop.")]
Kinds = Annotated[str | None, typer.Option(help="Only these ways of forging, with commas; `tiltyard forge kinds`.")]
ShardText = Annotated[str, typer.Option("--shard", help="I/N: every N-th part, for machine I (1 to N) of N.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes; by default one a core.")]
Ray = Annotated[str | None, typer.Option(help="Spread over a running Ray cluster: HOST:PORT, ray://HOST:PORT, auto.")]
Sheet = Annotated[Path | None, typer.Option(help="Write a contact sheet to FILE.png or FILE.html.")]
SheetItems = Annotated[int, typer.Option(min=1, max=400, help="Samples on the sheet.")]
Estimate = Annotated[bool, typer.Option("--estimate", help="Make a few dozen samples, say what all will cost, stop.")]
SamplesAPart = Annotated[int, typer.Option(min=1, max=100_000, help="Samples in one part: what a stop can cost.")]
Json = Annotated[str | None, typer.Option(help="Write the figures as JSON to FILE, or - for standard output.")]


def names(text: str | None) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def parse_shard(text: str) -> "Shard":
    """`2/8`; TiltyardError for anything else."""
    from tiltyard.forensics.making.folder import Shard

    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise TiltyardError(f"--shard {text[:20]!r}: write I/N with I from 1 to N, for example 1/4")
    return Shard(int(found[1]), int(found[2]))


def executor_of(jobs: int | None, ray: str | None) -> "Executor":
    """Local processes of one thread each, or a Ray cluster."""
    from tiltyard.contest.executor import ONE_THREAD, Processes
    from tiltyard.vision.allocator import KEPT_MEMORY

    if ray is not None and jobs is not None:
        raise TiltyardError("--jobs is for this machine alone: leave it out with --ray, which uses the cluster's cores")
    if ray is not None:
        from tiltyard.contest.ray_executor import RayExecutor

        return RayExecutor(ray)
    return Processes(jobs or len(os.sched_getaffinity(0)), environment={**ONE_THREAD, **KEPT_MEMORY})
