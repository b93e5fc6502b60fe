"""What `import tiltyard` offers: these names, and nothing that costs time."""

import subprocess
import sys

import pytest

import tiltyard

PUBLIC = {"RobustnessReport", "Threat", "evaluate"}


def test_these_names_are_exported_and_no_others() -> None:
    assert set(tiltyard.__all__) == PUBLIC
    assert set(dir(tiltyard)) >= PUBLIC
    assert all(getattr(tiltyard, name).__name__ == name for name in PUBLIC)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        tiltyard.nothing_of_the_kind  # noqa: B018


def test_import_is_cheap_and_threats_need_no_torch() -> None:
    code = (
        "import sys, tiltyard; tiltyard.Threat('linf', 0.1); "
        "sys.exit(bool({'torch', 'numpy', 'polars', 'matplotlib', 'jinja2', 'django'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
