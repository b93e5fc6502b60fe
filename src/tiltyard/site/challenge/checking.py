"""Whether a folder is a challenge: its file, the files that it names, every contest's data, lists of public items."""

from collections.abc import Sequence
from pathlib import Path

from tiltyard.contest.challenge import CHALLENGE, Challenge, Contest, read_challenge
from tiltyard.contest.loading import below
from tiltyard.contest.names import JUNK, is_junk, one_line
from tiltyard.contest.public_list import Known, check_list, read_list
from tiltyard.contest.registry import find_track
from tiltyard.errors import TiltyardError


def check_folder(folder: Path) -> Challenge:
    """The challenge of a folder, after every contest's data was loaded once and compared with lists of public items.

    TiltyardError names what is wrong.
    """
    challenge = read_challenge(folder)
    _check_nothing_is_left_out(folder, challenge)
    for path in _named_files(challenge):
        found = below(folder, path)
        if found is None or not found.is_file():
            raise TiltyardError(f"{folder / CHALLENGE}: names {path}, which is not in the folder")
    with_list = [phase for phase in challenge.phases if phase.board.public_items]
    listing = {contest.name for phase in with_list for contest in challenge.contests_of(phase)}
    known = {contest.name: _loaded(folder, contest, tell=contest.name in listing) for contest in challenge.contests}
    for phase in with_list:
        own = {contest.name: known[contest.name] for contest in challenge.contests_of(phase)}
        _check_list(folder, phase.board.public_items, own)
    return challenge


def _loaded(folder: Path, contest: Contest, *, tell: bool) -> Sequence[str] | None:
    """Loads the contest's data; what may be named as a public item, where that is wanted and the track can tell."""
    try:
        track = find_track(contest.track)
        data = track.load(contest.data, folder, contest.settings)
        return track.cluster_values(data) if tell else None
    except TiltyardError as error:
        raise TiltyardError(f"contest {contest.name}: {error}") from None


def _check_list(folder: Path, name: str, known: Known) -> None:
    try:
        check_list(read_list(folder / name, name), name, known)
    except TiltyardError as error:
        raise TiltyardError(f"{folder / CHALLENGE}: {error}") from None


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
