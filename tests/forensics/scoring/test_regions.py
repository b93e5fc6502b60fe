"""Matching of regions against brute force, IoU against a raster and an exact clipper, micro-F1 against a plain loop."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tiltyard.errors import EntryError
from tiltyard.forensics.scoring import regions
from tiltyard.forensics.scoring.polygons import CROSSES, NO_AREA, Regions, first_fault
from tiltyard.forensics.scoring.regions import Counts, bottlenecks, match_levels, snapped

BOUNDED = settings(max_examples=60, deadline=None)
Polygon = Sequence[tuple[float, float]]
SQUARE: Polygon = ((0, 0), (10, 0), (10, 10), (0, 10))


def regions_of(*files: Sequence[Polygon]) -> Regions:
    polygons = [polygon for file in files for polygon in file]
    return Regions(
        np.array([corner for polygon in polygons for corner in polygon], np.float64).reshape(-1, 2),
        np.cumsum([0, *map(len, polygons)]),
        np.cumsum([0, *map(len, files)]),
    )


def levels_of(truth: Sequence[Polygon], found: Sequence[Polygon]) -> list[float]:
    (levels,) = match_levels(regions_of(truth), regions_of(found), names=["a.jpg"])
    return levels


def iou_of(one: Polygon, other: Polygon) -> float:
    return (levels_of([one], [other]) or [0.0])[0]


def box(x: float, y: float, width: float, height: float) -> Polygon:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def star(rng: np.random.Generator, corners: int) -> Polygon:
    """A polygon seen whole from its middle: simple, most often not convex."""
    angles = np.sort([*rng.uniform(0, 2 * np.pi, corners - 3), 0.1, 2.2, 4.3])
    radii = rng.uniform(15, 45, corners)
    middle = rng.uniform(45, 55, 2)
    return [tuple(middle + r * np.array([np.cos(a), np.sin(a)])) for a, r in zip(angles, radii, strict=True)]


def raster(polygon: Polygon, *, side: int, cells: int) -> np.ndarray:
    """(cells, cells) whether each cell's centre lies inside, by the even-odd rule."""
    centres = (np.arange(cells) + 0.5) * side / cells
    xs, ys = np.meshgrid(centres, centres)
    inside = np.zeros((cells, cells), bool)
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if y1 != y2:
            crosses = (ys < y1) != (ys < y2)
            inside ^= crosses & (xs < (x2 - x1) * (ys - y1) / (y2 - y1) + x1)
    return inside


Corner = tuple[Fraction, Fraction]


def exact_area(polygon: Sequence[Corner]) -> Fraction:
    pairs = zip(polygon, [*polygon[1:], *polygon[:1]], strict=True)
    return abs(sum((x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs), Fraction(0))) / 2


def clipped(subject: list[Corner], window: list[Corner]) -> list[Corner]:
    """Sutherland and Hodgman's clipper in fractions; both convex, counter-clockwise."""
    for (x1, y1), (x2, y2) in zip(window, [*window[1:], window[0]], strict=True):
        sides = [(x2 - x1) * (y - y1) - (y2 - y1) * (x - x1) for x, y in subject]
        kept: list[Corner] = []
        for index, (here, side) in enumerate(zip(subject, sides, strict=True)):
            before, other = subject[index - 1], sides[index - 1]
            if (side > 0) != (other > 0) and side != 0 and other != 0:
                share = other / (other - side)
                kept.append((before[0] + share * (here[0] - before[0]), before[1] + share * (here[1] - before[1])))
            if side >= 0:
                kept.append(here)
        subject = kept
    return subject


def hull(points: Sequence[tuple[int, int]]) -> list[Corner]:
    """Andrew's monotone chain, counter-clockwise."""

    def half(ordered: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        chain: list[tuple[int, int]] = []
        for x, y in ordered:
            while len(chain) > 1 and (chain[-1][0] - chain[-2][0]) * (y - chain[-2][1]) <= (
                chain[-1][1] - chain[-2][1]
            ) * (x - chain[-2][0]):
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    ordered = sorted(set(points))
    return [(Fraction(x), Fraction(y)) for x, y in half(ordered) + half(ordered[::-1])]


def brute_force(ious: np.ndarray, threshold: float) -> int:
    """The most pairs over every way of giving columns to rows."""
    ious = ious if ious.shape[0] <= ious.shape[1] else ious.T
    rows, columns = ious.shape
    return max(
        sum(ious[row, column] >= threshold for row, column in enumerate(chosen))
        for chosen in permutations(range(columns), rows)
    )


def test_a_region_claimed_exactly_has_iou_one() -> None:
    assert iou_of(SQUARE, SQUARE) == 1
    assert iou_of(SQUARE, [*SQUARE, SQUARE[0]]) == 1
    assert iou_of(SQUARE, SQUARE[::-1]) == 1


def test_exactly_half_an_overlap_reaches_the_threshold_of_one_half() -> None:
    assert iou_of(box(0, 0, 10, 10), box(0, 0, 10, 5)) == 0.5


def test_half_an_overlap_reaches_one_half_where_coordinates_are_no_sums_of_powers_of_two() -> None:
    truth: Polygon = ((0.1, 0.1), (8.1, 0.1), (8.1, 2.1), (0.1, 2.1))
    assert iou_of(truth, ((0.1, 0.1), (4.1, 0.1), (4.1, 2.1), (0.1, 2.1))) == 0.5


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_claimed_exactly_has_iou_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stars = [star(rng, 4 + corners) for corners in range(40)]
    assert [iou_of(one, [*one[3:], *one[:3]]) for one in stars] == [1] * 40


def test_a_rounded_iou_is_the_number_that_is_written_with_as_many_digits() -> None:
    assert snapped([step / 1000 for step in range(1001)]).tolist() == [float(f"{step}e-3") for step in range(1001)]
    assert snapped([-1e-16, 1 + 4e-16]).tolist() == [0, 1]


def test_regions_that_touch_or_lie_apart_share_nothing() -> None:
    assert levels_of([box(0, 0, 10, 10)], [box(10, 0, 10, 10), box(10, 10, 5, 5), box(50, 50, 5, 5)]) == []


@pytest.mark.parametrize("seed", range(8))
def test_iou_agrees_with_a_fine_raster(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = star(rng, 4 + seed), star(rng, 11 - seed)
    first, second = (raster(polygon, side=100, cells=800) for polygon in (one, other))
    assert iou_of(one, other) == pytest.approx((first & second).sum() / (first | second).sum(), abs=4e-3)


points = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=9)


@BOUNDED
@given(points, points)
def test_iou_of_convex_polygons_agrees_with_an_exact_clipper(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    first, second = hull(one), hull(other)
    areas = exact_area(first), exact_area(second)
    if not all(areas):
        return
    shared = exact_area(clipped(first, second))
    expected = float(shared / (sum(areas) - shared))
    found = iou_of(*([(float(x), float(y)) for x, y in polygon] for polygon in (first, second)))
    assert found == pytest.approx(expected, abs=1e-9)


def test_taking_the_best_pair_first_would_lose_a_match() -> None:
    """The first claim overlaps both true regions, the second only the one that greed gives to the first."""
    truth = [box(0, 0, 100, 10), box(0, 10, 100, 10)]
    found = [box(0, 3, 100, 12), box(0, 0, 40, 10)]
    ious = np.array([[iou_of(one, other) for other in found] for one in truth])
    assert ious[0, 0] == ious.max()
    assert ious[1, 1] == 0
    assert levels_of(truth, found) == [ious[0, 0], min(ious[1, 0], ious[0, 1])]


def test_a_claim_over_two_regions_matches_one_of_them() -> None:
    assert len(levels_of([box(0, 0, 10, 10), box(0, 10, 10, 10)], [box(0, 0, 10, 20)])) == 1


def test_overlapping_and_repeated_true_regions_are_regions_each() -> None:
    assert levels_of([SQUARE, SQUARE], [SQUARE]) == [1.0]
    assert levels_of([SQUARE, SQUARE], [SQUARE, SQUARE]) == [1.0, 1.0]


@BOUNDED
@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_levels_give_the_size_of_a_maximum_matching_at_every_threshold(
    rows: int, columns: int, data: st.DataObject
) -> None:
    steps = st.integers(0, 10)
    ious = np.array(data.draw(st.lists(steps, min_size=rows * columns, max_size=rows * columns))).reshape(rows, columns)
    ious = ious / 10
    ones, others = np.nonzero(ious)
    levels = bottlenecks(ones.tolist(), others.tolist(), ious[ones, others].tolist())
    assert levels == sorted(levels, reverse=True)
    for threshold in np.arange(1, 11) / 10:
        assert sum(level >= threshold for level in levels) == brute_force(ious, threshold)


@BOUNDED
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(6, 12)), min_size=1, max_size=5), st.data()
)
def test_matches_of_real_regions_agree_with_brute_force(
    places: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    moves = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=5)
    truth = [box(x + 3, y + 3, side, side) for x, y, side in places]
    found = [
        box(places[index % len(places)][0] + 3 + dx, places[index % len(places)][1] + 3 + dy, 8, 8)
        for index, (dx, dy) in enumerate(data.draw(moves))
    ]
    ious = np.array([[iou_of(one, other) for other in found] for one in truth])
    levels = levels_of(truth, found)
    for threshold in (0.1, 0.3, 0.5, 0.7, 1.0):
        assert sum(level >= threshold for level in levels) == brute_force(ious, threshold)


def test_many_files_at_once_give_what_each_gives_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)

    def some() -> list[Polygon]:
        return [box(*rng.integers(0, 60, 2), *rng.integers(5, 40, 2)) for _ in range(rng.integers(0, 7))]

    truth, found = ([some() for _ in range(40)] for _ in range(2))
    alone = [levels_of(one, other) for one, other in zip(truth, found, strict=True)]
    names = [str(number) for number in range(40)]
    assert match_levels(regions_of(*truth), regions_of(*found), names=names) == alone
    monkeypatch.setattr(regions, "MOST_PAIRS", 20)
    assert match_levels(regions_of(*truth), regions_of(*found), names=names) == alone


def test_a_thousand_claims_on_one_region_are_matched_in_bounded_time() -> None:
    claims = [box(i % 10, i // 100, 30, 30) for i in range(1000)]
    truth = [box(i % 5, i // 5, 30, 30) for i in range(20)]
    assert len(levels_of(truth, claims)) == 20


def test_a_pair_that_geos_cannot_intersect_is_an_entry_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = shapely.intersection

    def failing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        if np.any(shapely.area(other) == 25):
            raise shapely.errors.GEOSException("TopologyException: side location conflict\nat 1 2")
        return real(one, other)  # type: ignore[no-any-return]

    monkeypatch.setattr(regions.shapely, "intersection", failing)
    truth = regions_of([SQUARE], [SQUARE])
    found = regions_of([SQUARE], [SQUARE, box(0, 0, 5, 5)])
    with pytest.raises(EntryError, match=r"^b\.jpg: polygon 2 cannot be intersected \(TopologyException"):
        match_levels(truth, found, names=["a.jpg", "b.jpg"])


counts = st.tuples(st.integers(0, 4), st.integers(0, 4)).flatmap(
    lambda sizes: st.tuples(st.integers(0, min(sizes)), st.just(sizes[0]), st.just(sizes[1]))
)


@BOUNDED
@given(st.lists(counts, max_size=12))
def test_micro_f1_agrees_with_a_plain_loop(files: list[tuple[int, int, int]]) -> None:
    hits = alarms = misses = 0
    for matched, found, truth in files:
        hits, alarms, misses = hits + matched, alarms + found - matched, misses + truth - matched
    counted = Counts(*(sum(file[place] for file in files) for place in range(3)))
    if hits:
        precision, recall = hits / (hits + alarms), hits / (hits + misses)
        assert counted.precision == pytest.approx(precision)
        assert counted.recall == pytest.approx(recall)
        assert counted.f1 == pytest.approx(2 * precision * recall / (precision + recall))
    else:
        assert counted.f1 == (0.0 if alarms + misses else 1.0)


def test_nothing_there_and_nothing_claimed_is_perfect_and_one_of_both_is_not() -> None:
    assert [Counts(0, 0, 0).f1, Counts(0, 0, 0).precision, Counts(0, 0, 0).recall] == [1, 1, 1]
    assert [Counts(0, 0, 3).f1, Counts(0, 0, 3).precision, Counts(0, 0, 3).recall] == [0, 0, 0]
    assert [Counts(0, 3, 0).f1, Counts(0, 3, 0).precision, Counts(0, 3, 0).recall] == [0, 0, 0]


@pytest.mark.parametrize(
    ("polygon", "fault"),
    [
        (((0, 0), (10, 10), (10, 0), (0, 10)), f"{CROSSES} at (5, 5)"),
        (((0, 0), (4, 4), (8, 8)), NO_AREA),
        (((3, 3), (3, 3), (3, 3)), NO_AREA),
        (((0, 0), (10, 0), (10, 10), (5, 0), (0, 10)), f"{CROSSES} at (5, 0)"),
        (((0, 0), (1e-200, 0), (1e-200, 1e-200)), NO_AREA),
    ],
)
def test_the_first_polygon_that_cannot_be_scored_is_named(polygon: Polygon, fault: str) -> None:
    assert first_fault(regions_of([SQUARE], [SQUARE, polygon], [polygon])) == (2, fault)


def test_sound_polygons_have_no_fault() -> None:
    assert first_fault(regions_of([SQUARE, [*SQUARE, SQUARE[0]], SQUARE[::-1]], [])) is None
    assert first_fault(regions_of([])) is None
