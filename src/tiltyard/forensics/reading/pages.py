"""A user's file as the pictures in it: one for a picture, one a page for a PDF or a TIFF.

HEIC and PDF are read by large native libraries, so that happens in the jail and nowhere else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

from tiltyard.contest.names import shown_path
from tiltyard.errors import JailUnavailable, TiltyardError
from tiltyard.forensics.reading.exif import without_exif
from tiltyard.forensics.reading.starts import is_heif, is_pdf
from tiltyard.forensics.reading.tiff import Directory, as_a_file, is_tiff, pages_in
from tiltyard.jail.errand import LIMITS, PROCESSOR_SECONDS, Answer, ErrandFailed, ErrandTooSlow, run_errand
from tiltyard.jail.limits import Limits
from tiltyard.vision.pictures import read_picture_bytes

MAX_PAGES = 50
DOCUMENT_SECONDS = 1800.0
"""By the clock, for all pages of a PDF with what is done with each: fifty scans of 300 dpi need half of it."""
INSTALL = 'pip install "tiltyard[inspect]"'
SAVE_PICTURE = "save it as JPEG or PNG"
SAVE_PAGE = "save the page as PNG, or print the document to a new PDF"
HOW = {
    "heif": "decoded from HEIC, which has no JPEG history",
    "jpeg": "the JPEG that the page consists of was taken byte for byte, but for its EXIF",
    "pixels": "the picture that the page consists of was taken in its own pixels; the PDF stores them without JPEG",
    "drawn": "the page was drawn, at 200 dots an inch at most: no history of savings is left",
}
TURNED = "the page shows it turned or mirrored"
COVERED = "something lies over a picture that fills the page: look at what was added"
SEVERAL = "the file holds several pictures; the main one was taken"
MARKS = {"turned": TURNED, "covered": COVERED, "several": SEVERAL}


@dataclass(frozen=True)
class PageRead:
    """`content` is a file for the bounded reader of pictures: the user's own, the page's JPEG, or a PNG."""

    content: bytes
    number: int
    """From 1."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """One picture of a file, not read yet: a page that cannot be read leaves the others readable."""

    name: str
    """Of the file and, in a PDF, the page: `scan.pdf, page 3`; the file's alone where it stands for many pages."""
    number: int
    _read: Callable[[], PageRead]

    def read(self) -> PageRead:
        """Raises TiltyardError, one line with the name, the reason and the cure."""
        return self._read()


@dataclass
class _File:
    name: str
    content: bytes
    limits: Limits
    seconds: int
    trust: bool
    until: float
    """By the monotonic clock; no page is read later."""
    slow: str = ""
    """The place in it that took too long; no other is tried then."""

    def ask(self, program: str, *words: str, place: str, cure: str) -> Answer:
        """What the errand's program says of the file; errors name `place` and `cure`."""
        if self.slow:
            raise TiltyardError(f"{place}: is not read, for {self.slow} was too slow: {cure}")
        if monotonic() > self.until:
            raise TiltyardError(f"{place}: is not read, for the pages before it took too long: split the document")
        try:
            return run_errand(program, self.content, *words, limits=self.limits, seconds=self.seconds, trust=self.trust)
        except ErrandFailed as failed:
            if isinstance(failed, ErrandTooSlow):
                self.slow = place
            raise TiltyardError(f"{place}: {failed}: {cure}") from None
        except JailUnavailable as missing:
            raise JailUnavailable(f"{place}: is read in the jail only ({missing}), or {cure}") from None

    def require(self, package: str, kind: str, cure: str) -> None:
        if find_spec(package) is None:
            raise TiltyardError(f"{self.name}: {kind} needs {package}, which is not installed: {INSTALL}, or {cure}")


def pages_of(
    path: Path,
    *,
    limits: Limits = LIMITS,
    seconds: int = PROCESSOR_SECONDS,
    document_seconds: float = DOCUMENT_SECONDS,
    trust: bool = False,
) -> Iterator[Page]:
    """The pictures of a file of at most 512 MiB, at most 50 of a PDF or TIFF; what the jail reads within `limits` and
    `seconds` of computing each.

    Where there are more, a last page stands for them and cannot be read, so that nobody takes them for examined. Nor
    can a page that is asked for more than `document_seconds` after the first: what is done with each of them counts.
    With `trust`, HEIC and PDF are read in a process beside us that limits itself, not in the jail. Raises
    TiltyardError where nothing of the file can be read; JailUnavailable where that is for want of a jail.
    """
    until = monotonic() + document_seconds
    file = _File(shown_path(path), read_picture_bytes(path), limits, seconds, trust, until)
    if is_heif(file.content):
        yield Page(file.name, 1, lambda: _heif(file))
    elif is_pdf(file.content):
        yield from _pages_of_pdf(file)
    elif is_tiff(file.content):
        yield from _pages_of_tiff(file)
    else:
        yield Page(file.name, 1, lambda: PageRead(file.content, 1))


def _heif(file: _File) -> PageRead:
    file.require("pillow_heif", "HEIC", SAVE_PICTURE)
    answer = file.ask("heif", place=file.name, cure=SAVE_PICTURE)
    return PageRead(answer.content, 1, (HOW["heif"], *_marked(answer)))


def _pages_of_pdf(file: _File) -> Iterator[Page]:
    file.require("pypdfium2", "PDF", SAVE_PAGE)
    count = file.ask("pdf", "0", place=file.name, cure=SAVE_PAGE).facts.pages
    if count == 0:
        raise TiltyardError(f"{file.name}: is a PDF without pages: {SAVE_PAGE}")
    for number in range(1, min(count, MAX_PAGES) + 1):
        yield _page(file, number)
    if count > MAX_PAGES:
        yield _pages_left(file, count)


def _pages_of_tiff(file: _File) -> Iterator[Page]:
    """As it is where it holds nothing but one page; a page with the preview of itself is one too."""
    pages = pages_in(file.content)
    if len(pages) < 2:
        content = as_a_file(file.content, pages[0]) if pages else file.content
        yield Page(file.name, 1, lambda: PageRead(content, 1))
        return
    for number, page in enumerate(pages[:MAX_PAGES], 1):
        yield _page_of_tiff(file, number, page)
    if len(pages) > MAX_PAGES:
        yield _pages_left(file, len(pages))


def _page_of_tiff(file: _File, number: int, page: Directory) -> Page:
    return Page(f"{file.name}, page {number}", number, lambda: PageRead(as_a_file(file.content, page), number))


def _page(file: _File, number: int) -> Page:
    place = f"{file.name}, page {number}"

    def read() -> PageRead:
        answer = file.ask("pdf", str(number), place=place, cure=SAVE_PAGE)
        content = without_exif(answer.content) if answer.facts.kind == "jpeg" else answer.content
        return PageRead(content, number, (HOW.get(answer.facts.kind, HOW["drawn"]), *_marked(answer)))

    return Page(place, number, read)


def _pages_left(file: _File, count: int) -> Page:
    first = MAX_PAGES + 1
    left = f"pages {first} to {count} are" if count > first else f"page {first} is"

    def read() -> PageRead:
        raise TiltyardError(f"{file.name}: {left} not read: at most {MAX_PAGES} of a document are: split the document")

    return Page(file.name, first, read)


def _marked(answer: Answer) -> Iterator[str]:
    return (MARKS[mark] for mark in answer.facts.marks if mark in MARKS)
