"""The forensic contests of the demo: documents forged on the spot, and who finds where."""

import csv
import shutil
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from tiltyard.contest.evaluation import Evaluation

COUNT, SEED = 24, 4
NEEDED = ("faker", "segno", "barcode")
"""What the extra `documents` installs beside its fonts."""
NOTHING = "nothing"
"""The entry that calls every document authentic: a detector must first of all beat this."""


def forensic_contests(out: Path) -> None:
    """Forges two dozen documents; ranks the detectors, and the claim that nothing is forged, in three contests."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        typer.echo(f"\nno forged documents without {', '.join(missing)}: pip install 'tiltyard[documents]'")
        return
    from tiltyard.cli.demo.standings import show_board

    out.mkdir()
    documents = _documents(out)
    names = _hand_in(documents, out)
    typer.echo("\n── who finds the forged pixels: masks, then grey maps without a threshold")
    show_board([_forgery(out / f"{name}.zip", documents, out) for name in names], out / "forgery.html")
    maps = [_forgery(out / f"{name}-maps.zip", documents, out, maps=True) for name in names]
    show_board(maps, out / "forgery-maps.html")
    typer.echo("\n── who finds the forged fields: polygons")
    show_board([_credential(out / f"{name}.csv", documents, out) for name in names], out / "credential.html")
    typer.echo(
        "cues are simple, our network is young: where one stands no higher than `nothing`, it helps nobody there"
    )
    typer.echo(f"a report: {out / f'forgery-{names[0]}' / 'report.html'}")


def _documents(out: Path) -> Path:
    """A set of documents, with a contact sheet beside it."""
    from tiltyard.cli.forge.bar import samples_bar
    from tiltyard.cli.forge.options import executor_of
    from tiltyard.forensics.documents.fonts import has_chinese
    from tiltyard.forensics.making.folder import write_set
    from tiltyard.forensics.making.recipe import SCRIPTS, document_recipe
    from tiltyard.forensics.making.sheet import sheet_of

    folder, sheet = out / "documents", out / "sheet.png"
    typer.echo(f"\n── forging {COUNT} documents")
    recipe = document_recipe(seed=SEED, count=COUNT, scripts=SCRIPTS if has_chinese() else SCRIPTS[:1])
    with samples_bar() as bar:
        write_set(recipe, folder, executor_of(None, None), progress=bar)
    sheet_of(folder, sheet, items=COUNT)
    typer.echo(f"what was forged, and where: {sheet}")
    return folder


def _hand_in(documents: Path, out: Path) -> tuple[str, ...]:
    """Masks, maps and a table of each entry, whose names are returned."""
    from tiltyard.cli.forge.bar import samples_bar
    from tiltyard.forensics.detectors import detector_names
    from tiltyard.forensics.handing_in import hand_in, pictures_in

    for name in detector_names():
        with samples_bar(name) as bar:
            hand_in(
                name, documents, progress=bar,
                masks=out / f"{name}.zip", maps=out / f"{name}-maps.zip", table=out / f"{name}.csv",
            )  # fmt: skip
    _claim_nothing(pictures_in(documents), out)
    return (*detector_names(), NOTHING)


def _claim_nothing(pictures: list[Path], out: Path) -> None:
    from PIL import Image

    with zipfile.ZipFile(out / f"{NOTHING}.zip", "w") as archive:
        for picture in pictures:
            with Image.open(picture) as image, archive.open(f"images/{picture.stem}.png", "w") as member:
                Image.new("L", image.size).save(member, "PNG")
    shutil.copyfile(out / f"{NOTHING}.zip", out / f"{NOTHING}-maps.zip")
    with (out / f"{NOTHING}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Path", "Polygon"))
        writer.writerows((picture.name, "[]") for picture in pictures)


def _forgery(entry: Path, documents: Path, out: Path, *, maps: bool = False) -> "Evaluation":
    from tiltyard.cli.run.evaluating import Options
    from tiltyard.cli.run.forgery import evaluate_forgery
    from tiltyard.forensics.truth_folder import read_truth

    options = Options(out=out / f"forgery-{entry.stem}", jobs=1)
    return evaluate_forgery(str(entry), read_truth(documents).with_pictures(), maps=maps, options=options)


def _credential(entry: Path, documents: Path, out: Path) -> "Evaluation":
    from tiltyard.cli.run.evaluating import Options, evaluated
    from tiltyard.tracks.credential import Credential
    from tiltyard.tracks.credential_data import load_credentials

    track, data = Credential(), load_credentials(documents)
    return evaluated(track, track.read(entry), data, Options(out=out / f"credential-{entry.stem}"))
