"""Whether a folder is a challenge: its file, the files that it names, and the data of every contest."""

from pathlib import Path

from tiltyard.contest.challenge import CHALLENGE, Challenge, read_challenge
from tiltyard.contest.loading import below
from tiltyard.contest.registry import find_track
from tiltyard.errors import TiltyardError


def check_folder(folder: Path) -> Challenge:
    """The challenge of a folder, after every contest's data was loaded once. TiltyardError names what is wrong."""
    challenge = read_challenge(folder)
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


def _named_files(challenge: Challenge) -> list[str]:
    """The files beside the data that the challenge names."""
    released = [release.file for phase in challenge.phases for release in phase.releases]
    return [*released, *(phase.board.public_items for phase in challenge.phases if phase.board.public_items)]
