"""An entry made on the spot: what a shipped detector finds in the test images."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tiltyard.cli.display import progress_bars
from tiltyard.contest.run import Step
from tiltyard.errors import TiltyardError

if TYPE_CHECKING:
    from tiltyard.forensics.truth_folder import TruthFolder


@contextmanager
def detected(name: str, truth: "TruthFolder", *, maps: bool, jobs: int) -> Iterator[Path]:
    """A zip of the detector's masks (or maps), there until the block ends; TiltyardError for an unknown detector."""
    from tiltyard.forensics.detectors import detector_names
    from tiltyard.forensics.handing_in import hand_in_maps, hand_in_masks

    if name not in detector_names():
        known = ", ".join(detector_names())
        raise TiltyardError(f"{name}: no such file or folder, and no detector of this name: there are {known}")
    with tempfile.TemporaryDirectory(prefix="tiltyard-") as place:
        chosen, target = Path(place, "images"), Path(place, f"{name}.zip")
        _gather(truth, chosen)
        hand_in = hand_in_maps if maps else hand_in_masks
        with progress_bars() as bars:
            hand_in(name, chosen, target, jobs=jobs, progress=lambda done, total: bars(Step(name, done, total)))
        yield target


def _gather(truth: "TruthFolder", target: Path) -> None:
    """Links to the test images, in one folder: a truth in parts has several."""
    target.mkdir()
    for item in truth.items:
        if item.name not in truth.pictures:
            raise TiltyardError(f"no image called {item.name}: name the folder of the test images with --images")
        picture = truth.pictures[item.name]
        (target / picture.name).symlink_to(picture.resolve())
