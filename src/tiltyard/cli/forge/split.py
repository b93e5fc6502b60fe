"""`tiltyard forge split`: train, validation and test without near-duplicates across them."""

from pathlib import Path
from typing import Annotated

import typer

from tiltyard.cli.display import check_writable, percent, show, table, write_json
from tiltyard.cli.forge.options import Json


def split(
    folder: Annotated[Path, typer.Argument(help="A whole set that `tiltyard forge` wrote.")],
    by: Annotated[str, typer.Option(help="What never stands on two sides: family, template or source.")] = "source",
    shares: Annotated[str, typer.Option(help="Names and shares.")] = "train=0.8,val=0.1,test=0.1",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    json: Json = None,
) -> None:
    """Split a set by family, template or source picture; pictures that look alike stay together. Writes split.csv.

    Example: tiltyard forge split docs --by template --shares train=0.8,test=0.2
    """
    check_writable(json)
    from tiltyard.forensics.making.split import parse_shares, split_set

    done = split_set(folder, by=by, shares=parse_shares(shares), seed=seed)
    total = sum(done.counts.values())
    lines = [[name, str(count), percent(count / total)] for name, count in done.counts.items()]
    show(table(["split", "samples", "share"], lines), json_to=json)
    show(
        f"\n{done.groups} groups by {by}; {done.joined} were joined because pictures look alike; "
        f"checked: no near-duplicate on both sides\n{done.path}",
        json_to=json,
    )
    write_json(
        {"counts": dict(done.counts), "groups": done.groups, "joined": done.joined, "path": str(done.path)}, json
    )
