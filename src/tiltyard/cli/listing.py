"""`tiltyard pools` and `tiltyard tracks`: what there is."""

from typing import Annotated

import typer

from tiltyard.cli.display import show, table, write_json

Json = Annotated[str | None, typer.Option("--json", help="Write JSON to FILE, or - for standard output.")]


def pools(json: Json = None) -> None:
    """List the shipped pools and their models."""
    from importlib.resources import files
    from pathlib import Path

    from tiltyard.contest.pool import read_pool

    folder = Path(str(files("tiltyard"))) / "defences" / "pools"
    specs = [read_pool(path) for path in sorted(folder.glob("*.toml"))]
    for spec in specs:
        lines = [
            [model.name, model.norm, f"{model.eps:.4g}", f"{model.gradients:g}", f"{model.forwards:g}"]
            for model in spec.models
        ]
        show(f"{spec.name}: {spec.title}", json_to=json)
        show(table(["model", "norm", "eps", "gradients", "forwards"], lines) + "\n", json_to=json)
    write_json([spec.model_dump() for spec in specs], json)


def tracks(json: Json = None) -> None:
    """List the installed tracks."""
    from tiltyard.contest.registry import find_track, track_names

    found = [find_track(name) for name in track_names()]
    show(table(["track", "version", "title"], [[each.name, each.version, each.title] for each in found]), json_to=json)
    write_json([{"name": each.name, "version": each.version, "title": each.title} for each in found], json)
