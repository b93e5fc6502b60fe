"""What all tests share: where the data lies, whether a jail works."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("TILTYARD_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def whitebox_data() -> Path:
    """The five CIFAR-10 models that may not be shipped."""
    if not (DATA / "whitebox" / "models.py").is_file():
        pytest.skip(f"needs the white-box models in {DATA / 'whitebox'}: set TILTYARD_DATA")
    return DATA / "whitebox"


@pytest.fixture(scope="session")
def jail() -> None:
    """A test that asks for it runs a real jail, or is skipped with the doctor's reason."""
    from tiltyard.errors import JailUnavailable
    from tiltyard.jail.doctor import require_jail

    try:
        require_jail()
    except JailUnavailable as error:
        pytest.skip(f"no working jail: {error}")
