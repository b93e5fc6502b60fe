"""What the help of a verb says holds for that verb."""

import pytest
from typer.testing import CliRunner

from tiltyard.cli.app import app


def help_of(*verb: str) -> str:
    done = CliRunner().invoke(app, [*verb, "--help"], env={"COLUMNS": "300"})
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("verb", ["add", "list"])
def test_verbs_that_need_a_site_do_not_say_that_they_make_one(verb: str) -> None:
    found = help_of("challenges", verb)
    assert "The data folder of a site that is there" in found
    assert "made where it is missing" not in found


@pytest.mark.parametrize("track", ["forgery", "credential"])
def test_tracks_without_attacks_do_not_speak_of_them_at_the_seed(track: str) -> None:
    found = help_of("run", track)
    assert "For the resamples behind the intervals" in found
    assert "randomised models" not in found


def test_tracks_with_attacks_say_what_the_seed_is_for() -> None:
    assert "randomised models" in help_of("run", "whitebox")
