"""The score interval of a share (Wilson 1927): honest for few items and for shares near 0 and 1."""

from math import sqrt
from statistics import NormalDist

LEVEL = 0.95


def wilson(hits: int, items: int, *, level: float = LEVEL) -> tuple[float, float]:
    """Bounds, as fractions, of the share that `hits` of `items` independent items estimate; (0, 1) for no items."""
    if not items:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, weight = hits / items, z * z / items
    centre = share + weight / 2
    reach = z * sqrt(share * (1 - share) / items + weight / (4 * items))
    return max(0.0, (centre - reach) / (1 + weight)), min(1.0, (centre + reach) / (1 + weight))
