"""The faces that documents are set in: which package brings each one, under which licence, in which cuts."""

from dataclasses import dataclass, field

OFL, ARPHIC = "OFL-1.1", "Arphic-1999"


@dataclass(frozen=True)
class Cut:
    """One file of a face: the font within a collection, the axis values of a variable font."""

    file: str
    index: int = 0
    axes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Face:
    """A typeface by name, with where it comes from and what may be done with it."""

    name: str
    package: str
    """PyPI package of a Latin face, Debian package of a Chinese one."""
    licence: str
    """SPDX expression."""
    kind: str
    """`sans`, `serif`, `mono`, `script` or `brush`."""
    script: str
    """`latin` or `chinese`."""
    cuts: dict[str, Cut] = field(hash=False)
    """By `regular`, `bold`, `italic`; what is missing falls back to `regular`."""
    bitmaps: bool = False
    """Whether the file brings bitmaps for whole sizes, which no printer uses: such faces are set in half sizes."""


def _variable(name: str, kind: str, file: str, *, bold: float = 700, width: bool = False, italic: bool = True) -> Face:
    package = "fontpkg-" + name
    axes = "[wdth,wght]" if width else "[wght]"
    tail: tuple[float, ...] = (100,) if width else ()
    cuts = {
        "regular": Cut(f"{file}{axes}.ttf", axes=(400, *tail)),
        "bold": Cut(f"{file}{axes}.ttf", axes=(bold, *tail)),
    }
    if italic:
        cuts["italic"] = Cut(f"{file}-Italic{axes}.ttf", axes=(400, *tail))
    return Face(name, package, OFL, kind, "latin", cuts)


def _static(name: str, kind: str, file: str, *, italic: bool = True, bold: str = "Bold") -> Face:
    cuts = {"regular": Cut(f"{file}-Regular.ttf")}
    if bold:
        cuts["bold"] = Cut(f"{file}-{bold}.ttf")
    if italic:
        cuts["italic"] = Cut(f"{file}-Italic.ttf")
    return Face(name, "fontpkg-" + name, OFL, kind, "latin", cuts)


LATIN = (
    _variable("arimo", "sans", "Arimo"),
    _variable("ibm-plex-sans", "sans", "IBMPlexSans", width=True),
    _static("lato", "sans", "Lato"),
    _variable("montserrat", "sans", "Montserrat"),
    _variable("open-sans", "sans", "OpenSans", width=True),
    _variable("roboto", "sans", "Roboto", width=True),
    _variable("roboto-condensed", "sans", "RobotoCondensed"),
    _static("crimson-text", "serif", "CrimsonText"),
    _variable("eb-garamond", "serif", "EBGaramond"),
    _static("ibm-plex-serif", "serif", "IBMPlexSerif"),
    _variable("libre-baskerville", "serif", "LibreBaskerville"),
    _variable("noto-serif", "serif", "NotoSerif", width=True),
    _static("pt-serif", "serif", "PT_Serif-Web"),
    _static("ibm-plex-mono", "mono", "IBMPlexMono"),
    _variable("inconsolata", "mono", "Inconsolata", width=True, italic=False),
    _variable("roboto-mono", "mono", "RobotoMono"),
    _static("space-mono", "mono", "SpaceMono"),
    _variable("caveat", "script", "Caveat", italic=False),
    _variable("dancing-script", "script", "DancingScript", italic=False),
    _static("great-vibes", "script", "GreatVibes", italic=False, bold=""),
)

_SANS, _SERIF, _WENKAI = "NotoSansCJK", "NotoSerifCJK", "LXGWWenKai"

CHINESE = (
    Face("noto-sans-sc", "fonts-noto-cjk", OFL, "sans", "chinese",
         {"regular": Cut(f"{_SANS}-Regular.ttc", 2), "bold": Cut(f"{_SANS}-Bold.ttc", 2)}),
    Face("noto-serif-sc", "fonts-noto-cjk", OFL, "serif", "chinese",
         {"regular": Cut(f"{_SERIF}-Regular.ttc", 2), "bold": Cut(f"{_SERIF}-Bold.ttc", 2)}),
    Face("wqy-microhei", "fonts-wqy-microhei", "Apache-2.0 OR GPL-3.0-or-later WITH Font-exception-2.0", "sans",
         "chinese", {"regular": Cut("wqy-microhei.ttc")}),
    Face("wqy-zenhei", "fonts-wqy-zenhei", "GPL-2.0-only WITH Font-exception-2.0", "sans", "chinese",
         {"regular": Cut("wqy-zenhei.ttc")}, bitmaps=True),
    Face("uming", "fonts-arphic-uming", ARPHIC, "serif", "chinese", {"regular": Cut("uming.ttc")}, bitmaps=True),
    Face("ukai", "fonts-arphic-ukai", ARPHIC, "brush", "chinese", {"regular": Cut("ukai.ttc")}, bitmaps=True),
    Face("wenkai", "fonts-lxgw-wenkai", OFL, "brush", "chinese",
         {"regular": Cut(f"{_WENKAI}-Regular.ttf"), "bold": Cut(f"{_WENKAI}-Bold.ttf")}),
)  # fmt: skip

FACES = {face.name: face for face in LATIN + CHINESE}


def named(kind: str, script: str = "latin") -> tuple[str, ...]:
    """The names of all faces of a kind, in a fixed order."""
    return tuple(face.name for face in FACES.values() if face.kind == kind and face.script == script)
