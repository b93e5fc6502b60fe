"""What a viewer may know: the only place where pages, API, exports, feeds, mails and logs learn it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser

from tiltyard.contest import challenge as files
from tiltyard.contest import visibility
from tiltyard.contest.refresh import next_refresh
from tiltyard.contest.registry import find_track
from tiltyard.contest.standings import Interval, Result, shown_figures, standings
from tiltyard.contest.visibility import Role, Sight
from tiltyard.site.clock import now
from tiltyard.site.models import BoardSnapshot, Challenge, Entry, Evaluation, Job, Team, User
from tiltyard.site.ranking.results import FINISHED, Ranking, interval_of, ranking, results

Viewer = User | AnonymousUser


@dataclass(frozen=True)
class Figures:
    """An entry's figures as they may be shown; the interval is of the metric that ranks."""

    values: Mapping[str, float]
    interval: Interval | None


@dataclass(frozen=True)
class Seen:
    """What a viewer sees of an entry beside the team's own words; None: there is nothing, or nothing to be seen."""

    sight: Sight
    public: Figures | None = None
    private: Figures | None = None
    public_from: datetime | None = None
    """When a public score that is there already will be shown."""
    reason: str = ""


def is_organiser(user: Viewer, challenge: Challenge) -> bool:
    """Whether the user runs this challenge; an administrator runs all."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or challenge.organisers.filter(pk=user.pk).exists()


def may_see(user: Viewer, challenge: Challenge) -> bool:
    """Whether the challenge exists for the user: drafts only for their organisers."""
    return challenge.state != Challenge.State.DRAFT or is_organiser(user, challenge)


def role_of(user: Viewer, challenge: Challenge, team: Team | None = None) -> Role:
    """Who the user is to an entry of the team; without a team nobody is its member."""
    if is_organiser(user, challenge):
        return Role.organiser
    if not user.is_authenticated:
        return Role.visitor
    own = team is not None and team.memberships.filter(user=user).exists()
    return Role.member if own else Role.participant


def sees_entry(user: Viewer, entry: Entry) -> bool:
    """Whether the entry exists for the user: for its team and for organisers alone."""
    return role_of(user, entry.challenge, None if entry.outside else entry.team) in (Role.member, Role.organiser)


def sees_board(user: Viewer, challenge: Challenge, phase: files.Phase, kind: str) -> bool:
    """Whether the user sees the board of the phase on public items, or on all."""
    seen = visibility.sight(role_of(user, challenge), phase, now(), hidden=True)
    return seen.private_score if kind == BoardSnapshot.Kind.PRIVATE else seen.public_score


def seen(user: Viewer, entry: Entry) -> Seen:
    """What the user sees of one entry."""
    return all_seen(user, [entry])[entry.pk]


def all_seen(user: Viewer, entries: Iterable[Entry]) -> dict[int, Seen]:
    """What the user sees of entries, by their number."""
    shown: dict[int, Seen] = {}
    for (challenge, team), own in _by_team(entries).items():
        shown |= _Looking(role_of(user, challenge, team), challenge, team, now()).at(own)
    return shown


def _by_team(entries: Iterable[Entry]) -> dict[tuple[Challenge, Team], list[Entry]]:
    found: dict[tuple[Challenge, Team], list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.challenge, entry.team].append(entry)
    return found


@dataclass(frozen=True)
class _Looking:
    """A viewer at the entries of one team, at one moment."""

    role: Role
    challenge: Challenge
    team: Team
    moment: datetime

    def at(self, entries: Sequence[Entry]) -> dict[int, Seen]:
        finished: dict[int, list[Evaluation]] = defaultdict(list)
        found = Evaluation.objects.filter(entry__in=entries, state__in=FINISHED, finished__lte=self.moment)
        for evaluation in found.select_related("version").defer("parts", "files").order_by("number"):
            finished[evaluation.entry_id].append(evaluation)
        figures: dict[tuple[str, str, int], dict[int, Figures]] = {}
        return {entry.pk: self._seen(entry, finished[entry.pk], figures) for entry in entries}

    def _seen(
        self, entry: Entry, finished: list[Evaluation], figures: dict[tuple[str, str, int], dict[int, Figures]]
    ) -> Seen:
        role = Role.participant if entry.outside and self.role is not Role.organiser else self.role
        sight = _sight(role, entry, self.moment)
        if role not in (Role.member, Role.organiser):
            return Seen(sight)
        phase = self.challenge.file.phase(entry.phase)
        by = visibility.known_by(role, phase, self.moment, self.challenge.file.tz)
        scored, newest = _scored([one for one in finished if one.finished and one.finished <= by]), _scored(finished)
        later = sight.public_score and newest is not None and newest != scored
        return Seen(
            sight,
            public=self._public(entry, scored, by, figures) if scored and sight.public_score else None,
            private=_private(entry, scored) if scored and sight.private_score else None,
            public_from=next_refresh(phase.board, self.moment, self.challenge.file.tz) if later else None,
            reason=_reason(entry, sight),
        )

    def _public(
        self,
        entry: Entry,
        evaluation: Evaluation,
        by: datetime,
        figures: dict[tuple[str, str, int], dict[int, Figures]],
    ) -> Figures | None:
        """Rounded, or with a ladder what the ladder says after this entry; worked out once for all entries."""
        key = (entry.phase, entry.contest, evaluation.version.edition(entry.contest))
        if key not in figures:
            of = ranking(self.challenge, *key)
            own = results(of, by, public=True, team=self.team)
            values = shown_figures(own, of.metric, of.phase.board)
            figures[key] = {one.entry: Figures(values[one.entry], _interval(one, of)) for one in own}
        return figures[key].get(entry.pk)


def _sight(role: Role, entry: Entry, moment: datetime) -> Sight:
    file = entry.challenge.file
    hidden = visibility.still_hidden(file, file.contest(entry.contest), moment)
    return visibility.sight(role, file.phase(entry.phase), moment, hidden=hidden)


def _reason(entry: Entry, sight: Sight) -> str:
    """Why the entry's evaluation ended; of a program that failed while it ran on hidden data, the rule alone."""
    evaluation = entry.evaluation
    if evaluation is None or not sight.reason:
        return ""
    if evaluation.state == Evaluation.State.FAILED and not sight.log and _ran(entry, evaluation):
        return visibility.outlined(evaluation.reason)
    return evaluation.reason


def _ran(entry: Entry, evaluation: Evaluation) -> bool:
    """Whether the entry is a program that was run, for this score or its basis: what it says may hold what it saw."""
    track = find_track(entry.challenge.file.contest(entry.contest).track)
    measured = evaluation.basis_id is not None or evaluation.jobs.filter(kind=Job.Kind.MEASURE).exists()
    return track.runs_code and measured


def _scored(finished: Sequence[Evaluation]) -> Evaluation | None:
    """The evaluation that counts, if it gave a score."""
    newest = finished[-1] if finished else None
    return newest if newest is not None and newest.state == Evaluation.State.SCORED else None


def _interval(result: Result, of: Ranking) -> Interval | None:
    """As a public board would show it of this entry alone."""
    [line] = standings([result], of.metric, of.phase.board, public=True)
    return line.interval


def _private(entry: Entry, evaluation: Evaluation) -> Figures:
    of = ranking(entry.challenge, entry.phase, entry.contest, evaluation.version.edition(entry.contest))
    return Figures(evaluation.values, interval_of(evaluation, of, public=False))
