"""Inspections built by hand, which the tests of `tiltyard inspect` and of its page share."""

from collections.abc import Sequence

import numpy as np

from tiltyard.forensics.inspecting import Inspection, Region, Said, Verdict

SHAPE = (60, 80)
CORNERS = ((10.0, 20.0), (40.0, 20.0), (40.0, 44.5), (10.0, 44.5))


def said(name: str, title: str, *, speaks: bool = False, applicable: bool = True, sentence: str = "") -> Said:
    values = np.zeros(SHAPE, np.uint8)
    if applicable:
        values[20:44, 10:40] = 200 if speaks else 90
    return Said(name, title, applicable, speaks, sentence or f"{title} tells this.", values)


def inspection(
    path: str = "a.jpg",
    verdict: Verdict = Verdict.FORGED,
    probability: float = 0.9,
    *,
    notes: Sequence[str] = (),
    sentence: str = "",
) -> Inspection:
    """One region where it is forged; three cues, of which the first speaks then and the last does not apply."""
    forged = verdict is Verdict.FORGED
    mask = np.zeros(SHAPE, np.bool_)
    mask[20:44, 10:40] = forged
    cues = (
        said("copy_move", "copied within the picture", speaks=forged, sentence=sentence),
        said("error_level", "error level"),
        said("jpeg_grid", "JPEG grid", applicable=False, sentence="It was never saved as JPEG."),
    )
    regions = (Region(CORNERS, int(mask.sum()), probability, ("copy_move",)),) if forged else ()
    pixels = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), np.uint8)
    values = np.where(mask, 220, 30).astype(np.uint8)
    return Inspection(path, verdict, probability, mask, values, regions, cues, tuple(notes), pixels, 0.25)
