"""The fixed public share of a contest's items."""

import hashlib
import math
from fractions import Fraction

import polars as pl

from tiltyard.errors import TiltyardError


def public_keys(keys: list[str], *, share: float, seed: int) -> set[str]:
    """The first ceil(share × n) distinct keys in the order of a seeded hash: fixed, and independent of input order.

    Raises TiltyardError for a share outside 0–1.
    """
    if not 0 <= share <= 1:
        raise TiltyardError(f"the public share is {share}: it must lie between 0 and 1")
    ranked = sorted(set(keys), key=lambda key: hashlib.sha256(f"{seed}|{key}".encode()).digest())
    return set(ranked[: math.ceil(Fraction(str(share)) * len(ranked))])


def public_rows(rows: pl.DataFrame, column: str, *, share: float, seed: int) -> pl.DataFrame:
    """The rows of the public items, where `column` names the item (a track's cluster)."""
    if rows.is_empty():
        return rows
    chosen = public_keys(rows[column].cast(pl.String).to_list(), share=share, seed=seed)
    return rows.filter(pl.col(column).cast(pl.String).is_in(list(chosen)))
