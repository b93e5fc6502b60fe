"""Gradient-free queries: square patches from the best points known, for the forwards that gradients leave free."""

from torch import Tensor

from tiltyard.attacks.lancing.memory import LANES, Memory
from tiltyard.attacks.patches import propose, start_patches
from tiltyard.attacks.rows import none_of, overwrite
from tiltyard.attacks.square import share_of_image

FRESH, NEAR = 0.8, 0.1
"""Share of an image that the first patch covers: from a new start, from a point that is already good."""


def search(memory: Memory, queries: int, index: Tensor | None = None, *, fresh: bool = False, reserve: int = 0) -> None:
    """Tries so many patches on the images that resist (`index`: on these), while the budget has more than `reserve`.

    `fresh` starts from stripes (arXiv 1912.00049) instead of the best points known. Where few images are left, several
    searches for each share the queries.
    """
    books, draws = memory.books, memory.draws
    chosen = books.active if index is None else index
    lanes = max(1, LANES // max(1, len(chosen))) if index is None else 1
    chosen, queries = chosen.repeat(lanes), -(-queries // lanes)
    state = start_patches(chosen, books.images[chosen], books.threat, memory.bounds, memory.generator)
    if not fresh:
        state.best, state.loss = memory.points[chosen], memory.worth[chosen.to(memory.worth.device)]
    for query in range(queries):
        if not len(state.index) or not books.affords(forwards=len(state.index) * draws + reserve):
            return
        points = state.best
        if query or not fresh:
            share = share_of_image(query, queries, FRESH if fresh else NEAR)
            points = propose(state, share, books.threat, memory.bounds, memory.generator)
        counts = none_of(points) if draws > 1 else None
        answers = [books.look(points, state.index, counts=counts) for _ in range(draws)]
        worth = memory.note(points, state.index, answers)
        better = worth > state.loss
        overwrite(state.best, better, points)
        overwrite(state.loss, better, worth)
        state.drop_broken(books.success)
        memory.step_done()
