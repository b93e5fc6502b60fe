"""`tiltyard challenges`: a folder is checked without a site, brought to one, and listed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_adding import folder

SITE = """
from tiltyard.site.serving import preparing
from pathlib import Path
preparing.point_to(Path({data!r}), "")
import django
django.setup()
preparing.migrate()
from tiltyard.site.models import User
User.objects.create_superuser("olga@example.org", "secret", name="Olga")
"""


OWN = ("DJANGO_SETTINGS_MODULE", "TILTYARD_SITE")
"""What the tests themselves run under."""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)


def tiltyard(*arguments: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "tiltyard", *arguments)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A site's data folder with an administrator."""
    place = tmp_path / "site"
    place.mkdir()
    python("-c", SITE.format(data=str(place))).check_returncode()
    return place


def test_a_folder_is_checked_added_and_listed(data: Path, tmp_path: Path) -> None:
    place = folder(tmp_path / "it")
    checked = tiltyard("challenges", "check", str(place))
    assert "forged: a sound challenge of 1 phases" in checked.stdout
    added = tiltyard("challenges", "add", str(place), "--data", str(data))
    assert added.stdout == "forged: version 1, a draft that its organisers see and publish\n", added.stderr
    again = tiltyard("challenges", "add", str(place), "--data", str(data), "--note", "again")
    assert again.stdout.startswith("forged: version 2")
    listed = tiltyard("challenges", "list", "--data", str(data), "--json", "-")
    assert json.loads(listed.stdout) == [{"name": "forged", "state": "draft", "version": 2, "teams": 0, "entries": 0}]


def test_a_shipped_challenge_is_written_with_what_goes_beside_it(tmp_path: Path) -> None:
    place = tmp_path / "mine"
    written = tiltyard("challenges", "new", "digits", str(place))
    assert written.stdout.startswith("The sample: three small networks that the package ships"), written.stderr
    assert "digits: a sound challenge" in tiltyard("challenges", "check", str(place)).stdout
    assert "data/contest        the truth of" in tiltyard("challenges", "new", "tianchi", str(tmp_path / "t")).stdout
    again = tiltyard("challenges", "new", "tianchi", str(place))
    assert (again.returncode, again.stderr) == (2, f"tiltyard: {place}: is not an empty folder: choose another\n")
    assert (place / "challenge.toml").read_text().startswith("# The sample")
    wrong = tiltyard("challenges", "new", "../digits", str(tmp_path / "x"))
    assert wrong.stderr == (
        "tiltyard: no challenge named '../digits' is shipped: there are credential, cvpr2021, digits, tianchi\n"
    )
    assert not (tmp_path / "x").exists()


def test_what_is_wrong_is_one_line(data: Path, tmp_path: Path) -> None:
    place = folder(tmp_path / "it", data="nowhere")
    wrong = tiltyard("challenges", "check", str(place))
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "nowhere" in wrong.stderr
    missing = tiltyard("challenges", "list", "--data", str(tmp_path / "none"))
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    nobody = tiltyard("challenges", "add", str(folder(tmp_path / "that")), "--data", str(data), "--organiser", "x@y.z")
    assert "nobody has signed up" in nobody.stderr
