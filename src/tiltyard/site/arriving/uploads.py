"""What is taken from the network: bodies of bounded size, files under names that are safe, one folder each."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tiltyard.contest.entry import EntryFormat
from tiltyard.site.places import places
from tiltyard.site.refused import Refused

MIB = 1 << 20
MOST_OF_A_FORM = 2 * MIB
ROOM = MIB
"""For the other fields of a form and what frames them."""
LONGEST_NAME = 100


class BoundedForms:
    """Refuses a large body before anything reads it; a view that is exempt from CSRF bounds its own."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_view(self, request: HttpRequest, view: object, *rest: object) -> HttpResponse | None:
        if getattr(view, "csrf_exempt", False) or body_size(request) <= MOST_OF_A_FORM:
            return None
        return too_large(request, MOST_OF_A_FORM)


def body_size(request: HttpRequest) -> int:
    """What the body says of its size, which is all that Django reads of it; 0 where it says nothing."""
    size = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(size) if size.isascii() and size.isdigit() else 0


def too_large(request: HttpRequest, most: int) -> HttpResponse:
    """The page that says how much is allowed."""
    return render(request, "413.html", {"most": most}, status=413)


def most_bytes(formats: tuple[EntryFormat, ...]) -> int:
    """The largest body of a form that hands an entry in: a zip may be larger than its members by what frames them."""
    return max(allowed.max_bytes + allowed.max_bytes // 64 + 2048 * allowed.max_files for allowed in formats) + ROOM


def sent_file(request: HttpRequest, field: str) -> tuple[Path, str]:
    """Where the file of a form lies, and what its sender calls it; Refused where there is none."""
    file = request.FILES.get(field)
    if not isinstance(file, TemporaryUploadedFile):
        raise Refused(_("Choose a file first."))
    if not file.size:
        raise Refused(_("The file is empty."))
    return Path(file.temporary_file_path()), file.name or ""


@contextmanager
def staged(path: Path, name: str) -> Iterator[Path]:
    """The file in a folder of its own under its sender's name, as far as that is harmless: messages speak of it."""
    with tempfile.TemporaryDirectory(dir=_folder(), prefix="entry-") as folder:
        target = Path(folder) / plain_name(name)
        try:
            os.link(path, target)
        except OSError:
            shutil.copyfile(path, target)
        yield target


def plain_name(name: str) -> str:
    """The last part of a file's name, printable and short, with its suffix in lower case."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(char for char in last if char.isprintable()).strip(". ")
    stem, suffix = os.path.splitext(printable)
    suffix = suffix.lower()[:20]
    return f"{stem.encode()[:LONGEST_NAME].decode(errors='ignore') or 'entry'}{suffix}"


def _folder() -> Path:
    folder = places().uploads
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
