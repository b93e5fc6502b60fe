"""The verb: its options, checked before the work, and its exit code."""

import math
from pathlib import Path
from typing import Annotated

import typer

from tiltyard.cli.display import show
from tiltyard.errors import TiltyardError

Paths = Annotated[
    list[str],
    typer.Argument(help="Files and folders: JPEG, PNG, WebP, TIFF, BMP, HEIC, pages of PDFs.", metavar="PATH"),
]
Json = Annotated[
    str | None,
    typer.Option(help="Write a list to FILE, or - for standard output; until all is done it is FILE.partial."),
]
Csv = Annotated[Path | None, typer.Option(help="Write one line a picture to FILE, as they are done.")]
Html = Annotated[Path | None, typer.Option(help="Write a page where picture, heat map and each cue can be switched.")]
Masks = Annotated[
    Path | None,
    typer.Option(
        help="Write STEM.png to DIR: 255 where forged, else 0; where pictures share a stem NAME.png, FOLDER/NAME.png.",
        metavar="DIR",
    ),
]
Maps = Annotated[
    Path | None, typer.Option(help="Write STEM.png to DIR: grey, lighter where it is surer.", metavar="DIR")
]
Fast = Annotated[bool, typer.Option("--fast", help="A quick look: less evidence, half of the time.")]
Calibrate = Annotated[
    Path | None,
    typer.Option(help="Learn from DIR: ten authentic pictures, or a set of `tiltyard forge`.", metavar="DIR"),
]
Threshold = Annotated[
    float | None,
    typer.Option(help="What the network's score must reach, in place of 0.5; --calibrate shows one.", metavar="T"),
]
Distrust = Annotated[
    list[str] | None,
    typer.Option(help="A trusted cue not to believe, for example copy_move; may be repeated.", metavar="CUE"),
]
FailOnForged = Annotated[bool, typer.Option("--fail-on-forged", help="Exit 1 if a picture is forged.")]


def inspect(
    paths: Paths,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
    masks: Masks = None,
    maps: Maps = None,
    fast: Fast = False,
    calibrate: Calibrate = None,
    threshold: Threshold = None,
    distrust: Distrust = None,
    fail_on_forged: FailOnForged = False,
) -> None:
    """Is this picture forged, where, and which evidence says so? Verdict, probability, regions, reasons.

    Folders are searched through; a file that cannot be read is named and passed over. "No evidence" is no proof of
    innocence. HEIC and PDF need the extra "inspect" and a jail, see tiltyard doctor.

    Example: tiltyard inspect scans/ photo.heic --json found.json --html found.html --masks masks/

    Exit codes: 0 done, whatever the verdicts, even if files were passed over · 2 bad input, or nothing could be read ·
    4 all files need a jail, and there is none · 130 interrupted; what is done is written. With --fail-on-forged: 1 a
    picture is forged · 2 none is, but a file or page was passed over, so nobody has looked at it; "cannot tell" passes.
    """
    from tiltyard.cli.inspect.calibration import calibrated_on
    from tiltyard.cli.inspect.outputs import Outputs
    from tiltyard.cli.inspect.running import Run
    from tiltyard.cli.inspect.walking import files_in
    from tiltyard.forensics.inspecting import How

    if json == "":
        raise TiltyardError("--json is empty: name a file, or - for standard output")
    outputs = Outputs(json, csv, html, masks, maps)
    outputs.check()
    _check_threshold(threshold, calibrate)
    if not all(paths):
        raise TiltyardError("a path is empty, as an unset variable leaves it: name a file or a folder")
    found = files_in([Path(path) for path in paths], leave_out=outputs.folders)
    how = How(fast, threshold, tuple(distrust or ()))
    outputs.prepare(found.files)
    if calibrate:
        how = calibrated_on(calibrate, how, json_to=json)
    run = Run(how)
    run.over(found, outputs)
    show(run.tally.text(run.passed_over), json_to=json)
    if found.left_out:
        typer.echo(f"tiltyard: {found.left_out}", err=True)
    code = run.exit_code(fail_on_forged=fail_on_forged)
    if code:
        raise typer.Exit(code)


def _check_threshold(threshold: float | None, calibrate: Path | None) -> None:
    if threshold is None:
        return
    if calibrate:
        raise TiltyardError("--calibrate finds a threshold and --threshold names one: leave out one of them")
    if not (math.isfinite(threshold) and 0 < threshold < 1):
        raise TiltyardError(f"--threshold {threshold:g}: write a number between 0 and 1")
