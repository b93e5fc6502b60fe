"""The forensic contests of the demo: documents forged on the spot, and who finds where."""

import csv
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
    """Forges two dozen documents; ranks both baselines, and the claim that nothing is forged, in both contests."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        typer.echo(f"\nno forged documents without {', '.join(missing)}: pip install 'tiltyard[documents]'")
        return
    from tiltyard.cli.demo.standings import show_board
    from tiltyard.forensics.detectors import detector_names

    out.mkdir()
    documents = _documents(out)
    names = (*detector_names(), NOTHING)
    typer.echo("\n── who finds the forged pixels (forgery), who the forged fields (credential)")
    _hand_in(documents, out)
    show_board([_forgery(out / f"{name}.zip", documents, out) for name in names], out / "forgery.html")
    best = show_board([_credential(out / f"{name}.csv", documents, out) for name in names], out / "credential.html")[0]
    typer.echo("the baselines are simple on purpose: where one stands no higher than `nothing`, it helps nobody there")
    typer.echo(f"report of the first: {out / f'credential-{Path(best.name).stem}' / 'report.html'}")


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


def _hand_in(documents: Path, out: Path) -> None:
    """A zip of masks and a table for each entry."""
    from tiltyard.cli.forge.bar import samples_bar
    from tiltyard.forensics.detectors import detector_names
    from tiltyard.forensics.handing_in import hand_in_masks, hand_in_table, pictures_in

    for name in detector_names():
        with samples_bar(f"{name}, masks") as bar:
            hand_in_masks(name, documents, out / f"{name}.zip", progress=bar)
        with samples_bar(f"{name}, table") as bar:
            hand_in_table(name, documents, out / f"{name}.csv", progress=bar)
    _claim_nothing(pictures_in(documents), out)


def _claim_nothing(pictures: list[Path], out: Path) -> None:
    import cv2
    import numpy as np

    with zipfile.ZipFile(out / f"{NOTHING}.zip", "w") as archive:
        for picture in pictures:
            height, width = cv2.imread(str(picture)).shape[:2]  # type: ignore[union-attr]
            _, black = cv2.imencode(".png", np.zeros((height, width), np.uint8))
            archive.writestr(f"images/{picture.stem}.png", black.tobytes())
    with (out / f"{NOTHING}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Path", "Polygon"))
        writer.writerows((picture.name, "[]") for picture in pictures)


def _forgery(entry: Path, documents: Path, out: Path) -> "Evaluation":
    from tiltyard.cli.run.evaluating import Options
    from tiltyard.cli.run.forgery import evaluate_forgery
    from tiltyard.forensics.truth_folder import read_truth

    options = Options(out=out / f"forgery-{entry.stem}", jobs=1)
    return evaluate_forgery(str(entry), read_truth(documents).with_pictures(), options=options)


def _credential(entry: Path, documents: Path, out: Path) -> "Evaluation":
    from tiltyard.cli.run.evaluating import Options, evaluated
    from tiltyard.tracks.credential import Credential
    from tiltyard.tracks.credential_data import load_credentials

    track, data = Credential(), load_credentials(documents)
    return evaluated(track, track.read(entry), data, Options(out=out / f"credential-{entry.stem}"))
