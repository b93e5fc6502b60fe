"""How a flat page becomes the file that an authentic user has: scanned, photographed, or never printed at all."""

from dataclasses import replace

from numpy.random import Generator

from tiltyard.forensics.documents.flatbed import flatbed
from tiltyard.forensics.documents.photograph import photographed
from tiltyard.forensics.documents.savings import a_saving
from tiltyard.forensics.documents.screen import screened
from tiltyard.forensics.picture import Picture
from tiltyard.forensics.saving import resaved

SCREEN, SCAN, PHOTO, DIGITAL = "screen", "scan", "photo", "digital"
PATHS = (SCREEN, SCAN, PHOTO, DIGITAL)
_SAVED_LIKE = {
    SCREEN: (("screenshot", 0.45), ("library", 0.25), ("messenger", 0.30)),
    SCAN: (("scanner", 1.0),),
    PHOTO: (("phone", 0.8), ("camera", 0.2)),
    DIGITAL: (("screenshot", 0.3), ("library", 0.7)),
}


def captured(page: Picture, rng: Generator, *, long_side: int = 1000) -> Picture:
    """The page by a way that suits it: pixels as decoded after the first save, and that saving in `saved`.

    `page.source` is `family/template`: screenshots stay on the screen, cards are scanned or photographed, all else may
    also be an image that a program made. The long side is exactly `long_side`; lines and portraits move along by a
    homography, from which bent paper departs by 1.2 pixels at most; every line stays inside the picture.
    """
    return captured_by(a_path(page.source, rng), page, rng, long_side=long_side)


def a_path(source: str, rng: Generator) -> str:
    """One of `PATHS` for a page of that `family/template`."""
    if _is_screen(source):
        return SCREEN
    if _is_card(source):
        return (SCAN, PHOTO)[rng.random() < 0.6]
    return (SCAN, PHOTO, DIGITAL)[int(rng.choice(3, p=(0.38, 0.42, 0.20)))]


def captured_by(path: str, page: Picture, rng: Generator, *, long_side: int = 1000) -> Picture:
    """The page by a given one of `PATHS`, saved and decoded."""
    picture = _taken(path, page, rng, long_side)
    ways, chances = zip(*_SAVED_LIKE[path], strict=True)
    saving = a_saving(rng, like=str(rng.choice(ways, p=chances)))
    return replace(picture, pixels=resaved(picture.pixels, saving), saved=saving)


def _taken(path: str, page: Picture, rng: Generator, long_side: int) -> Picture:
    if path == SCAN:
        return flatbed(page, rng, long_side=long_side, plastic=_is_card(page.source))
    if path == PHOTO:
        return photographed(page, rng, long_side=long_side, plastic=_is_card(page.source))
    return screened(page, rng, long_side=long_side)


def _is_screen(source: str) -> bool:
    return "screenshot" in source.partition("/")[0]


def _is_card(source: str) -> bool:
    return source.partition("/")[0].startswith(("identity", "passport"))
