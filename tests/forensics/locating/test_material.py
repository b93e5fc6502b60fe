"""Blocks on disk, and the batches drawn from them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tiltyard.contest.executor import Here
from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.batches import Pool, drawn, pool_of
from tiltyard.forensics.locating.cells import FORGED, OTHERS, TOLD, cells_of
from tiltyard.forensics.locating.material import opened, parts_of, prepare
from tiltyard.forensics.locating.measures import by_block
from tiltyard.forensics.tracing.cue import Subject
from tiltyard.vision.masks import decode_mask


def test_the_pool_holds_blocks_of_every_picture(documents: Path, pool: Pool) -> None:
    masks = [decode_mask(path.read_bytes(), path.name, size=None) for path in documents.glob("part-*/masks/*")]
    forged = sum(min(FORGED, int((by_block(mask.astype(np.float32)) > 0.5).sum())) for mask in masks)
    assert int(pool.cells.forged.sum()) == forged > 20
    assert len(pool) == forged + OTHERS * len(masks)
    assert pool.cells.told.shape == (len(pool), TOLD)


def test_the_same_seed_draws_the_same_blocks_and_another_draws_others(documents: Path, tmp_path: Path) -> None:
    first, same, other = (
        opened(prepare([documents], tmp_path / name, Here(), seed=seed)[0][0]).told
        for name, seed in (("first", 4), ("same", 4), ("other", 5))
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_parts_that_are_there_are_not_made_again(documents: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    prepare([documents], tmp_path, Here(), seed=2, progress=lambda done, of: told.append((done, of)))
    part = parts_of(documents, tmp_path, 2)[0]
    made = (part.cells / "told.npy").stat().st_mtime_ns
    prepare([documents], tmp_path, Here(), seed=2, progress=lambda done, of: told.append((done, of)))
    assert told == [(0, 2), (1, 2), (2, 2), (2, 2)]
    assert (part.cells / "told.npy").stat().st_mtime_ns == made


def test_what_a_kill_left_unfinished_is_no_part(documents: Path, tmp_path: Path) -> None:
    part = parts_of(documents, tmp_path, 2)[0]
    (part.cells.parent / f".{part.cells.name}").mkdir(parents=True)
    assert not part.is_done
    assert opened(prepare([documents], tmp_path, Here(), seed=2)[0][0]).forged.any()


def test_a_set_that_was_made_anew_is_measured_anew(documents: Path, tmp_path: Path) -> None:
    place = tmp_path / "documents"
    shutil.copytree(documents, place)
    before = parts_of(place, tmp_path, 2)[0].cells
    table = place / "part-00000" / "samples.csv"
    table.write_text(table.read_text().replace("invoice", "another"))
    assert parts_of(place, tmp_path, 2)[0].cells != before


def test_a_folder_without_a_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(TiltyardError, match="holds no part of a set"):
        prepare([tmp_path], tmp_path / "blocks", Here(), seed=0)


def test_the_seed_decides_what_a_batch_holds(pool: Pool) -> None:
    first, same = (drawn([pool, pool], [1.0, 3.0], count=80, rng=np.random.default_rng(9)) for _ in range(2))
    other = drawn([pool], [1.0], count=80, rng=np.random.default_rng(10))
    assert first.told.shape == (80, TOLD)
    assert first.forged.shape == (80,)
    assert torch.equal(first.told, same.told)
    assert not torch.equal(first.told, other.told)


def test_a_pool_without_authentic_places_is_refused(documents: Path, tmp_path: Path) -> None:
    folder = prepare([documents], tmp_path, Here(), seed=2)[0][0]
    np.save(folder / "forged.npy", np.ones_like(np.load(folder / "forged.npy")))
    with pytest.raises(TiltyardError, match="needs forged and authentic places"):
        pool_of([folder])


def test_small_pictures_and_turned_grids_give_blocks_too() -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    mask = np.zeros((90, 120), bool)
    mask[27:51, 37:77] = True
    cells = cells_of(Subject(pixels, grid=(3, 5)), mask, np.random.default_rng(1))
    assert int(cells.forged.sum()) == 3 * 5
    assert cells.told.shape == (10 * 14, TOLD)
