"""Font files by face name, found in the installed packages: Latin from PyPI, Chinese from Debian; none is shipped."""

import hashlib
import os
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from PIL import ImageFont

from tiltyard.errors import TiltyardError
from tiltyard.forensics.documents.faces import CHINESE, FACES, Cut, Face
from tiltyard.forensics.picture import FontUse

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


def use(name: str, size: float, cut: str = "regular") -> FontUse:
    """A face at a size in pixels an em, rounded (to halves below 12, wholes above) so that pages share glyphs.

    Raises TiltyardError that names the package to install where the file is missing.
    """
    face = FACES[name]
    chosen = face.cuts.get(cut, face.cuts["regular"])
    steps = 2 if size < 12 else 1
    rounded = int(size) + 0.5 if face.bitmaps else max(round(size * steps), 2) / steps
    return FontUse(_located(face, chosen), rounded, chosen.index, chosen.axes)


@lru_cache(maxsize=128)
def loaded(use: FontUse) -> ImageFont.FreeTypeFont:
    """The font, opened once; basic layout, so that glyphs stand alike whatever shaping library the machine has."""
    font = ImageFont.truetype(use.path, use.size, index=use.index, layout_engine=ImageFont.Layout.BASIC)
    if use.axes:
        font.set_variation_by_axes(list(use.axes))
    return font


def has_chinese() -> bool:
    """Whether every Chinese face is installed: pages must not depend on which of them are."""
    return all(cut.file in _system_fonts() for face in CHINESE for cut in face.cuts.values())


def chinese_packages() -> tuple[str, ...]:
    """The Debian packages that bring them."""
    return tuple(dict.fromkeys(face.package for face in CHINESE))


@cache
def fonts_digest() -> str:
    """SHA-256 over the name and content of every installed font file that documents are set in."""
    digest = hashlib.sha256()
    for path in sorted(_installed(), key=lambda path: path.name):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _installed() -> set[Path]:
    found = set()
    for face in FACES.values():
        if face.script == "chinese" and not has_chinese():
            continue
        found |= {Path(_located(face, cut)) for cut in face.cuts.values()}
    return found


def _located(face: Face, cut: Cut) -> str:
    return _latin_file(face.package, cut.file) if face.script == "latin" else _chinese_file(face.package, cut.file)


@cache
def _latin_file(package: str, file: str) -> str:
    try:
        found = Path(str(files(package.replace("-", "_")) / "files" / file))
    except ModuleNotFoundError:
        found = Path()
    if not found.is_file():
        raise TiltyardError(f'font {file} of {package} is not installed: pip install "tiltyard[documents]"')
    return str(found)


def _chinese_file(package: str, file: str) -> str:
    try:
        return _system_fonts()[file]
    except KeyError:
        packages = " ".join(chinese_packages())
        raise TiltyardError(f"font {file} of {package} is not installed: apt-get install {packages}") from None


@cache
def _system_fonts() -> dict[str, str]:
    """Path by file name; where a name occurs twice, the first folder wins."""
    found: dict[str, str] = {}
    for folder in _FOLDERS:
        for parent, folders, names in os.walk(os.path.expanduser(folder)):
            folders.sort()
            for name in sorted(names):
                found.setdefault(name, os.path.join(parent, name))
    return found
