"""The ladder: a public score that answers only to real progress, so that probing the board learns little.

Blum and Hardt, "The Ladder: A Reliable Leaderboard for Machine Learning Competitions", ICML 2015, arXiv 1502.04585,
section 3: R_0 = ∞; in round t, where R_S(f_t) < R_{t−1} − η, R_t = [R_S(f_t)]_η, else R_t = R_{t−1}, where [x]_η is x
rounded to the nearest integer multiple of η. The paper's R is a loss; for a score all signs are turned.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction


def ladder(scores: Sequence[float], step: float, *, higher_is_better: bool) -> list[float]:
    """The score that is shown after each of a team's entries, given theirs in order; `step` is the paper's η.

    Numbers are taken as they are written, so that 0.7 is by exactly 0.1 better than 0.6: not more than a step of 0.1.
    """
    return [float(shown) for shown in _climb(scores, Fraction(str(step)), sign=1 if higher_is_better else -1)]


def _climb(scores: Sequence[float], step: Fraction, *, sign: int) -> Iterator[Fraction]:
    shown: Fraction | None = None
    for score in (Fraction(str(score)) for score in scores):
        if shown is None or sign * (score - shown) > step:
            shown = round(score / step) * step
        yield shown
