"""The fixed public share of a contest's items."""

import hashlib
import math

import polars as pl


def public_keys(keys: list[str], *, share: float, seed: int) -> set[str]:
    """The first ceil(share × n) distinct keys in the order of a seeded hash: fixed, and independent of input order."""
    ranked = sorted(set(keys), key=lambda key: hashlib.sha256(f"{seed}|{key}".encode()).digest())
    return set(ranked[: math.ceil(share * len(ranked))])


def public_rows(rows: pl.DataFrame, column: str, *, share: float, seed: int) -> pl.DataFrame:
    """The rows of the public items, where `column` names the item (a track's cluster)."""
    if rows.is_empty():
        return rows
    chosen = public_keys(rows[column].cast(pl.String).to_list(), share=share, seed=seed)
    return rows.filter(pl.col(column).cast(pl.String).is_in(list(chosen)))
