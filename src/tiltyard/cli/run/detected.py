"""An entry made on the spot: what a shipped detector finds in the test images."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tiltyard.cli.display import progress_bars
from tiltyard.contest.run import Step
from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from tiltyard.forensics.truth_folder import TruthFolder


What = Literal["masks", "maps", "table"]


@contextmanager
def found_by(name: str, images: Path, *, what: What, jobs: int | None) -> Iterator[Path]:
    """A file of what the detector of that name finds, there until the block ends; TiltyardError for an unknown one."""
    from tiltyard.forensics.detectors import detector_names
    from tiltyard.forensics.handing_in import hand_in

    if name not in detector_names():
        known = ", ".join(detector_names())
        raise TiltyardError(f"{name}: no such file or folder, and no detector of this name: there are {known}")
    with tempfile.TemporaryDirectory(prefix="tiltyard-") as place:
        target = Path(place, f"{name}.csv" if what == "table" else f"{name}.zip")
        with progress_bars() as bars:
            hand_in(name, images, **{what: target}, jobs=jobs, progress=lambda *step: bars(Step(name, *step)))
        yield target


@contextmanager
def images_of(truth: "TruthFolder") -> Iterator[Path]:
    """One folder with links to the test images, there until the block ends: a truth in parts has several."""
    with tempfile.TemporaryDirectory(prefix="tiltyard-") as place:
        for item in truth.items:
            if item.name not in truth.pictures:
                raise TiltyardError(f"no image called {item.name}: name the folder of the test images with --images")
            picture = truth.pictures[item.name]
            Path(place, picture.name).symlink_to(picture.resolve())
        yield Path(place)
