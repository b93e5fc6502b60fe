"""Splice: a part of another picture pasted in."""

from numpy.random import Generator

from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.patches import (
    BAND,
    on_like_paper,
    pasted,
    place_for,
    placed_patch,
    standing_out,
    thing_in,
)
from tiltyard.forensics.forging.pieces import on_paper, over_line, pair, piece_of, scaled, some_words, words_for
from tiltyard.forensics.forging.places import blob_size, has_room, height_of
from tiltyard.forensics.picture import Picture

TEXT_SHARE = 0.9
"""How often text is taken where both pictures have lines; a patch of any content otherwise."""
TRIES = 4
"""How often text that fits is looked for between documents, and a whole thing: letters cut through are seen at once."""


def apply(picture: Picture, donor: Picture, rng: Generator) -> Change | None:
    """Pastes the donor's text, at the size of the text there, or an irregular patch of it."""
    has_room(picture)
    tries = range(TRIES if picture.lines and donor.lines else 1)
    if len(tries) > 1 and rng.random() < TEXT_SHARE:
        change = next((change for _ in tries if (change := _text(picture, donor, rng))), None)
        if change:
            return change
    return next((change for _ in tries if (change := _patch(picture, donor, rng))), None)


def _text(picture: Picture, donor: Picture, rng: Generator) -> Change | None:
    views = pair(picture, donor, rng)
    if views is None:
        return None
    target, source = views
    over = bool(rng.random() < 0.7)
    words = words_for(source, target.line, rng) if over else some_words(source, rng)
    piece = piece_of(source, words) if words else None
    if piece is None:
        return None
    ratio = height_of(target.line.quad) / height_of(source.line.quad)
    piece = scaled(piece, ratio) if abs(ratio - 1) > 0.04 else piece
    if over:
        return over_line(picture, target, piece, rng, f"text of {donor.source} over {target.line.text or 'other text'}")
    return on_paper(picture, piece, target.ground, rng, f"text of {donor.source} onto empty paper")


def _patch(picture: Picture, donor: Picture, rng: Generator) -> Change | None:
    width, height = blob_size(picture.size, rng, largest=min(donor.size))
    source = standing_out(donor.pixels, width, height, rng)
    factor = float(rng.uniform(0.8, 1.25)) if rng.random() < 0.6 else 1.0
    flip = not donor.lines and bool(rng.random() < 0.3)
    patch = placed_patch(donor.pixels, source, margin=BAND, factor=factor, flip=flip)
    documents = bool(picture.lines and donor.lines)
    shape, target = thing_in(patch, BAND), place_for(picture, patch, rng)
    if target is None or (documents and (shape is None or not on_like_paper(picture, target, patch))):
        return None
    level = 1.0 if picture.lines else float(rng.uniform(0.2, 0.9))
    return pasted(picture, target, patch, rng, f"patch of {donor.source}", level=level, shape=shape)


OPERATION = Operation("splice", "Splice", apply)
