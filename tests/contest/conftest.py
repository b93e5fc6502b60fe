"""A finished evaluation of the toy contest, and copies of it to tamper with."""

import shutil
from pathlib import Path

import pytest
from toy_contest import evaluated


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished evaluation that no test touches."""
    return evaluated(tmp_path_factory.mktemp("pristine")).folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(pristine, tmp_path / "copy"))
