"""Strips of a picture: work whose temporaries fit into the processor's cache takes half the time."""

from collections.abc import Iterator

ROWS = 64
"""Rows a strip: even, so that every strip begins with the same row of a Bayer cell; a multiple of a warp's step."""


def bands(height: int) -> Iterator[slice]:
    """The rows of each strip from top to bottom."""
    return (slice(top, min(top + ROWS, height)) for top in range(0, height, ROWS))
