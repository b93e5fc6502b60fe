"""Boards as they are kept: taken at the refreshes of their schedule, or after scores: by the scheduler or who looks."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from tiltyard.contest.phases import private_opened
from tiltyard.contest.refresh import refreshed
from tiltyard.contest.standings import Line, standings
from tiltyard.site.clock import now
from tiltyard.site.models import BoardSnapshot, Challenge, Evaluation
from tiltyard.site.ranking.each import for_each
from tiltyard.site.ranking.results import Ranking, finished, rankings, results

PUBLIC, PRIVATE = BoardSnapshot.Kind.PUBLIC, BoardSnapshot.Kind.PRIVATE
ONE_PICTURE = timedelta(minutes=10)
"""Boards that follow every score are kept once in this time."""
LOOKED_BACK = timedelta(minutes=10)
"""How long after its time a refresh is made up for; later it waits until somebody looks."""


def take_due(moment: datetime) -> int:
    """Takes every board whose refresh has come, or that follows scores and lacks some; how many these were."""
    newest = _newest_scores(moment)
    challenges = Challenge.objects.filter(pk__in={challenge for challenge, _, _ in newest})
    return for_each(challenges, lambda challenge: _take_due(challenge, newest, moment))


def _take_due(challenge: Challenge, newest: Mapping[tuple[int, str, str], datetime], moment: datetime) -> int:
    return sum(
        take_if_due(of, kind, moment)
        for of in rankings(challenge)
        if (scored := newest.get((challenge.pk, of.phase.name, of.contest.name)))
        for kind in (PUBLIC, PRIVATE)
        if _just_now(of, kind, moment, scored)
    )


def _newest_scores(moment: datetime) -> dict[tuple[int, str, str], datetime]:
    """Where something was finished since the refresh before the last one, at the latest when."""
    lately = Evaluation.objects.filter(finished__gte=moment - timedelta(days=1) - LOOKED_BACK)
    places = lately.values_list("entry__challenge", "entry__phase", "entry__contest").annotate(newest=Max("finished"))
    return {(challenge, phase, contest): newest for challenge, phase, contest, newest in places.order_by()}


def _just_now(of: Ranking, kind: str, moment: datetime, scored: datetime) -> bool:
    """Whether its refresh came just now, or the newest score where it follows every score."""
    since = scored if follows(of, kind, moment) else instant(of, kind, moment)
    return moment - since < LOOKED_BACK


def take_if_due(of: Ranking, kind: str, moment: datetime) -> bool:
    """Takes the board where scores are finished that its last picture does not know, and the refresh has come."""
    if not _lacks_scores(of, kind, moment):
        return False
    with held(of.challenge):
        return _lacks_scores(of, kind, moment) and _taken(of, kind, moment)


def take_all(challenge: Challenge) -> None:
    """Takes what is due of the rules as they are, before others come."""
    for of in rankings(challenge):
        for kind in (PUBLIC, PRIVATE):
            take_if_due(of, kind, now())


@contextmanager
def held(challenge: Challenge) -> Iterator[None]:
    """A transaction in which nobody else takes the challenge's boards or changes who stands on them.

    A board is shown by its time: without this, one reckoned before a disqualification could be kept after it.
    """
    with transaction.atomic():
        Challenge.objects.select_for_update(no_key=True).get(pk=challenge.pk)
        yield


def _lacks_scores(of: Ranking, kind: str, moment: datetime) -> bool:
    last = latest(of, kind)
    return finished(of, instant(of, kind, moment)).count() != (last.counted if last else 0)


def _taken(of: Ranking, kind: str, moment: datetime) -> bool:
    by, last = instant(of, kind, moment), latest(of, kind)
    same = last if last and follows(of, kind, moment) and _picture(last.at) == _picture(by) else None
    _keep(of, kind, by, by=by, in_place_of=same)
    return True


def retake(of: Ranking, moment: datetime) -> None:
    """New pictures of the same scores, out of turn: somebody was disqualified or reinstated, or the rules changed."""
    for kind in (PUBLIC, PRIVATE):
        if latest(of, kind) is not None:
            _keep(of, kind, moment, by=instant(of, kind, moment))


def retake_all(challenge: Challenge, moment: datetime) -> None:
    """The same for every board that is shown, those of earlier editions too."""
    for of in rankings(challenge):
        for edition in {edition for kind in (PUBLIC, PRIVATE) for edition in editions_of(of, kind)}:
            retake(replace(of, edition=edition), moment)


def editions_of(of: Ranking, kind: str) -> tuple[int, ...]:
    """All of which there are boards of the contest in the phase, the newest first."""
    kept = BoardSnapshot.objects.filter(challenge=of.challenge, phase=of.phase.name, contest=of.contest.name, kind=kind)
    return tuple(sorted(set(kept.values_list("version__number", flat=True)), reverse=True))


def follows(of: Ranking, kind: str, moment: datetime) -> bool:
    """Whether it knows every score at once: a private one, all once that has opened, and those without a rhythm."""
    return kind == PRIVATE or private_opened(of.phase, moment) or not of.phase.board.refresh_minutes


def instant(of: Ranking, kind: str, moment: datetime) -> datetime:
    """The moment whose scores a board may know: this one, or the last refresh."""
    return moment if follows(of, kind, moment) else refreshed(of.phase.board, moment, of.challenge.file.tz)


def lines_now(of: Ranking, kind: str, by: datetime) -> list[Line]:
    """The board of the scores that were finished by then; teams by their number."""
    public = kind == PUBLIC
    return standings(results(of, by, public=public), of.metric, of.phase.board, public=public)


def snapshots(of: Ranking, kind: str) -> QuerySet[BoardSnapshot]:
    """The kept boards, oldest first."""
    return BoardSnapshot.objects.filter(
        challenge=of.challenge, version__number=of.edition, phase=of.phase.name, contest=of.contest.name, kind=kind
    ).order_by("at")


def latest(of: Ranking, kind: str) -> BoardSnapshot | None:
    """The board that is shown."""
    return snapshots(of, kind).last()


def read_lines(snapshot: BoardSnapshot) -> list[Line]:
    """The lines of a kept board."""
    return [_line(content) for content in snapshot.lines]


def _picture(at: datetime) -> int:
    return int(at.timestamp() // ONE_PICTURE.total_seconds())


def _keep(of: Ranking, kind: str, at: datetime, *, by: datetime, in_place_of: BoardSnapshot | None = None) -> None:
    """Counts before it reads: what is finished in between makes the board due again."""
    fields = {"counted": finished(of, by).count(), "lines": [_dumped(line) for line in lines_now(of, kind, by)]}
    if in_place_of is not None:
        BoardSnapshot.objects.filter(pk=in_place_of.pk).update(at=at, **fields)
        return
    version = of.challenge.versions.get(number=of.edition)
    BoardSnapshot.objects.update_or_create(
        challenge=of.challenge,
        version=version,
        phase=of.phase.name,
        contest=of.contest.name,
        kind=kind,
        at=at,
        defaults=fields,
    )


def _dumped(line: Line) -> dict[str, Any]:
    return {**asdict(line), "at": line.at.isoformat()}


def _line(content: Mapping[str, Any]) -> Line:
    bounds = content["interval"]
    interval = (bounds[0], bounds[1]) if bounds else None
    return Line(**{**content, "interval": interval, "at": datetime.fromisoformat(content["at"])})
