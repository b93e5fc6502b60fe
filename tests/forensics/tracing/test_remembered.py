"""What was asked before is not computed again, and nothing else is taken for it."""

import numpy as np
import pytest

from tiltyard.forensics.tracing import remembered as module
from tiltyard.forensics.tracing.remembered import KEPT, remembered


class Doubled:
    def __init__(self) -> None:
        self.times = 0
        self.ask = remembered(self.compute)

    def compute(self, values: np.ndarray, by: int) -> np.ndarray:
        self.times += 1
        return (values * by).astype(np.float32)


def test_the_same_values_are_computed_once() -> None:
    doubled, values = Doubled(), np.arange(12.0).reshape(3, 4)
    first = doubled.ask(values, 2)
    assert doubled.ask(values.copy(), 2) is first
    assert doubled.ask(values[:, ::-1][:, ::-1], 2) is first
    assert doubled.times == 1


def test_other_values_shapes_kinds_and_arguments_are_other_questions() -> None:
    doubled, values = Doubled(), np.zeros((3, 4))
    for asked, by in ((values, 2), (values, 3), (values + 1, 2), (values.reshape(4, 3), 2), (values.view(np.int64), 2)):
        assert np.array_equal(doubled.ask(asked, by), asked * by)
    assert doubled.times == 5


def test_values_that_were_changed_in_place_are_computed_anew() -> None:
    doubled, values = Doubled(), np.ones((2, 2))
    doubled.ask(values, 2)
    values[0, 0] = 5
    assert doubled.ask(values, 2)[0, 0] == 10


def test_answers_cannot_be_written_to_and_only_the_last_are_kept() -> None:
    doubled = Doubled()
    with pytest.raises(ValueError, match="read-only"):
        doubled.ask(np.ones(3), 2)[0] = 1
    for number in range(KEPT):
        doubled.ask(np.full(3, number + 5.0), 2)
    doubled.ask(np.ones(3), 2)
    assert doubled.times == KEPT + 2


def test_of_large_pictures_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 4)
    doubled = Doubled()
    for _ in range(2):
        doubled.ask(np.ones(5), 2)
    assert doubled.times == 2
