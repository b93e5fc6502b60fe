"""A small set of forged and authentic documents, and what is measured of it: made once."""

from pathlib import Path

import pytest

from tiltyard.contest.executor import Here
from tiltyard.forensics.locating.batches import Pool, pool_of
from tiltyard.forensics.locating.material import prepare
from tiltyard.forensics.making.folder import write_set
from tiltyard.forensics.making.recipe import document_recipe


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten documents in two parts, about half of them forged."""
    folder = tmp_path_factory.mktemp("sets") / "documents"
    recipe = document_recipe(
        seed=900_777, count=10, families=["invoice"], scripts=["latin"], kinds=["splice", "text_edit"], long_side=400,
        samples_a_part=5,
    )  # fmt: skip
    write_set(recipe, folder, Here())
    return folder


@pytest.fixture(scope="session")
def pool(documents: Path, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """Their pages."""
    return pool_of(prepare([documents], tmp_path_factory.mktemp("pages"), Here())[0])
