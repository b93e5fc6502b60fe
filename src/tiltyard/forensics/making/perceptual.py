"""A 256-bit perceptual hash of pictures, and all pairs of hashes that are near each other."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Pixels

SIDE = 64
KEPT = 16
BITS = KEPT * KEPT
RADIUS = 15
"""Hamming distance up to which two pictures count as near-duplicates. Recompression and scaling move a hash by up to
about 10 bits; of documents from one template but with other contents, one pair in a thousand is nearer than 24."""
WORDS = BITS // 16
Hashes = NDArray[np.uint8]
"""(n, 32): one hash a row."""
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Row numbers, in two arrays of one length."""
_BATCH = 2_000_000
_TABLE: NDArray[np.intp] = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(1, dtype=np.intp)


def perceptual_hash(pixels: Pixels) -> str:
    """64 hexadecimal digits: which of the 16×16 lowest DCT coefficients of the 64×64 grey picture exceed their median.

    Stable under recompression and scaling; crops and turned pictures are other pictures to it (Zauner 2010, `pHash`).
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:KEPT, :KEPT].ravel()
    return np.packbits(low > np.median(low[1:])).tobytes().hex()


def as_hashes(texts: list[str]) -> Hashes:
    """Hashes from their hexadecimal form; ValueError where one has another length."""
    if any(len(text) != BITS // 4 for text in texts):
        raise ValueError(f"a perceptual hash has {BITS // 4} hexadecimal digits")
    return np.frombuffer(bytes.fromhex("".join(texts)), np.uint8).reshape(len(texts), BITS // 8)


def near_pairs(hashes: Hashes, *, radius: int = RADIUS) -> Iterator[Pairs]:
    """Pairs of rows within a Hamming radius, in batches; a pair may come more than once.

    Equal hashes are given as a chain (first and second, second and third …), and only the first of them is paired with
    others: enough for whoever joins pairs into groups, and what keeps a million copies from being paired with each
    other. Multi-index hashing (Norouzi, Punjani, Fleet 2012): two hashes of 16 words that differ in at most `radius`
    bits differ in at most `radius // 16` bits of some word, so only rows that agree in a word so far are compared.
    """
    reach = radius // WORDS
    if reach > 1:
        raise ValueError(f"the radius is at most {2 * WORDS - 1}")
    order, firsts = _runs(hashes)
    again = ~firsts
    yield order[np.flatnonzero(again) - 1], order[again]
    rows = np.sort(order[firsts])
    different = hashes[rows]
    words = _shuffled(different).view(np.uint16)
    for word in range(WORDS):
        column = words[:, word]
        for flipped in [0, *(1 << bit for bit in range(16))] if reach else [0]:
            for first, second in _checked(different, _agreeing(column, column ^ np.uint16(flipped)), radius):
                yield rows[first], rows[second]


def _shuffled(hashes: Hashes) -> Hashes:
    """Neighbouring coefficients are alike in many pictures; words of scattered ones agree less often."""
    order = np.random.default_rng(0).permutation(BITS)
    return np.ascontiguousarray(np.packbits(np.unpackbits(hashes, axis=1)[:, order], axis=1))


def _runs(hashes: Hashes) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The order in which equal hashes are neighbours, and where in it a hash comes for the first time."""
    keys = np.ascontiguousarray(hashes).view(f"V{BITS // 8}").ravel()
    _, which = np.unique(keys, return_inverse=True)
    order = np.argsort(which, kind="stable")
    ranked = which[order]
    firsts = np.ones(len(order), np.bool_)
    firsts[1:] = ranked[1:] != ranked[:-1]
    return order, firsts


def _agreeing(left: NDArray[np.uint16], right: NDArray[np.uint16]) -> Iterator[Pairs]:
    """Rows of `left` and `right` of equal value, the first row number below the second, batch by batch."""
    order = np.argsort(right, kind="stable")
    ranked = right[order]
    starts, ends = np.searchsorted(ranked, left, "left"), np.searchsorted(ranked, left, "right")
    rows, done = np.arange(len(left)), 0
    sizes = np.cumsum(ends - starts)
    while done < len(left):
        until = max(done + 1, int(np.searchsorted(sizes, (sizes[done - 1] if done else 0) + _BATCH, "right")))
        lengths = (ends - starts)[done:until]
        first = np.repeat(rows[done:until], lengths)
        offsets = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        second = order[np.repeat(starts[done:until], lengths) + offsets]
        once = first < second
        yield first[once], second[once]
        done = until


def _checked(hashes: Hashes, pairs: Iterator[Pairs], radius: int) -> Iterator[Pairs]:
    wide = hashes.view(np.uint64)
    for first, second in pairs:
        near = distances(wide[first], wide[second]) <= radius
        if near.any():
            yield first[near], second[near]


def distances(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Hamming distances of the rows of two (n, 4) arrays."""
    counts: NDArray[np.intp] = _ones(left ^ right).sum(1)
    return counts


def _ones(values: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Bits set in each value; numpy has bitwise_count from version 2 only."""
    counts: NDArray[np.intp] = _TABLE[np.ascontiguousarray(values).view(np.uint8)].reshape(*values.shape, 8).sum(2)
    return counts
