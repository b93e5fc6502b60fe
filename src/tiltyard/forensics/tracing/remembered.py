"""Slow pure functions asked twice the same: cues and the network look at the same picture."""

from collections import deque
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import Any, Concatenate, ParamSpec

import numpy as np
from numpy.typing import NDArray

KEPT = 2
"""Answers: of a picture, and of a part that is compared with it."""
LARGEST = 16_000_000
"""Values: of more nothing is kept, for that would be much memory, and large pictures are looked at in bands."""

Given = ParamSpec("Given")
Asked = Callable[Concatenate[NDArray[Any], Given], NDArray[np.float32]]


def remembered(compute: Asked[Given]) -> Asked[Given]:
    """The same function, which keeps its last answers by what it was given; they cannot be written to."""
    kept = deque[tuple[Any, NDArray[np.float32]]](maxlen=KEPT)

    @wraps(compute)
    def answer(values: NDArray[Any], /, *args: Given.args, **kwargs: Given.kwargs) -> NDArray[np.float32]:
        if values.size > LARGEST:
            return compute(values, *args, **kwargs)
        key = (
            blake2b(np.ascontiguousarray(values).data).digest(),
            values.shape,
            values.dtype,
            args,
            tuple(kwargs.items()),
        )
        for earlier, found in tuple(kept):
            if earlier == key:
                return found
        found = compute(values, *args, **kwargs)
        found.flags.writeable = False
        kept.append((key, found))
        return found

    return answer
