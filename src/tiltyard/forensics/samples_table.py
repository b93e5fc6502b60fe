"""What is known of each image of a truth folder: the table `samples.csv` beside the masks."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tiltyard.contest.files import read_bounded
from tiltyard.contest.names import one_line, shown
from tiltyard.errors import EntryError, TiltyardError
from tiltyard.forensics.csv_table import MOST_BYTES, read_columns

MAX_FIELD = 1000
"""Characters of a group, kind or family."""
KNOWN = ("source", "kind", "family")


@dataclass(frozen=True)
class SampleLine:
    """The group of near-duplicates an image belongs to, how it was forged, of which family it is; empty if unknown."""

    source: str = ""
    kind: str = ""
    family: str = ""


def read_samples(path: Path, images: Collection[str] | None = None) -> Mapping[str, SampleLine]:
    """Lines by file name without suffix, from columns `name` and, where there are such, `source`, `kind`, `family`.

    `images` are the names without suffix that there are: they tell whether `scan.1` has one, and a line that fits none
    of them keeps its whole name. Without them each name has one. TiltyardError names the file and what is wrong.
    """
    try:
        content = read_bounded(path, MOST_BYTES, str(path.parent), path.name, follow=True)
        columns = read_columns(content, str(path), key="name", optional=KNOWN)
        return dict(_lines(columns, str(path), images))
    except EntryError as error:
        raise TiltyardError(f"truth {error}") from None


def _lines(
    columns: Mapping[str, list[str]], where: str, images: Collection[str] | None
) -> Iterator[tuple[str, SampleLine]]:
    names = [_image(PurePosixPath(name), images) for name in columns["name"]]
    if len(set(names)) < len(names):
        raise EntryError(f"{where}: {shown(Counter(names).most_common(1)[0][0])} stands there twice")
    for place, name in enumerate(names):
        known = {column: one_line(columns[column][place], MAX_FIELD) for column in KNOWN if column in columns}
        yield name, SampleLine(**known)


def _image(file: PurePosixPath, images: Collection[str] | None) -> str:
    whole = images is not None and (file.name in images or file.stem not in images)
    return file.name if whole else file.stem
