"""Pages on disk, and the batches drawn from them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tiltyard.contest.executor import Here
from tiltyard.errors import TiltyardError
from tiltyard.forensics.locating.batches import Pool, batch_of, drawn, pool_of
from tiltyard.forensics.locating.material import FORGED_FILE, forged_in, pages_in, parts_of, prepare
from tiltyard.forensics.locating.measures import by_block
from tiltyard.forensics.locating.pages import LARGEST, Page, a_cut, page_of
from tiltyard.forensics.locating.planes import PLANES
from tiltyard.forensics.locating.stored import FREQUENCIES
from tiltyard.forensics.locating.view import View
from tiltyard.forensics.making.folder import write_set
from tiltyard.forensics.making.paired import Paired, is_twin
from tiltyard.forensics.making.recipe import document_recipe
from tiltyard.forensics.tracing.cue import Subject
from tiltyard.vision.masks import decode_mask


def test_the_pool_holds_every_picture_with_its_truth(documents: Path, pool: Pool) -> None:
    masks = [decode_mask(path.read_bytes(), path.name, size=None) for path in sorted(documents.glob("part-*/masks/*"))]
    shares = [by_block(mask.astype(np.float32)) for mask in masks]
    assert len(pool) == len(masks)
    for number, share in enumerate(shares):
        page = pool.page(number)
        assert np.allclose(page.shares, share, atol=1e-3)
        assert page.view.planes.shape == (PLANES, *share.shape)
        assert page.view.sizes.shape == (FREQUENCIES, *share.shape)
    assert 0 < sum(pool.page(number).forged for number in range(len(pool))) < len(pool)


def test_parts_that_are_there_are_not_made_again(documents: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    prepare([documents], tmp_path, Here(), progress=lambda done, of: told.append((done, of)))
    part = parts_of(documents, tmp_path)[0]
    made = (part.pages / FORGED_FILE).stat().st_mtime_ns
    prepare([documents], tmp_path, Here(), progress=lambda done, of: told.append((done, of)))
    assert told == [(0, 2), (1, 2), (2, 2), (2, 2)]
    assert (part.pages / FORGED_FILE).stat().st_mtime_ns == made


def test_what_a_kill_left_unfinished_is_no_part(documents: Path, tmp_path: Path) -> None:
    part = parts_of(documents, tmp_path)[0]
    (part.pages.parent / f".{part.pages.name}").mkdir(parents=True)
    assert not part.is_done
    folder = prepare([documents], tmp_path, Here())[0][0]
    assert len(forged_in(folder)) == len(pages_in(folder)) == 5


def test_a_set_that_was_made_anew_is_measured_anew(documents: Path, tmp_path: Path) -> None:
    place = tmp_path / "documents"
    shutil.copytree(documents, place)
    before = parts_of(place, tmp_path)[0].pages
    table = place / "part-00000" / "samples.csv"
    table.write_text(table.read_text().replace("invoice", "another"))
    assert parts_of(place, tmp_path)[0].pages != before


def test_a_folder_without_a_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(TiltyardError, match="holds no part of a set"):
        prepare([tmp_path], tmp_path / "pages", Here())


def test_the_seed_decides_what_a_batch_holds(pool: Pool) -> None:
    first, same = (drawn([pool, pool], [1.0, 3.0], count=8, rng=np.random.default_rng(9)) for _ in range(2))
    other = drawn([pool], [1.0], count=8, rng=np.random.default_rng(10))
    assert first.planes.shape[:2] == (8, PLANES)
    assert first.shares.shape == first.seen.shape == (8, *first.planes.shape[2:])
    assert torch.equal(first.planes, same.planes)
    assert first.planes.shape != other.planes.shape or not torch.equal(first.planes, other.planes)


def plain(rows: int, columns: int) -> View:
    sizes = np.full((FREQUENCIES, rows, columns), 3, np.uint8)
    return View(np.ones((PLANES, rows, columns), np.float16), sizes, np.ones(FREQUENCIES, np.float16))


def test_pages_of_two_sizes_are_filled_up_and_that_is_told() -> None:
    small = Page(plain(2, 5), np.full((2, 5), 0.25, np.float16))
    small.view.planes[:, 1] = 2
    large = Page(plain(4, 3), np.zeros((4, 3), np.float16))
    batch = batch_of([small, large])
    assert batch.seen.sum((1, 2)).tolist() == [10, 12]
    assert batch.planes[0, 0, :, 0].tolist() == [1, 2, 2, 1]
    assert batch.sizes.min() == 3
    assert batch.steps.shape == (2, FREQUENCIES)
    assert batch.shares[0].sum() == 2.5


def test_a_part_of_a_page_shows_what_is_forged_and_keeps_planes_and_truth_together() -> None:
    shares = np.zeros((150, 130), np.float16)
    shares[70:74, 60:66] = 1
    sizes = np.broadcast_to((2 * shares).astype(np.uint8), (FREQUENCIES, *shares.shape))
    view = View(np.broadcast_to(shares, (PLANES, *shares.shape)), sizes, np.zeros(FREQUENCIES, np.float16))
    page = Page(view, shares)
    parts = [a_cut(page, np.random.default_rng(seed)).of(page) for seed in range(40)]
    assert {part.shares.shape for part in parts} == {(LARGEST, LARGEST)}
    assert sum(part.forged for part in parts) > 30
    assert all(np.array_equal(part.view.planes[3], part.shares) for part in parts)
    assert all(np.array_equal(part.view.sizes[9], 2 * part.shares) for part in parts)
    assert len({part.shares.tobytes() for part in parts}) > 20


def test_a_pool_without_authentic_pages_is_refused(documents: Path, tmp_path: Path) -> None:
    folder = prepare([documents], tmp_path, Here())[0][0]
    np.save(folder / FORGED_FILE, np.ones_like(forged_in(folder)))
    with pytest.raises(TiltyardError, match="needs forged and authentic pages"):
        pool_of([folder])


def test_small_pictures_and_turned_grids_give_pages_too() -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    mask = np.zeros((90, 120), bool)
    mask[27:51, 37:77] = True
    page = page_of(Subject(pixels, grid=(3, 5)), mask)
    assert int((page.shares == 1).sum()) == 3 * 5
    assert page.view.planes.shape == (PLANES, 10, 14)
    assert page.view.sizes.shape == (FREQUENCIES, 10, 14)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six documents, some forged, and these beside themselves as nobody forged them."""
    folder = tmp_path_factory.mktemp("paired") / "set"
    recipe = document_recipe(
        seed=900_779, count=6, families=["invoice"], scripts=["latin"], kinds=["repaint"], long_side=400,
        samples_a_part=6,
    )  # fmt: skip
    write_set(Paired(recipe), folder, Here())
    return folder


@pytest.fixture(scope="module")
def with_twins(pairs: Path) -> Pool:
    return pool_of(prepare([pairs], pairs.parent / "pages", Here())[0])


def test_the_twins_of_a_paired_set_are_no_pages_of_their_own(with_twins: Pool) -> None:
    assert len(with_twins) == 6
    twins = [with_twins.twin(number) for number in range(6)]
    for number, twin in enumerate(twins):
        page = with_twins.page(number)
        if twin is not None:
            assert page.forged
            assert not twin.forged
            assert twin.shares.shape == page.shares.shape
    assert 0 < sum(twin is not None for twin in twins) < 6


def test_a_forged_part_is_often_drawn_beside_the_same_part_of_its_twin(with_twins: Pool) -> None:
    pairs = 0
    for seed in range(12):
        batch = drawn([with_twins], [1.0], count=8, rng=np.random.default_rng(seed))
        assert len(batch.shares) == 8
        for one, other in zip(range(7), range(1, 8), strict=True):
            forged, honest = (bool((batch.shares[number] > 0.5).any()) for number in (one, other))
            if forged and not honest and torch.equal(batch.seen[one], batch.seen[other]):
                colours = batch.planes[[one, other], -3:]
                pairs += float((colours[0] - colours[1]).abs().median()) < 0.02
    assert pairs > 12


def test_a_set_without_pairs_has_no_twins(pool: Pool) -> None:
    assert all(pool.twin(number) is None for number in range(len(pool)))


def test_a_twin_that_was_cut_otherwise_by_a_pixel_is_left_out(pairs: Path, tmp_path: Path) -> None:
    shutil.copytree(pairs, tmp_path / "set")
    twin = next(path for path in sorted(tmp_path.glob("set/part-*/images/*")) if is_twin(path.stem))
    for path in (twin, twin.parent.parent / "masks" / f"{twin.stem}.png"):
        with Image.open(path) as image:
            image.crop((1, 0, image.width, image.height)).save(path)
    one, another = (sum(pool_of(prepare([place], tmp_path / name, Here())[0]).twin(number) is not None
                        for number in range(6)) for name, place in (("a", pairs), ("b", tmp_path / "set")))  # fmt: skip
    assert another == one - 1
