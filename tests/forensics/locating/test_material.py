"""Crops on disk, and the batches drawn from them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tiltyard.contest.executor import Here
from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.batches import Pool, drawn, pool_of
from tiltyard.forensics.locating.crops import SIDE, crops_of
from tiltyard.forensics.locating.material import opened, parts_of, prepare
from tiltyard.forensics.locating.planes import PLANES
from tiltyard.forensics.tracing.cue import Subject


def test_crops_show_what_the_set_holds(documents: Path, pool: Pool) -> None:
    assert len(pool.forged) >= 3
    assert len(pool.authentic) >= 5
    crop = pool[int(pool.forged[0])]
    assert crop.pixels.shape == (SIDE, SIDE, 3)
    assert crop.planes.shape == (PLANES, SIDE // 8, SIDE // 8)
    assert crop.mask.any()
    assert not pool[int(pool.authentic[0])].mask.any()


def test_the_same_seed_gives_the_same_crops_and_another_gives_others(documents: Path, tmp_path: Path) -> None:
    first, same, other = (
        opened(prepare([documents], tmp_path / name, Here(), seed=seed)[0][0]).pixels
        for name, seed in (("first", 4), ("same", 4), ("other", 5))
    )
    assert np.array_equal(first, same)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_parts_that_are_there_are_not_made_again(documents: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    prepare([documents], tmp_path, Here(), seed=2, progress=lambda done, of: told.append((done, of)))
    part = parts_of(documents, tmp_path, 2)[0]
    made = (part.crops / "pixels.npy").stat().st_mtime_ns
    prepare([documents], tmp_path, Here(), seed=2, progress=lambda done, of: told.append((done, of)))
    assert told == [(0, 2), (1, 2), (2, 2), (2, 2)]
    assert (part.crops / "pixels.npy").stat().st_mtime_ns == made


def test_what_a_kill_left_unfinished_is_no_part(documents: Path, tmp_path: Path) -> None:
    part = parts_of(documents, tmp_path, 3)[0]
    (part.crops.parent / f".{part.crops.name}").mkdir(parents=True)
    assert not part.is_done
    assert len(opened(prepare([documents], tmp_path, Here(), seed=3)[0][0])) > 0


def test_a_set_that_was_made_anew_gives_new_crops(documents: Path, tmp_path: Path) -> None:
    place = tmp_path / "documents"
    shutil.copytree(documents, place)
    before = parts_of(place, tmp_path, 0)[0].crops
    table = place / "part-00000" / "samples.csv"
    table.write_text(table.read_text().replace("invoice", "another"))
    assert parts_of(place, tmp_path, 0)[0].crops != before


def test_a_crop_does_not_keep_its_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (600, 800, 3), dtype=np.uint8)
    for crop in crops_of(Subject(pixels), np.zeros((600, 800), bool), np.random.default_rng(1)):
        assert all(values.base is None for values in (crop.pixels, crop.planes, crop.mask))


def test_a_folder_without_a_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(TiltyardError, match="holds no part of a set"):
        prepare([tmp_path], tmp_path / "crops", Here(), seed=0)


def test_half_of_every_batch_is_authentic_and_the_seed_decides(pool: Pool) -> None:
    first, same = (drawn([pool], [1.0], count=8, side=192, rng=np.random.default_rng(9)) for _ in range(2))
    other = drawn([pool], [1.0], count=8, side=192, rng=np.random.default_rng(10))
    assert first.pixels.shape == (8, 3, 192, 192)
    assert first.planes.shape == (8, PLANES, 24, 24)
    assert int((first.masks.amax((1, 2)) > 0).sum()) == 4
    assert torch.equal(first.pixels, same.pixels)
    assert not torch.equal(first.pixels, other.pixels)


def test_a_pool_without_authentic_crops_is_refused(documents: Path, tmp_path: Path) -> None:
    folder = prepare([documents], tmp_path, Here(), seed=6)[0][0]
    packed = np.load(folder / "masks.npy")
    np.save(folder / "masks.npy", np.maximum(packed, 1))
    with pytest.raises(TiltyardError, match="needs forged and authentic crops"):
        pool_of([folder])


def test_small_pictures_and_turned_grids_give_crops_too() -> None:
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)
    mask = np.zeros((90, 120), bool)
    mask[30:50, 40:80] = True
    crops = list(crops_of(Subject(pixels, grid=(3, 5)), mask, np.random.default_rng(1)))
    assert crops
    assert all(crop.pixels.shape == (SIDE, SIDE, 3) for crop in crops)
    assert crops[0].mask.any()
