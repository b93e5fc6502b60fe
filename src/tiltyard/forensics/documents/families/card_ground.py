"""The ground of cards and passports: pale colours that fade into each other, under fine lines."""

import numpy as np

from tiltyard.forensics.documents.chance import between, pick
from tiltyard.forensics.documents.kit.canvas import Box, Colour
from tiltyard.forensics.documents.kit.theme import WHITE, mixed
from tiltyard.forensics.documents.kit.work import Work
from tiltyard.forensics.documents.ornaments.guilloche import mesh, rosette

_SOFT: tuple[tuple[Colour, Colour], ...] = (
    ((206, 226, 238), (244, 220, 226)),
    ((216, 234, 220), (236, 232, 206)),
    ((226, 220, 240), (210, 230, 240)),
    ((244, 228, 208), (222, 232, 220)),
    ((214, 222, 240), (240, 236, 226)),
)


def card_ground(work: Work) -> Colour:
    """A card's ground: a fade of two pale colours under waves and rosettes; returns a colour for more of them."""
    rng, canvas = work.rng, work.canvas
    left, right = pick(rng, _SOFT)
    fade = np.linspace(left, right, canvas.pixels.shape[1])
    canvas.pixels[:] = np.rint(fade).astype(np.uint8)
    fine = mixed(work.theme.accent, WHITE, between(rng, 0.55, 0.68))
    mesh(
        canvas,
        rng,
        Box(0, -20, canvas.width, canvas.height + 40),
        (mixed(left, fine, 0.35), mixed(right, fine, 0.35)),
        pitch=between(rng, 9, 14),
    )
    for _ in range(int(rng.integers(1, 3))):
        rosette(
            canvas,
            rng,
            x=between(rng, 0.2, 0.9) * canvas.width,
            y=between(rng, 0.3, 0.8) * canvas.height,
            radius=between(rng, 110, 230),
            colour=mixed(fine, right, 0.4),
            rings=9,
        )
    return fine
