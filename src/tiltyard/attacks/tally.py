"""Steps counted for whoever wants to see progress."""

from dataclasses import dataclass

from tiltyard.attacks.result import Progress


@dataclass
class Tally:
    """Counts the steps of one attack, of which there are at most `total`."""

    progress: Progress | None
    total: int
    done: int = 0

    def step(self) -> None:
        self.reach(self.done + 1)

    def reach(self, done: int) -> None:
        """Steps that turned out to be needless count as done."""
        self.done = min(done, self.total)
        if self.progress:
            self.progress(self.done, self.total)
