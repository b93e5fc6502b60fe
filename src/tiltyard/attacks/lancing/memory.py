"""What an attack has learned about each image: its best point so far, how near it came, which classes lie near."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from tiltyard.attacks.books import Books
from tiltyard.attacks.losses import margin
from tiltyard.attacks.norms import project, steepest

STILL = 0.02
"""A best margin that grew by less than this share of the model's usual margin has not moved."""
MOST_RIDES = 40
"""Runs after which an image is given up, about 1800 gradients: several times what AutoAttack spends on one."""
LANES = 32
"""Where fewer images are left, so many random starts run side by side: small batches are slow."""
AROUND = 4
"""Points around one over which a masked gradient is averaged."""


@dataclass
class Memory:
    """One row an image. `worth` (n,) is the best margin, above 0 where it misled; `unit` is the usual clean margin."""

    books: Books
    bounds: tuple[float, float]
    generator: torch.Generator
    clean: Tensor
    worth: Tensor
    points: Tensor
    unit: float
    step_done: Callable[[], None]
    draws: int = 1
    """Passes that are averaged, where the model answers at random."""
    jitter: float = 0.0
    """Deviation, in eps, of the points around which gradients are averaged, where single ones lead nowhere."""
    steps: int = 0
    blind: int = 0
    """Gradients asked for, and those that were zero or not finite."""
    rides: Tensor = field(init=False)
    """Runs on each image, and the one in which its best margin last moved (CPU, n)."""
    moved: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.rides = torch.zeros(len(self.points), dtype=torch.int64)
        self.moved = torch.zeros(len(self.points), dtype=torch.int64)

    @classmethod
    def of(
        cls,
        books: Books,
        logits: Tensor,
        bounds: tuple[float, float],
        generator: torch.Generator,
        step_done: Callable[[], None],
        *,
        draws: int,
    ) -> "Memory":
        """Starts from the logits of the images themselves."""
        index = torch.arange(len(books.images))
        worth = books.worth(logits, index, margin)
        top = logits.topk(2, dim=1).values
        unit = float((top[:, 0] - top[:, 1]).median().clamp_min(1e-12))
        return cls(books, bounds, generator, logits, worth, books.images.clone(), unit, step_done, draws)

    def note(self, points: Tensor, index: Tensor, answers: list[Tensor]) -> Tensor:
        """Keeps the points that came nearer than any before, by the mean of some answers; their margins (n,).

        An image may stand in `index` more than once.
        """
        worth = torch.stack([self.books.worth(logits, index, margin) for logits in answers]).mean(0)
        rows = index.to(worth.device)
        before = self.worth.clone()
        self.worth.scatter_reduce_(0, rows, worth, "amax")
        nearer = (worth > before[rows]) & (worth == self.worth[rows])
        far = worth > before[rows] + STILL * self.unit
        self.moved[index[far.cpu()]] = self.rides[index[far.cpu()]]
        self.points[rows[nearer]] = points[nearer]
        return worth

    def forget(self, index: Tensor, answers: list[Tensor]) -> None:
        """What more answers say about the best points of `index` replaces what fewer had said."""
        worth = torch.stack([self.books.worth(logits, index, margin) for logits in answers]).mean(0)
        self.worth[index.to(worth.device)] = worth

    def leave_nearest(self) -> None:
        """Where an image still resists, the point that came nearest stands for it."""
        active = self.books.active
        self.books.keep(self.points[active], active)

    def nearest(self, share: float, most: int) -> Tensor:
        """Of the images that resist and are not given up, the nearest: that share of them, `most` at most."""
        active = self.books.active
        active = active[self.rides[active] < MOST_RIDES]
        count = min(max(1, round(share * len(active))), most)
        if count >= len(active):
            return active
        order = self.worth[active.to(self.worth.device)].argsort(descending=True, stable=True).cpu()
        return active[order[:count]].sort().values

    def aims(self, index: Tensor, rank: int) -> Tensor:
        """The class with the `rank`-th highest clean logit, the label left out (n,); −1 where any will do."""
        rows = index.to(self.clean.device)
        if rank == 0 or self.books.threat.targeted:
            return torch.full_like(rows, -1)
        labels = self.books.labels[rows]
        others = self.clean[rows].scatter(1, labels[:, None], float("-inf"))
        return others.argsort(dim=1, descending=True, stable=True)[:, (rank - 1) % (others.shape[1] - 1)]

    def mixes(self, index: Tensor) -> Tensor:
        """Random weights of the logits in [−1, 1], never for the label (n, classes)."""
        mix = torch.rand((len(index), self.clean.shape[1]), generator=self.generator).to(self.clean.device) * 2 - 1
        labels = self.books.labels[index.to(mix.device)][:, None]
        return mix.scatter(1, labels, -mix.gather(1, labels).abs())

    @property
    def passes(self) -> int:
        """Passes that one gradient takes."""
        return max(self.draws, AROUND if self.jitter else 1)

    def jittered(self, points: Tensor) -> Tensor:
        noise = torch.randn(points.shape, generator=self.generator).to(points.device)
        if self.books.threat.norm == "l2":
            noise = noise / noise[0].numel() ** 0.5
        return (points + self.jitter * self.books.threat.eps * noise).clamp(*self.bounds)

    def count_blind(self, gradient: Tensor) -> None:
        """Keeps count of gradients that are zero or not finite."""
        size = gradient.flatten(1).abs().amax(1)
        self.steps += len(size)
        self.blind += int((~torch.isfinite(size) | (size == 0)).sum())

    @property
    def is_blind(self) -> bool:
        """Whether most gradients so far were zero or not finite."""
        return 2 * self.blind > self.steps

    def unfinished(self, course: int) -> Tensor:
        """Whether an image resists (CPU, n) and had fewer runs, or its margin still moved in their last third.

        Where gradients lead nowhere, all resisting images are, unless forwards were left that nothing was done with.
        """
        resists = ~self.books.success
        if self.is_blind:
            return resists & (self.books.forwards_left() < self.draws * len(self.books.active))
        return resists & ((self.rides < course) | (3 * self.moved > 2 * self.rides))

    def corners(self, index: Tensor) -> Tensor:
        """Random corners of the cube for L∞, random points of the sphere for L2."""
        centres = self.books.images[index]
        noise = torch.randn(centres.shape, generator=self.generator).to(centres.device)
        threat = self.books.threat
        return project(centres + threat.eps * steepest(noise, threat), centres, threat, self.bounds)
