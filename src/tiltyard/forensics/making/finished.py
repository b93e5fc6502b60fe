"""The last steps of every sample, forged or not: saved by an editor, sent on, encoded, marked, described."""

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from tiltyard.forensics.documents.savings import a_saving
from tiltyard.forensics.forging.operation import Change
from tiltyard.forensics.forging.post import Posted, post_processed
from tiltyard.forensics.forging.truth import polygons_of
from tiltyard.forensics.making.marked import marked
from tiltyard.forensics.making.perceptual import perceptual_hash
from tiltyard.forensics.making.series import Sample
from tiltyard.forensics.picture import Mask, Pixels
from tiltyard.forensics.saving import Saving, encoded

ONCE = 0.25
"""The share of samples that keep the tables of their first saving and go through nothing after it. It is the same for
forged and authentic ones, as is all that follows: otherwise a second compression would give the forged ones away."""
LOSSLESS = {"png": 0.5, "jpeg": 0.1}
"""How often an editor saves as PNG what it opened in a format."""

AS_MASK = (
    cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE,
    cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE,
)  # fmt: skip
"""A fifth of the time and a third of the bytes of the usual settings, for rows that are mostly zero."""


@dataclass(frozen=True)
class Origin:
    """What is known of a sample besides its pixels."""

    source: str
    family: str
    template: str
    kind: str


def sent_on(change: Change, saved: Saving, saving: Generator, posting: Generator, *, long_side: int) -> Posted:
    """What became of the picture after an editor opened a file that was `saved` so, changed it or not, and saved it."""
    if saving.random() < ONCE:
        return Posted(change.pixels, change.mask, saved)
    by_editor = _by_editor(saved, saving)
    return post_processed(change.pixels, change.mask, by_editor, posting, long_side=long_side)


def _by_editor(saved: Saving, rng: Generator) -> Saving:
    if rng.random() < LOSSLESS[saved.format]:
        return Saving("png", maker="editor")
    return a_saving(rng, like="library")


def finished(index: int, posted: Posted, origin: Origin, *, note: str, mark: str) -> Sample:
    """The sample's files and facts; `mark` says in its metadata that it is a specimen."""
    image = marked(encoded(posted.pixels, posted.saving, comment=mark), mark)
    height, width = posted.mask.shape
    return Sample(
        index=index, suffix=posted.saving.suffix, image=image, mask=mask_png(posted.mask),
        polygons=[[(_plain(x), _plain(y)) for x, y in polygon] for polygon in polygons_of(posted.mask)],
        facts={
            "source": origin.source, "family": origin.family, "template": origin.template, "kind": origin.kind,
            "post": posted.name, "forged": str(int(posted.mask.any())), "width": str(width), "height": str(height),
            "format": posted.saving.format, "note": note, "sha256": hashlib.sha256(image).hexdigest(),
            "phash": perceptual_hash(posted.pixels),
        },
    )  # fmt: skip


def mask_png(mask: Mask) -> bytes:
    """8 bits a pixel, 0 or 255."""
    done, content = cv2.imencode(".png", mask.astype(np.uint8) * 255, AS_MASK)
    if not done:
        raise RuntimeError("OpenCV did not encode a mask")
    return content.tobytes()


def _plain(value: float) -> float:
    """A whole number without its `.0`."""
    return int(value) if value == int(value) else value


def unchanged(pixels: Pixels) -> Change:
    """What nobody forged."""
    return Change(pixels, np.zeros(pixels.shape[:2], np.bool_))
