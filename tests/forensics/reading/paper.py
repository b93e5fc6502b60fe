"""PDFs written by hand, honest and hostile, and what lies on their pages."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

POINTS = (200, 300)


def stream(data: bytes, head: bytes = b"") -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(data), data)


def file_of(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """Objects are numbered from 1, which is the catalogue."""
    content, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(content))
    return content + b"xref\n0 %d\n" % size + table + end


def paper(
    drawing: bytes,
    *things: bytes,
    size: tuple[float, float] = POINTS,
    page: bytes = b"",
    catalogue: bytes = b"",
    head: bytes = b"",
) -> bytes:
    """One page; `things` are XObjects /X0, /X1 … (objects 5, 6 …), /F is Helvetica, `head` goes to the content's."""
    names = b" ".join(b"/X%d %d 0 R" % (index, index + 5) for index in range(len(things)))
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    resources = b"<< /XObject << %s >> /Font << /F %s >> >>" % (names, font)
    box = b"[0 0 %f %f]" % size
    return file_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalogue,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox %s /Contents 4 0 R /Resources %s %s >>" % (box, resources, page),
            stream(drawing, head),
            *things,
        ]
    )


def image(data: bytes, width: int, height: int, *, filters: bytes = b"/DCTDecode", more: bytes = b"") -> bytes:
    head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8" % (width, height)
    colours = b"" if b"/ColorSpace" in more else b"/ColorSpace /DeviceRGB"
    return stream(data, b"%s %s /Filter %s %s" % (head, colours, filters, more))


def placed(name: bytes = b"X0", box: tuple[float, float, float, float] = (0, 0, *POINTS)) -> bytes:
    left, bottom, right, top = box
    return b"q %f 0 0 %f %f %f cm /%s Do Q\n" % (right - left, top - bottom, left, bottom, name)


def scan(width: int = 400, height: int = 600) -> Image.Image:
    """A page of blocks, lighter towards the right, that looks different in each of its eight positions."""
    pixels = np.full((height, width, 3), 250, np.uint8)
    pixels -= np.linspace(60, 0, width).astype(np.uint8)[None, :, None]
    page = Image.fromarray(pixels)
    pen = ImageDraw.Draw(page)
    for row in range(3, 13):
        pen.rectangle((40, 40 * row, 60 + 25 * row, 40 * row + 14), fill=(20, 20, 60))
    pen.ellipse((20, 20, 90, 90), fill=(200, 30, 30))
    return page


def saved(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


JPEG = saved(scan(), quality=88)
SCANNED = image(JPEG, 400, 600)
