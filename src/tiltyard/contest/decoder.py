"""The process that decodes a stranger's rows: Parquet on standard input, the same rows written anew on standard output.

It is run as a script, and imports nothing of this package: see `apart`.
"""

import io
import resource
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import polars as pl

STARTED = "the decoder has started"
"""On standard error, before anything is read: what goes wrong until then is no fault of the file."""
REFUSED = 3
"""The exit code where standard output says why."""


def main(memory: int, most_rows: int, most_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    import polars as pl

    _try_out()
    print(STARTED, file=sys.stderr, flush=True)  # noqa: T201 - what the parent waits for
    try:
        rows = decoded(sys.stdin.buffer.read(), most_rows, most_bytes)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        refuse(str(error))
    rows.write_parquet(sys.stdout.buffer)


def decoded(content: bytes, most_rows: int, most_bytes: int) -> "pl.DataFrame":
    """The rows, where there are not too many, and none is of a kind whose size cannot be told."""
    import polars as pl

    found = pl.scan_parquet(io.BytesIO(content))
    for dtype in found.collect_schema().dtypes():
        if not is_plain(dtype):
            refuse(f"a column holds {type(dtype).__name__}, and no evaluation does")
    _check(found.select(pl.len()).collect().item(), most_rows)
    rows = pl.read_parquet(io.BytesIO(content))
    _check(rows.height, most_rows)
    if rows.estimated_size() > most_bytes:
        refuse(f"more than the {most_bytes >> 20} MiB that rows may take")
    return rows


def refuse(reason: str) -> NoReturn:
    sys.stdout.buffer.write(reason.encode(errors="replace"))
    sys.exit(REFUSED)


def _try_out() -> None:
    """Raises, or aborts, where this machine lets nothing be decoded: no memory, no threads."""
    import polars as pl

    sample = io.BytesIO()
    pl.DataFrame({"item": ["one"]}).write_parquet(sample)
    pl.scan_parquet(io.BytesIO(sample.getvalue())).select(pl.len()).collect()


def is_plain(dtype: "pl.DataType") -> bool:
    """Whether a column takes what its size says: one of categories holds codes, and each may stand for a megabyte.

    Nulls within a list take a place each, and are counted as none.
    """
    import polars as pl

    within: list[pl.DataType] = []
    if isinstance(dtype, pl.Struct):
        within = [field.dtype for field in dtype.fields]  # type: ignore[misc]
    elif isinstance(dtype, pl.List | pl.Array):
        within = [dtype.inner]  # type: ignore[list-item]
    if within:
        return all(inner != pl.Null and is_plain(inner) for inner in within)
    return dtype.is_numeric() or dtype.is_temporal() or dtype in (pl.String, pl.Binary, pl.Boolean, pl.Null)


def _check(rows: int, most_rows: int) -> None:
    if rows > most_rows:
        refuse(f"{rows} rows, and an evaluation has at most {most_rows}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
