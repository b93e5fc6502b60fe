"""`tiltyard forge tamper`: the same operations on a user's own pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiltyard.cli.display import show
from tiltyard.cli.forge import options
from tiltyard.cli.forge.making import Order, carry_out, resumable

if TYPE_CHECKING:
    from tiltyard.forensics.making.sources import Found


def tamper(
    images: Annotated[Path, typer.Argument(help="Folder of pictures; those below it count too.")],
    out: options.Out = None,
    boxes: Annotated[
        Path | None, typer.Option(help="Folder of text boxes, NAME.txt or .csv: x1,y1,x2,y2,x3,y3,x4,y4,text a line.")
    ] = None,
    forged: Annotated[int, typer.Option(min=0, max=1000, help="Forged samples of each picture.")] = 1,
    authentic: Annotated[int, typer.Option(min=0, max=1000, help="Authentic samples of each picture.")] = 0,
    kinds: options.Kinds = None,
    seed: options.Seed = 0,
    long_side: Annotated[
        int | None, typer.Option(min=300, max=4000, help="Shrink longer pictures to this; by default none.")
    ] = None,
    samples_a_part: options.SamplesAPart = 1000,
    shard: options.ShardText = "1/1",
    jobs: options.Jobs = None,
    ray: options.Ray = None,
    sheet: options.Sheet = None,
    sheet_items: options.SheetItems = 24,
    estimate: options.Estimate = False,
    json: options.Json = None,
) -> None:
    """Forge your own pictures: every readable one gives samples, donors are the others of the folder.

    Example: tiltyard forge tamper scans --boxes scans-boxes --forged 3 --authentic 1 --out tampered
    """
    order = Order(out, shard, jobs, ray, sheet, sheet_items, estimate, json)
    order.check()
    options.parse_shard(shard)
    from tiltyard.forensics.making.sources import find_sources
    from tiltyard.forensics.making.tampered import tamper_recipe

    with resumable(order):
        found = find_sources(images, boxes, options.executor_of(jobs, None))
    _complain(found)
    recipe = tamper_recipe(
        images, found, seed=seed, boxes=boxes, kinds=options.names(kinds), forged=forged, authentic=authentic,
        long_side=long_side, samples_a_part=samples_a_part,
    )  # fmt: skip
    boxed = sum(source.boxes is not None for source in found.sources)
    show(f"{len(found.sources)} pictures, {boxed} with text boxes, {recipe.count} samples", json_to=json)
    carry_out(recipe, order)


def _complain(found: "Found") -> None:
    for complaint in found.complaints:
        typer.echo(f"passed over: {complaint}", err=True)
