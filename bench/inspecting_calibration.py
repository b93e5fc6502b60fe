"""How receipts are looked at after ten of them were shown, as `tiltyard inspect --calibrate` finds it."""

from collections.abc import Sequence
from pathlib import Path

from inspecting_pictures import TYPED_ON, Item

from tiltyard.contest.executor import Executor
from tiltyard.forensics.calibrating import calibrated
from tiltyard.forensics.inspecting import How

UNTOUCHED, MIXED = "calibrated on ten untouched", "calibrated on five untouched, five forged"
TEN = 10


def shown(items: Sequence[Item]) -> frozenset[str]:
    """The receipts that are shown to it, by name: those are not measured, nor any that somebody typed on."""
    return frozenset(sorted({item.source for item in items if item.group == "receipts"} - TYPED_ON)[:TEN])


def thresholds(items: Sequence[Item], folder: Path, executor: Executor) -> dict[str, How]:
    """Both; none where there are too few receipts."""
    ten = sorted(shown(items))
    if len(ten) < TEN:
        return {}
    authentic = {item.source: item for item in items if item.group == "receipts" and item.mask is None}
    forged = {item.source: item for item in reversed(items) if item.group == "receipts" and item.mask is not None}
    half = TEN // 2
    places = {
        _laid_out([authentic[name] for name in ten], folder / "untouched"): UNTOUCHED,
        _laid_out([*map(authentic.get, ten[:half]), *map(forged.get, ten[half:])], folder / "mixed"): MIXED,
    }
    return {
        places[place]: How(threshold=found.threshold, distrust=found.distrusted)
        for place, found in executor.submit(calibrated, places)
    }


def _laid_out(items: Sequence[Item | None], folder: Path) -> Path:
    """`images/` and `masks/` as `tiltyard forge` writes them; a receipt that could not be forged is passed over."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number, item in enumerate(filter(None, items)):
        (folder / "images" / f"{number}{item.picture.suffix}").symlink_to(item.picture)
        if item.mask is not None:
            (folder / "masks" / f"{number}.png").symlink_to(item.mask)
    return folder
