"""Settings files: what is wrong is one line, whatever their numbers do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from pydantic import BaseModel, model_validator

from tiltyard.contest.loading import checked_settings
from tiltyard.contest.settings import read_settings
from tiltyard.errors import TiltyardError


class Closing(BaseModel):
    """Closes some days after it opens."""

    days: int

    @model_validator(mode="after")
    def _closes(self) -> Self:
        datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=self.days)
        if self.days < 0:
            raise ValueError("it closes before it opens")
        return self


def test_a_rule_is_told_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("days = -1")
    with pytest.raises(TiltyardError, match=r"x\.toml: the file: it closes before it opens$"):
        read_settings(tmp_path / "x.toml", Closing)
    with pytest.raises(TiltyardError, match=r"track toy: setting of them all: it closes before it opens$"):
        checked_settings("toy", {"days": -1}, Closing)


def test_a_date_out_of_range_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("days = 999999999")
    with pytest.raises(TiltyardError, match=r"x\.toml: a date or a number is out of range \(date value out of range\)"):
        read_settings(tmp_path / "x.toml", Closing)
    (tmp_path / "x.toml").write_text("days = 3")
    assert read_settings(tmp_path / "x.toml", Closing).days == 3
