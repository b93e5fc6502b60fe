"""Grid shift: places whose 8 × 8 grid lies elsewhere than the picture's (Nikoukhah et al. 2021; Li, Yuan, Yu 2009).

A block that was saved as JPEG has more zeros among its DCT values than the blocks that overlap it. So each tile of
8 × 8 positions votes for the one whose block has the most, and a place where the votes agree against the rest of the
picture was saved on a grid of its own before it came here. Votes of chance agree too, in some window of some picture:
how many such false alarms a picture would give is bounded (a contrario), and only what lies far below one speaks.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Mask
from tiltyard.forensics.saving import Table
from tiltyard.forensics.tracing.cue import SPEAKS, Cue, Subject, Trace, nothing_to_say, place_of

BLOCK = 8
NO_VOTE = BLOCK * BLOCK
ROUNDING = 0.5
"""Grey levels: smaller DCT values count as zero, rounding of pixels hides them."""
SIGMAS = 4.0
"""Errors of the last saving up to which a value counts as zero: it had been, before they were added."""
LOW = 20
"""The finest steps of a table, those of low frequencies, tell the size of its errors."""
WINDOWS = 5, 9, 17
"""Tiles a side within which votes are counted."""
FEWEST_TILES = 200
"""That vote: in a smaller picture nothing can stand out."""
FEWEST_VOTES = 12
"""That agree: with fewer, ALARMS are out of reach."""
ALARMS = -6.0
"""Decimal logarithm of the false alarms to be expected in a picture, at which the cue speaks."""
SURE = -40.0
"""The same where the map is 1."""
MAIN = 0.2
"""Of all votes, for the grid of a picture whose file names none: a forged place seldom has so many."""
MOST = 4
"""Places: a picture with more of them has patterns, not forgeries."""

Votes = NDArray[np.intp]
"""(rows, columns) of tiles: 8 · row + column of the position voted for within the tile, or NO_VOTE."""
Shares = NDArray[np.float64]
"""(8, 8): the part of all votes that each position has."""
Scores = NDArray[np.float64]
"""Decimal logarithms of the false alarms to be expected."""


@dataclass(frozen=True)
class Shifted:
    """A (h, w) place on a grid of its own, and the decimal logarithm of the false alarms to be expected."""

    mask: Mask
    shift: tuple[int, int]
    """Rows and columns from the picture's grid; from its corner, where it has none."""
    alarms: float


def shifted_places(luma: NDArray[np.float32], steps: Table | None, grid: tuple[int, int]) -> list[Shifted] | None:
    """The surest first. None where too few blocks have anything to vote with.

    `steps` and `grid` are those of the last saving; where there was none, the picture's own grid is looked for.
    """
    tiles = _tiles(zeros(luma, _size_of_zero(steps)))
    main = grid if steps else main_grid(_votes(tiles))
    votes = _votes(tiles if main is None else _without(tiles, main))
    if (votes != NO_VOTE).sum() < FEWEST_TILES:
        return None
    places = _apart(_candidates(votes, luma.shape, main or (0, 0)))
    return places if len(places) <= MOST else []


def grid_of(luma: NDArray[np.float32]) -> tuple[int, int] | None:
    """First row and column of the 8 × 8 blocks of a past JPEG, in pixels that lost nothing since; None without one."""
    return main_grid(_votes(_tiles(zeros(luma, ROUNDING))))


def zeros(luma: NDArray[np.float32], size: float) -> NDArray[np.uint8]:
    """For each position of (h, w) how many of the 63 values of the block that begins there are smaller than `size`."""
    count, smaller = np.zeros(luma.shape, np.uint8), np.nextafter(np.float32(size), np.float32(0))
    for u, wave in enumerate(_WAVES):
        down = cv2.filter2D(luma, cv2.CV_32F, wave[:, None], anchor=(0, 0))
        for v, other in enumerate(_WAVES):
            if u or v:
                value = cv2.filter2D(down, cv2.CV_32F, other[None], anchor=(0, 0))
                count -= np.asarray(cv2.inRange(value, -float(smaller), float(smaller)), np.uint8)  # 255 is -1 of 256
    return count


def main_grid(votes: Votes) -> tuple[int, int] | None:
    """The position that has most of the votes; None where none has MAIN of them."""
    shares = _shares(votes)
    row, column = divmod(int(shares.argmax()), BLOCK)
    return (row, column) if shares[row, column] >= MAIN else None


def _wave(frequency: int) -> NDArray[np.float32]:
    scale = np.sqrt((2 if frequency else 1) / BLOCK)
    return np.asarray(scale * np.cos(np.pi * (2 * np.arange(BLOCK) + 1) * frequency / (2 * BLOCK)), np.float32)


_WAVES = [_wave(frequency) for frequency in range(BLOCK)]


def _size_of_zero(steps: Table | None) -> float:
    if steps is None:
        return ROUNDING
    finest = np.sort(np.asarray(steps, np.float64))[:LOW]
    return max(ROUNDING, float(SIGMAS * np.sqrt((finest**2).mean() / 12)))


def _tiles(counts: NDArray[np.uint8]) -> NDArray[np.int16]:
    """(rows, columns, 8, 8): what each position of each tile has, of blocks that lie wholly in the picture."""
    rows, columns = (max(0, (side - BLOCK + 1) // BLOCK) for side in counts.shape)
    whole = counts[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return np.asarray(whole.transpose(0, 2, 1, 3), np.int16)


def _without(tiles: NDArray[np.int16], grid: tuple[int, int]) -> NDArray[np.int16]:
    """No vote for a position that shares a side with the grid: half its zeros come from there."""
    others = tiles.copy()
    others[:, :, grid[0]] = -1
    others[:, :, :, grid[1]] = -1
    return others


def _votes(tiles: NDArray[np.int16]) -> Votes:
    """A tile where several positions have the most casts none."""
    flat = tiles.reshape(*tiles.shape[:2], NO_VOTE)
    single = (flat == flat.max(2, keepdims=True)).sum(2) == 1
    return np.where(single, flat.argmax(2), NO_VOTE)


def _shares(votes: Votes) -> Shares:
    counts = np.bincount(votes.ravel(), minlength=NO_VOTE + 1)[:NO_VOTE]
    return np.asarray(counts.reshape(BLOCK, BLOCK) / max(1, counts.sum()))


def _surprise(share: Scores, cast: Scores, usual: Shares | float) -> Scores:
    """Minus the decimal logarithm of Chernoff's bound to the chance of such a share, or a larger one, of votes cast."""
    share, chance = np.clip(share, 1e-9, 1 - 1e-9), np.clip(usual, 1e-9, 1 - 1e-9)
    divergence = share * np.log(share / chance) + (1 - share) * np.log((1 - share) / (1 - chance))
    return np.where(share > chance, cast * divergence / np.log(10), 0)


def _alarms(votes: Votes, window: int) -> Scores:
    """(rows, columns, 8, 8): of the window around each tile, for each position.

    Edges of print make rows agree, or columns. So the columns must agree among the votes of a row, and the rows among
    those of a column, each by itself and beyond what the whole picture shows.
    """
    shares = _shares(votes)
    cast = np.zeros((*votes.shape, NO_VOTE + 1), np.float32)
    np.put_along_axis(cast, votes[..., None], 1, 2)
    # OpenCV filters this many channels at once, each by itself
    counts = cv2.boxFilter(cast, -1, (window, window), normalize=False, borderType=cv2.BORDER_CONSTANT)
    counts = counts[..., :NO_VOTE].reshape(*votes.shape, BLOCK, BLOCK).astype(np.float64)
    agreeing = np.nonzero(counts >= FEWEST_VOTES)
    least = np.full(len(agreeing[0]), np.inf)
    for axis in (2, 3):
        of_all = np.broadcast_to(counts.sum(axis, keepdims=True), counts.shape)[agreeing]
        usual = np.maximum(1 / (BLOCK - 1), shares / np.maximum(shares.sum(axis - 2, keepdims=True), 1e-9))
        least = np.minimum(least, _surprise(counts[agreeing] / of_all, of_all, usual[agreeing[2:]]))
    alarms = np.zeros(counts.shape)
    alarms[agreeing] = np.log10(votes.size * NO_VOTE * len(WINDOWS)) - least
    return alarms


def _candidates(votes: Votes, shape: tuple[int, ...], main: tuple[int, int]) -> list[Shifted]:
    """For each position that is surprising somewhere, the tiles that vote for it thereabouts, and what they enclose."""
    found, near = np.full(NO_VOTE, np.inf), np.zeros((*votes.shape, NO_VOTE), np.uint8)
    for window in WINDOWS:
        alarms = _alarms(votes, window).reshape(*votes.shape, NO_VOTE)
        found = np.minimum(found, alarms.min((0, 1)))
        for phase in np.flatnonzero(alarms.min((0, 1)) < ALARMS):
            sure = (alarms[..., phase] < ALARMS).astype(np.uint8)
            near[..., phase] |= cv2.dilate(sure, np.ones((window, window), np.uint8))
    return [
        Shifted(_over_pixels(near[..., phase] & (votes == phase), phase, shape), _shift(phase, main), found[phase])
        for phase in (int(number) for number in np.argsort(found, kind="stable") if found[number] < ALARMS)
    ]


def _shift(phase: int, main: tuple[int, int]) -> tuple[int, int]:
    row, column = divmod(phase, BLOCK)
    return (row - main[0]) % BLOCK, (column - main[1]) % BLOCK


def _over_pixels(tiles: NDArray[np.uint8], phase: int, shape: tuple[int, ...]) -> Mask:
    """The blocks of tiles, without gaps of a block or two, where they lie on their own grid."""
    closed = cv2.morphologyEx(tiles.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    down, right = divmod(phase, BLOCK)
    mask = np.zeros(shape, np.bool_)
    grown = np.repeat(np.repeat(closed > 0, BLOCK, 0), BLOCK, 1)
    mask[down : down + grown.shape[0], right : right + grown.shape[1]] = grown
    return mask


def _apart(places: list[Shifted]) -> list[Shifted]:
    kept: list[Shifted] = []
    for place in places:
        if not any((place.mask & one.mask).any() for one in kept):
            kept.append(place)
    return kept


def trace_grid_shift(subject: Subject) -> Trace:
    """The map rises with the logarithm of the false alarms: SPEAKS at ALARMS, 1 at SURE."""
    places = shifted_places(subject.luma, subject.steps, subject.grid)
    if places is None:
        return nothing_to_say(subject, "Too little of the picture has any structure to show where its blocks begin.")
    marked = np.zeros(subject.shape, np.float32)
    for place in places:
        sureness = min(1.0, (place.alarms - ALARMS) / (SURE - ALARMS))
        marked[place.mask] = SPEAKS + (1 - SPEAKS) * sureness
    return Trace(marked, applicable=True, sentence=_sentence(places))


def _sentence(places: list[Shifted]) -> str:
    if not places:
        return "No place was saved as JPEG on a grid of its own."
    down, right = places[0].shift
    more = f"; {len(places) - 1} more are shifted too." if len(places) > 1 else "."
    where = place_of(places[0].mask)
    return f"The place {where} was saved as JPEG elsewhere: its blocks lie {right} to the right and {down} down{more}"


GRID_SHIFT = Cue(
    "grid_shift",
    "grid shift",
    "Nikoukhah, Anger, Colom and Morel 2021, ZERO; Li, Yuan and Yu 2009, Passive Detection of Doctored JPEG Image",
    trace_grid_shift,
)
