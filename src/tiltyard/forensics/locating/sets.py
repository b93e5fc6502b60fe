"""The sets that a training run sees, and those that it keeps aside: rendered documents, the user's pictures forged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tiltyard.contest.executor import Executor
from tiltyard.errors import TiltyardError
from tiltyard.forensics.documents.catalogue import families
from tiltyard.forensics.documents.fonts import has_chinese
from tiltyard.forensics.making.folder import write_set
from tiltyard.forensics.making.paired import Paired, Twinned
from tiltyard.forensics.making.recipe import SCRIPTS, document_recipe
from tiltyard.forensics.making.series import Series
from tiltyard.forensics.making.sources import Found, find_sources
from tiltyard.forensics.making.tampered import tamper_recipe

Progress = Callable[[str, int, int], None]
"""Called with what is being made, what is done of it and all of it."""

NEVER_TRAINED_ON = ("transfer_slip", "payroll", "passport_page", "payment_screenshot")
"""Families of rendered documents that are kept aside: the first for choosing, the others for measuring."""
CHECKED_WITH = NEVER_TRAINED_ON[:1]
PART = 250
ASIDE = 0.15
"""The share of a folder of pictures that is kept aside, and of the documents beside those trained on."""
FEWEST = 8
"""Pictures in a folder: two of them are kept aside, each gives a donor to the other."""
FORGED, AUTHENTIC = 8, 5
"""Samples of each of the user's pictures."""


@dataclass(frozen=True)
class Sets:
    """Folders that `tiltyard forge` wrote, or would have written."""

    training: tuple[Path, ...]
    aside: tuple[Path, ...]


def trained_on() -> tuple[str, ...]:
    """The families of rendered documents that training sees."""
    return tuple(family for family in families() if family not in NEVER_TRAINED_ON)


def make_sets(
    out: Path,
    executor: Executor,
    *,
    documents: int,
    pictures: Sequence[Path],
    seed: int,
    progress: Progress,
    beside: Sequence[str] = (),
) -> Sets:
    """Renders so many documents and forges the pictures of each folder, into folders of `out`; goes on after a stop.

    `beside`: the names of other sets. TiltyardError where two are called alike, before anything is made: measured pages
    lie under these names, and what is kept aside is never trained on.
    """
    wanted: list[tuple[str, Series, bool]] = []
    if documents:
        wanted.append(("rendered", Paired(_documents(trained_on(), documents, 2 * seed)), False))
        wanted.append(("rendered-aside", _documents(CHECKED_WITH, max(20, int(ASIDE * documents)), 2 * seed + 1), True))
    for folder in pictures:
        training, aside = _forged(folder, executor, seed)
        wanted += [(f"pictures-{folder.name}", Paired(training), False), (f"pictures-{folder.name}-aside", aside, True)]
    names = [*beside, *(name for name, _, _ in wanted)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise TiltyardError(f"two sets are called {twice}: what is kept aside is never trained on; rename one of two")
    for name, series, _ in wanted:
        write_set(series, out / name, executor, progress=lambda done, of, name=name: progress(name, done, of))  # type: ignore[misc]
    return Sets(
        tuple(out / name for name, _, aside in wanted if not aside),
        tuple(out / name for name, _, aside in wanted if aside),
    )


def _documents(chosen: tuple[str, ...], count: int, seed: int) -> Twinned:
    scripts = SCRIPTS if has_chinese() else SCRIPTS[:1]
    return document_recipe(seed=seed, count=count, families=chosen, scripts=scripts, samples_a_part=PART)


def _forged(folder: Path, executor: Executor, seed: int) -> tuple[Twinned, Twinned]:
    """The first pictures by name to train on, the last ones aside: pictures of one scene often have like names."""
    found = find_sources(folder, None, executor)
    if len(found.sources) < FEWEST:
        raise TiltyardError(f"{folder}: holds {len(found.sources)} readable pictures: train on {FEWEST} or more")
    first = min(round((1 - ASIDE) * len(found.sources)), len(found.sources) - 2)
    parts = (Found(found.sources[:first], found.complaints), replace(found, sources=found.sources[first:]))
    training, aside = (
        tamper_recipe(folder, part, seed=seed, forged=FORGED, authentic=AUTHENTIC, samples_a_part=PART)
        for part in parts
    )
    return training, aside
