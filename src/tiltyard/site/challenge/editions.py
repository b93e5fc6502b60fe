"""Editions: which versions of a challenge give scores that are comparable."""

from collections.abc import Mapping
from typing import Any

from tiltyard.contest.challenge import CHALLENGE, Challenge, Contest, Phase
from tiltyard.site.models import ChallengeVersion

Manifest = Mapping[str, str]


def after(before: ChallengeVersion | None, file: Challenge, manifest: Manifest, number: int) -> dict[str, int]:
    """Contest → first version of its edition, for the version of that number; a new edition where scores changed."""
    return {contest.name: _edition(before, file, contest, manifest, number) for contest in file.contests}


def same_rows(before: ChallengeVersion, after: ChallengeVersion, contest: str) -> bool:
    """Whether what was measured under the one version holds under the other, and only needs to be scored again."""
    pairs = ((version.file.contest(contest), version.manifest) for version in (before, after))
    one, other = (_measured(part, manifest) for part, manifest in pairs)
    return one == other


def _edition(
    before: ChallengeVersion | None, file: Challenge, contest: Contest, manifest: Manifest, number: int
) -> int:
    if before is None or contest.name not in [old.name for old in before.file.contests]:
        return number
    old = before.file.contest(contest.name)
    same = _measured(old, before.manifest) == _measured(contest, manifest)
    kept = same and _splits_agree(before, old, file, contest, manifest)
    return before.edition(contest.name) if kept else number


def _measured(contest: Contest, manifest: Manifest) -> tuple[Any, ...]:
    """What decides the rows: the track, its settings and seed, and every file of its data."""
    return contest.track, contest.data, contest.settings, contest.seed, _data_files(contest, manifest)


def _data_files(contest: Contest, manifest: Manifest) -> dict[str, str]:
    """Those below the data's folder; where the data is no folder, all that the file or a setting may name beside it."""
    below = {path: digest for path, digest in manifest.items() if path.startswith(f"{contest.data}/")}
    return below or {path: digest for path, digest in manifest.items() if path != CHALLENGE}


def _splits_agree(
    before: ChallengeVersion, old: Contest, file: Challenge, contest: Contest, manifest: Manifest
) -> bool:
    """Whether public scores are of the same items, in every phase that was there before."""
    earlier = {phase.name: split(phase, before.manifest) for phase in _phases(before.file, old)}
    return all(earlier.get(phase.name) in (None, split(phase, manifest)) for phase in _phases(file, contest))


def _phases(file: Challenge, contest: Contest) -> list[Phase]:
    return [phase for phase in file.phases if contest in file.contests_of(phase)]


def split(phase: Phase, manifest: Manifest) -> tuple[Any, ...]:
    """What decides which items of the phase are public."""
    rules = phase.board
    return rules.public_share, rules.split_seed, manifest.get(rules.public_items, rules.public_items)
