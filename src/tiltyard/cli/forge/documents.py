"""`tiltyard forge documents`: rendered documents, forged and authentic."""

from typing import Annotated

import typer

from tiltyard.cli.forge import options
from tiltyard.cli.forge.making import Order, carry_out


def documents(
    count: Annotated[int, typer.Option(min=1, help="Samples of the whole set, over all shards.")] = 1000,
    seed: options.Seed = 0,
    out: options.Out = None,
    families: Annotated[str | None, typer.Option(help="Only these, with commas; `tiltyard forge kinds` lists.")] = None,
    kinds: options.Kinds = None,
    scripts: Annotated[str, typer.Option(help="latin, chinese, or both with a comma.")] = "latin,chinese",
    authentic: Annotated[float, typer.Option(min=0, max=1, help="Share of samples that nobody forged.")] = 0.5,
    variants: Annotated[int, typer.Option(min=1, help="Samples of each document.")] = 1,
    long_side: Annotated[int, typer.Option(min=300, max=4000, help="Pixels on a page's long side.")] = 1000,
    samples_a_part: options.SamplesAPart = 1000,
    shard: options.ShardText = "1/1",
    jobs: options.Jobs = None,
    ray: options.Ray = None,
    sheet: options.Sheet = None,
    sheet_items: options.SheetItems = 24,
    estimate: options.Estimate = False,
    json: options.Json = None,
) -> None:
    """Render documents, photograph or scan them, forge a share of them: images, masks, truth.csv in parts.

    Run it again after any stop and it goes on. Example: tiltyard forge documents --count 2000 --seed 1 --out docs
    """
    order = Order(out, shard, jobs, ray, sheet, sheet_items, estimate, json)
    order.check()
    options.parse_shard(shard)
    from tiltyard.forensics.making.recipe import document_recipe

    recipe = document_recipe(
        seed=seed, count=count, scripts=options.names(scripts), families=options.names(families),
        kinds=options.names(kinds), authentic=authentic, variants=variants, long_side=long_side,
        samples_a_part=samples_a_part,
    )  # fmt: skip
    carry_out(recipe, order)
