"""Matches that moved together: similarities found without randomness, refined to affine maps by least squares."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.tracing.keypoints import Matches

FEWEST = 5
"""Matches that must agree on one movement."""
MOST = 12
"""Movements that are followed in one picture."""
MOST_MATCHES = 2500
TOLERANCE = 3.0
"""Pixels by which a match may miss its movement."""
PARTNERS = 4
APART = 8.0
"""Pixels between the two matches that propose a movement: nearer ones say little of rotation."""
SCALES = (0.4, 2.6)
STILL = 0.6
"""Pixels: matches that differ less in their shift were neither turned nor scaled."""
FOR_AFFINE = 7
"""Matches from which a stretch or a shear is fitted as well."""
STRETCH = 1.8
"""Ratio of the longest to the shortest side that a square may become."""
ROUNDS = 3


@dataclass(frozen=True)
class Movement:
    """A (2, 3) affine map from source to target, and the matches that follow it."""

    affine: NDArray[np.float64]
    matches: Matches

    def misses(self, matches: Matches) -> NDArray[np.float64]:
        """Pixels by which each match misses the movement, the larger of x and y."""
        return _misses(self.affine, matches)

    @property
    def scale(self) -> float:
        return float(np.sqrt(abs(np.linalg.det(self.affine[:, :2]))))

    @property
    def degrees(self) -> float:
        return float(np.degrees(np.arctan2(self.affine[1, 0], self.affine[0, 0])))

    @property
    def resamples(self) -> bool:
        """True where pixels cannot have been copied one by one."""
        return abs(self.scale - 1) > 0.02 or abs(self.degrees) > 1

    @property
    def keeps_blocks(self) -> bool:
        """True where it is a shift by whole blocks of a JPEG."""
        shift = self.affine[:, 2]
        return not self.resamples and bool(np.all(np.abs(shift - 8 * np.round(shift / 8)) < 0.5))

    def again(self) -> "Movement":
        """The same movement made twice."""
        linear, shift = self.affine[:, :2], self.affine[:, 2]
        return Movement(np.concatenate([linear @ linear, (linear @ shift + shift)[:, None]], axis=1), self.matches)

    def parts(self) -> list["Movement"]:
        """A half and a third of a shift: where equals stand in a row, it may have skipped one or two."""
        shift, straight = self.affine[:, 2:], np.eye(2)
        return (
            []
            if self.resamples
            else [Movement(np.concatenate([straight, shift / steps], axis=1), self.matches) for steps in (2, 3)]
        )

    def back(self) -> "Movement":
        """From target to source."""
        linear = np.linalg.inv(self.affine[:, :2])
        shift = -linear @ self.affine[:, 2]
        return Movement(
            np.concatenate([linear, shift[:, None]], axis=1), Matches(self.matches.target, self.matches.source)
        )


def movements_of(matches: Matches) -> list[Movement]:
    """The movements that at least FEWEST matches share, largest first; a match follows one movement only.

    Every match proposes a similarity with each of its nearest neighbours, so that nothing is drawn at random.
    """
    matches = _at_most(matches)
    found: list[Movement] = []
    if len(matches) < FEWEST:
        return found
    source, target = _complex(matches.source), _complex(matches.target)
    turns, shifts = _proposals(source, target)
    agree = _agreeing(turns, shifts, source, target)
    left = np.ones(len(matches), bool)
    while len(found) < MOST:
        votes = (agree & left).sum(1) if len(agree) else np.zeros(1, int)
        best = int(votes.argmax())
        if votes[best] < FEWEST:
            break
        affine, tried, inside = _grown(matches, agree[best] & left, left)
        left &= ~(tried | inside)
        group = matches.only(inside)
        if len(group) >= FEWEST and _spread(group) >= FEWEST:
            found.append(Movement(_as_shift(group, affine), group))
    return found


def _grown(
    matches: Matches, inside: NDArray[np.bool_], left: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """A similarity refined, to an affine map if it can be, on the matches that follow it; all that took part; those
    that follow the last.
    """
    affine, tried = _fitted(matches.only(inside)), inside
    for _ in range(ROUNDS):
        now = (_misses(affine, matches) < TOLERANCE) & left
        group = matches.only(now)
        if len(group) < FEWEST:
            break
        tried = tried | now
        better = _affine(group) if len(group) >= FOR_AFFINE else _similarity(group)
        if not is_plausible(better):
            break
        affine = better
    return affine, tried, (_misses(affine, matches) < TOLERANCE) & left


def is_plausible(affine: NDArray[np.float64]) -> bool:
    """Whether somebody would move an object so: not mirrored, not squeezed, within SCALES."""
    long, short = np.linalg.svd(affine[:, :2], compute_uv=False)
    upright = float(np.linalg.det(affine[:, :2])) > 0
    return bool(upright and short > SCALES[0] * 0.9 and long < SCALES[1] * 1.1 and long < STRETCH * short)


def _misses(affine: NDArray[np.float64], matches: Matches) -> NDArray[np.float64]:
    moved = matches.source @ affine[:, :2].T + affine[:, 2]
    return np.asarray(np.abs(moved - matches.target).max(1))


def _at_most(matches: Matches) -> Matches:
    """Evenly thinned where a patterned picture has too many."""
    if len(matches) <= MOST_MATCHES:
        return matches
    keep = np.linspace(0, len(matches) - 1, MOST_MATCHES).astype(int)
    return Matches(matches.source[keep], matches.target[keep])


def _complex(points: NDArray[np.float64]) -> NDArray[np.complex64]:
    return (points[:, 0] + 1j * points[:, 1]).astype(np.complex64)


def _proposals(
    source: NDArray[np.complex64], target: NDArray[np.complex64]
) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    """Similarities z → turn · z + shift of each match with its nearest partners."""
    distances = np.abs(source[:, None] - source[None])
    distances += np.abs(target[:, None] - target[None])
    distances[distances < 2 * APART] = np.inf
    count = min(PARTNERS, len(source) - 1)
    partners = np.argsort(distances, axis=1, kind="stable")[:, :count]
    near = np.isfinite(np.take_along_axis(distances, partners, axis=1)).ravel()
    first = np.repeat(np.arange(len(source)), count)[near]
    second = partners.ravel()[near]
    between = source[second] - source[first]
    solid = np.abs(between) >= APART / 2
    first, second, between = first[solid], second[solid], between[solid]
    turns = (target[second] - target[first]) / between
    sane = (np.abs(turns) > SCALES[0]) & (np.abs(turns) < SCALES[1])
    turns, first = turns[sane], first[sane]
    return turns, target[first] - turns * source[first]


def _agreeing(
    turns: NDArray[np.complex64],
    shifts: NDArray[np.complex64],
    source: NDArray[np.complex64],
    target: NDArray[np.complex64],
) -> NDArray[np.bool_]:
    """(proposals, matches): which match follows which proposal."""
    agree = np.empty((len(turns), len(source)), bool)
    for start in range(0, len(turns), 512):
        part = slice(start, start + 512)
        agree[part] = np.abs(turns[part, None] * source + shifts[part, None] - target) < TOLERANCE
    return agree


def _spread(group: Matches) -> int:
    """Distinct places in the source, on a grid of 4 pixels: many keypoints of one corner count once."""
    return len(np.unique((group.source // 4).astype(int), axis=0))


def _fitted(group: Matches) -> NDArray[np.float64]:
    """A pure shift where that explains the matches, else a similarity by least squares."""
    return _as_shift(group, _similarity(group))


def _as_shift(group: Matches, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """A pure shift where that explains the matches as well."""
    moved = group.target - group.source
    shift = np.median(moved, axis=0)
    if np.median(np.abs(moved - shift).max(1)) >= STILL:
        return affine
    x, y = (round(float(one)) if abs(one - round(float(one))) < STILL / 2 else float(one) for one in shift)
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y]])


def _affine(group: Matches) -> NDArray[np.float64]:
    middle, goal = group.source.mean(0), group.target.mean(0)
    solved = np.linalg.lstsq(group.source - middle, group.target - goal, rcond=None)[0].T
    return np.concatenate([solved, (goal - solved @ middle)[:, None]], axis=1)


def _similarity(group: Matches) -> NDArray[np.float64]:
    source, target = group.source, group.target
    middle, goal = source.mean(0), target.mean(0)
    z, w = (source - middle) @ [1, 1j], (target - goal) @ [1, 1j]
    turn = complex((np.conj(z) @ w) / max(float((np.conj(z) @ z).real), 1e-9))
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.concatenate([linear, (goal - linear @ middle)[:, None]], axis=1)
