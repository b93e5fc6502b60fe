"""Whether a folder is a challenge: its file, the files that it names, and the data of every contest."""

from pathlib import Path

from tiltyard.contest.challenge import CHALLENGE, Challenge, read_challenge
from tiltyard.contest.loading import below
from tiltyard.contest.names import JUNK, is_junk, one_line
from tiltyard.contest.registry import find_track
from tiltyard.errors import TiltyardError


def check_folder(folder: Path) -> Challenge:
    """The challenge of a folder, after every contest's data was loaded once. TiltyardError names what is wrong."""
    challenge = read_challenge(folder)
    _check_nothing_is_left_out(folder, challenge)
    for path in _named_files(challenge):
        found = below(folder, path)
        if found is None or not found.is_file():
            raise TiltyardError(f"{folder / CHALLENGE}: names {path}, which is not in the folder")
    for contest in challenge.contests:
        try:
            find_track(contest.track).load(contest.data, folder, contest.settings)
        except TiltyardError as error:
            raise TiltyardError(f"contest {contest.name}: {error}") from None
    return challenge


def _check_nothing_is_left_out(folder: Path, challenge: Challenge) -> None:
    """What desktops and interpreters leave behind is not kept with a challenge, so that it must not be named."""
    for path in (*_named_files(challenge), *(contest.data for contest in challenge.contests)):
        if is_junk(path):
            left_out = f"names {one_line(path)}, which is left out, as {', '.join(JUNK)} are"
            raise TiltyardError(f"{folder / CHALLENGE}: {left_out}: put it elsewhere")


def _named_files(challenge: Challenge) -> list[str]:
    """The files beside the data that the challenge names."""
    released = [release.file for phase in challenge.phases for release in phase.releases]
    return [*released, *(phase.board.public_items for phase in challenge.phases if phase.board.public_items)]
