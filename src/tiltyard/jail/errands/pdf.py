"""In the jail: one page of a PDF becomes a picture, by PDFium without JavaScript.

A page that is nothing but one picture gives that picture: its JPEG as it lies in the file, for its history of savings
would not survive a rendering, or else its own pixels. Every other page is drawn.
"""

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray
from PIL import Image

from tiltyard.jail.errands.work import Made, Refused, as_png, work
from tiltyard.vision.pictures import MAX_PIXELS, MIN_SIDE

DOTS_PER_POINT = 200 / 72
LONG_SIDE = 2500
PATH, IMAGE, TEXT = pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_TEXT
FORM, INVISIBLE = pdfium.FPDF_PAGEOBJ_FORM, pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
LEVELS = 15
"""Page and forms within forms that are walked; what lies deeper counts as seen."""
UNSEEN_NOTES = (pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP)
"""Unless they bring a look of their own, which is drawn."""
SMALL = (64, 64)
MEAN_UNLIKE, MOST_UNLIKE = 8.0, 60.0
"""Mean and largest difference in grey levels between a page and its picture, both at `SMALL`, of one content: 2.6 and
31 were the most on 28 photographs and documents at three resolutions; the rest is left for colour profiles."""
EDGE, THROUGH = 3, 8
"""Pixels at the edges of a picture that are mixed with the paper; grey levels by which paper shows through."""
WHITE, BLACK = (255, 255, 255, 255), (0, 0, 0, 255)
Margins = tuple[float, float, float, float]
"""Left, bottom, right, top, in points, as the page is drawn."""
FILLING = 0.9
"""Share of the page from which on a picture fills it."""


def picture_of_page(content: bytes, number: str) -> Made:
    """Page `number` (from 1), or with 0 only the count of pages."""
    document = _opened(content)
    count = len(document)
    if int(number) == 0:
        return Made(pages=count)
    if document.get_formtype() != pdfium.FORMTYPE_NONE:
        document.init_forms()
    found = document[int(number) - 1]
    seen = list(islice(_seen(found), 2))
    whole = seen[0] if seen and seen[0].type == IMAGE and seen[0].level == 0 else None
    alone = len(seen) == 1 and not _has_notes(found)
    if whole is not None and alone and (own := _own_picture(found, whole)):
        return replace(own, pages=count)
    covered = whole is not None and not alone and _share(found, whole) >= FILLING
    return Made(as_png(_drawn(found)), count, "drawn", ("covered",) if covered else ())


def _opened(content: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise Refused("is locked by a password") from None
        raise Refused("is no readable PDF") from None


def _seen(page: pypdfium2.PdfPage) -> Iterator[pypdfium2.PdfObject]:
    """All that leaves a trace on the page: no containers, no text of a recogniser, no paths without ink."""
    for thing in page.get_objects(max_depth=LEVELS):
        if thing.type == TEXT and _is_invisible(thing):
            continue
        if thing.type == PATH and not _has_ink(thing):
            continue
        if thing.type != FORM or thing.level == LEVELS - 1:
            yield thing


def _is_invisible(text: pypdfium2.PdfObject) -> bool:
    """By its render mode, which has no effect on the drawings of a Type 3 font (ISO 32000-1, 9.3.6)."""
    return pdfium.FPDFTextObj_GetTextRenderMode(text) == INVISIBLE and _has_font_file(text)


def _has_font_file(text: pypdfium2.PdfObject) -> bool:
    """Every font has one, its own or PDFium's substitute, but Type 3: that is nothing but drawings."""
    size = pdfium.c_size_t()
    pdfium.FPDFFont_GetFontData(pdfium.FPDFTextObj_GetFont(text), None, 0, size)
    return bool(size.value)


def _has_ink(path: pypdfium2.PdfObject) -> bool:
    fill, stroke = pdfium.c_int(), pdfium.FPDF_BOOL()
    pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
    return bool(fill.value or stroke.value)


def _has_notes(page: pypdfium2.PdfPage) -> bool:
    """Whether annotations or form fields are drawn over the page."""
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        note = pdfium.FPDFPage_GetAnnot(page, index)
        unseen = pdfium.FPDFAnnot_GetSubtype(note) in UNSEEN_NOTES and not pdfium.FPDFAnnot_HasKey(note, b"AP")
        pdfium.FPDFPage_CloseAnnot(note)
        if not unseen:
            return True
    return False


def _own_picture(page: pypdfium2.PdfPage, image: pypdfium2.PdfImage) -> Made | None:
    """The picture as a file, where it shows what the page shows: no colour key, inversion or cut."""
    width, height = image.get_px_size()
    if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
        return None
    if image.get_filters(skip_simple=True) == ["DCTDecode"]:
        content = bytes(image.get_data(decode_simple=True))
        return _if_shown(page, image, _small_jpeg(content), Made(content, kind="jpeg"))
    with suppress(pypdfium2.PdfiumError):  # what PDFium has no bitmap of is drawn
        pixels = image.get_bitmap().to_pil().convert("RGB")
        return _if_shown(page, image, _small(pixels), Made(as_png(pixels), kind="pixels"))
    return None


def _small_jpeg(content: bytes) -> Image.Image | None:
    """None for what the bounded reader would not take: CMYK, damage, giants."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "MPO")) as image:
            if image.mode not in ("L", "RGB") or image.width * image.height > MAX_PIXELS:
                return None
            image.draft("L", (4 * SMALL[0], 4 * SMALL[1]))
            return _small(image)
    except Exception:  # decoders fail in any way
        return None


def _small(image: Image.Image) -> Image.Image:
    return image.convert("L").resize(SMALL, Image.Resampling.BOX)


def _if_shown(page: pypdfium2.PdfPage, image: pypdfium2.PdfImage, small: Image.Image | None, made: Made) -> Made | None:
    """`made` if the page, where the image lies on it, looks like `small` in one of eight positions; marks a turn."""
    margins = _margins(page, image)
    if small is None or not _is_large(page, margins):
        return None
    shown = _drawn(page, margins)
    if _shows_through(shown, _drawn(page, margins, BLACK)):
        return None
    positions = [small, *(small.transpose(turn) for turn in Image.Transpose)]
    unlike = [np.abs(_levels(position) - _levels(_small(shown))) for position in positions]
    best = min(range(len(unlike)), key=lambda at: float(unlike[at].mean()))
    if unlike[best].mean() > MEAN_UNLIKE or unlike[best].max() > MOST_UNLIKE:
        return None
    return replace(made, marks=("turned",)) if best else made


def _shows_through(on_white: Image.Image, on_black: Image.Image) -> bool:
    """Whether paper is seen within the picture: a mask, a colour key, a clip or blending keeps a part of it away."""
    unlike = np.abs(_levels(on_white) - _levels(on_black))
    return bool((unlike[EDGE:-EDGE, EDGE:-EDGE] > THROUGH).any())


def _levels(image: Image.Image) -> NDArray[np.int16]:
    return np.asarray(image, np.int16)


def _margins(page: pypdfium2.PdfPage, image: pypdfium2.PdfImage) -> Margins:
    """Left, bottom, right and top of the page that the image leaves free, as the page is drawn, in points."""
    x0, y0, x1, y1 = page.get_bbox()
    left, bottom, right, top = image.get_bounds()
    free = [max(0.0, side) for side in (left - x0, bottom - y0, x1 - right, y1 - top)]
    turns = page.get_rotation() // 90
    return tuple(free[turns:] + free[:turns])


def _free(page: pypdfium2.PdfPage, margins: Margins) -> tuple[float, float]:
    """Width and height of what lies between the margins, in points."""
    width, height = page.get_size()
    left, bottom, right, top = margins
    return max(0.0, width - left - right), max(0.0, height - bottom - top)


def _share(page: pypdfium2.PdfPage, image: pypdfium2.PdfImage) -> float:
    """How much of the page the image takes."""
    width, height = page.get_size()
    inner_width, inner_height = _free(page, _margins(page, image))
    return float(inner_width * inner_height / max(width * height, 1e-9))


def _is_large(page: pypdfium2.PdfPage, margins: Margins) -> bool:
    """Whether enough pixels are drawn between the margins to tell what is there."""
    return min(_free(page, margins)) * _scale(page) >= min(SMALL)


def _scale(page: pypdfium2.PdfPage) -> float:
    """Pixels a point: 200 dots an inch, or fewer where the page's long side would have more than 2500."""
    return float(min(DOTS_PER_POINT, LONG_SIDE / max(page.get_size())))


def _drawn(
    page: pypdfium2.PdfPage, margins: Margins = (0.0, 0.0, 0.0, 0.0), paper: tuple[int, int, int, int] = WHITE
) -> Image.Image:
    """The page on `paper` (RGBA) without its margins (left, bottom, right, top); Refused where it is a mere line."""
    width, height = page.get_size()
    scale = _scale(page)
    if min(width, height) * scale < MIN_SIDE:
        raise Refused(f"is {width:.0f}×{height:.0f} points: too narrow to draw")
    drawn: Image.Image = page.render(scale, crop=margins, fill_color=paper).to_pil()
    return drawn.convert("RGB")


if __name__ == "__main__":
    work(picture_of_page)
