"""Copy-move: a part of the picture copied to another place in it."""

from numpy.random import Generator

from tiltyard.forensics.forging.operation import Change, Operation
from tiltyard.forensics.forging.patches import (
    BAND,
    on_like_paper,
    pasted,
    place_for,
    standing_out,
    thing_in,
    turned_patch,
)
from tiltyard.forensics.forging.pieces import on_paper, over_line, pair, piece_of, scaled, seen, some_words, words_for
from tiltyard.forensics.forging.places import Window, blob_size, has_room, height_of, usable
from tiltyard.forensics.picture import Picture

TEXT_SHARE = 0.9
"""How often text is copied in a picture that has lines; a patch of any content otherwise."""
TRIES = 4
"""How often a thing is looked for on a document: a patch that cuts through tables and letters is seen at once."""


def apply(picture: Picture, donor: Picture, rng: Generator) -> Change | None:
    """Copies text over other text or onto empty paper, or an irregular patch; the mask is where it was put."""
    has_room(picture)
    if picture.lines and rng.random() < TEXT_SHARE:
        ways = (_over_other_text, _onto_paper) if rng.random() < 0.6 else (_onto_paper, _over_other_text)
        change = next((change for way in ways if (change := way(picture, rng))), None)
        if change:
            return change
    tries = TRIES if picture.lines else 1
    return next((change for _ in range(tries) if (change := _patch(picture, rng))), None)


def _over_other_text(picture: Picture, rng: Generator) -> Change | None:
    views = pair(picture, picture, rng)
    if views is None:
        return None
    target, source = views
    words = words_for(source, target.line, rng)
    piece = piece_of(source, words) if words else None
    if piece is None:
        return None
    ratio = height_of(target.line.quad) / height_of(source.line.quad)
    if abs(ratio - 1) > 0.06:
        piece = scaled(piece, ratio)
    return over_line(
        picture, target, piece, rng, f"text from {_at(piece.place)} over {target.line.text or 'other text'}"
    )


def _onto_paper(picture: Picture, rng: Generator) -> Change | None:
    lines = usable(picture)
    if not lines:
        return None
    view = seen(picture, lines[int(rng.integers(len(lines)))])
    piece = piece_of(view, some_words(view, rng)) if view else None
    if view is None or piece is None:
        return None
    return on_paper(picture, piece, view.ground, rng, f"text from {_at(piece.place)} onto empty paper")


def _patch(picture: Picture, rng: Generator) -> Change | None:
    width, height = blob_size(picture.size, rng)
    source = standing_out(picture.pixels, width, height, rng)
    patch = turned_patch(picture.pixels, source, rng, margin=BAND, flips=not picture.lines)
    shape = thing_in(patch, BAND)
    target = place_for(picture, patch, rng, avoid=source)
    if target is None or (picture.lines and (shape is None or not on_like_paper(picture, target, patch))):
        return None
    level = 1.0 if picture.lines else float(rng.choice([0.0, 0.5, 1.0]))
    return pasted(picture, target, patch, rng, f"patch from {_at(source)}", level=level, shape=shape)


def _at(window: Window) -> str:
    return f"{window.left},{window.top} {window.width}×{window.height}"


OPERATION = Operation("copy_move", "Copy-move", apply)
