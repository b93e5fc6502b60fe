"""A picture that is made when somebody looks at it: most ways of forging never look at their donor."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tiltyard.forensics.picture import Picture, Pixels, Quad, TextLine
from tiltyard.forensics.saving import Saving


class LatePicture(Picture):
    """As good as the picture that `make` gives, which is called at most once."""

    def __init__(self, make: Callable[[], Picture]) -> None:
        object.__setattr__(self, "_make", make)

    @property  # type: ignore[misc]
    def __class__(self) -> type[Picture]:  # type: ignore[override]
        """What `dataclasses.replace` makes of it is an ordinary picture."""
        return Picture

    @cached_property
    def _made(self) -> Picture:
        make: Callable[[], Picture] = self.__dict__["_make"]
        return make()

    @property
    def pixels(self) -> Pixels:
        return self._made.pixels

    @property
    def lines(self) -> tuple[TextLine, ...]:
        return self._made.lines

    @property
    def portraits(self) -> tuple[Quad, ...]:
        return self._made.portraits

    @property
    def saved(self) -> Saving:
        return self._made.saved

    @property
    def source(self) -> str:
        return self._made.source

    def moved(self, pixels: Pixels, homography: NDArray[np.float64]) -> Picture:
        return self._made.moved(pixels, homography)
