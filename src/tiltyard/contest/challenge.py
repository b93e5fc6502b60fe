"""A challenge as a file: tracks and data, phases, teams, quotas, boards, awards, the reproduction audit."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from tiltyard.contest.settings import read_settings
from tiltyard.errors import TiltyardError

CHALLENGE, MOST_BYTES = "challenge.toml", 1 << 20
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$")]
Text = Annotated[str, Field(max_length=20_000)]
EARLIEST, LATEST = 1970, 9900
"""Years of dates: all clocks can show them, and the longest times can be added to them."""
BEYOND = f"a date must lie between the years {EARLIEST} and {LATEST}: leave out the end of what has none"
MOST_DAYS, MOST_HOURS = 3660, 8784
"""Ten years, and one."""


def _within_reach(moment: datetime) -> datetime:
    if not EARLIEST <= moment.year <= LATEST:
        raise ValueError(BEYOND)
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_within_reach)]
Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]


def _one_way(path: str) -> str:
    """The path as a manifest writes it: no `./` before it, no `//` in it."""
    return PurePosixPath(path).as_posix() if path else ""


Below = Annotated[str, AfterValidator(_one_way)]
"""A file's path below the challenge's folder."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Words(_Part):
    """What people read: one text, or English (`en`) and Simplified Chinese (`zh`)."""

    en: Text
    zh: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"en": value} if isinstance(value, str) else value

    def said(self, language: str) -> str:
        return self.zh if language.startswith("zh") and self.zh else self.en


class Contest(_Part):
    """One track with one set of data."""

    name: Slug
    title: Words
    track: str
    data: str
    """A path below the challenge's folder, or what the package ships (`digits`)."""
    hidden: bool = True
    """Whether participants must not know the data: then logs, reports and rows wait for the private boards."""
    settings: dict[str, Any] = {}
    """What the track's `load` takes beside the data."""
    seed: Annotated[int | None, Field(ge=0, lt=1 << 63)] = None
    """None: every evaluation draws its own, so that nobody can foresee what a randomised model will answer."""


class Release(_Part):
    """A file that participants download."""

    file: Below
    title: Words
    opens: Moment | None = None
    """None: when the phase opens."""


class Quota(_Part):
    """Charged entries of a team, in each contest of a phase. A day is one of the challenge's zone."""

    a_day: Annotated[int | None, Field(ge=1)] = None
    in_all: Annotated[int | None, Field(ge=1)] = None


class BoardRules(_Part):
    """What a board shows, and when."""

    public: bool = True
    """Whether there is a board before the private one opens."""
    public_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of items that public scores are of."""
    public_items: Below = ""
    """Instead of a share: a file that lists the public items (values of the track's cluster), one a line."""
    split_seed: Annotated[int, Field(ge=0)] = 0
    refresh_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    """0: at once; else at every multiple of it since midnight of the challenge's zone."""
    keep: Literal["best", "last"] = "best"
    decimals: Annotated[int | None, Field(ge=0, le=8)] = None
    """Rounding of public scores; None: as the track says."""
    ladder: Annotated[float | None, Field(gt=0)] = None
    """A team's public score moves only when a new entry is better by more than this (arXiv 1502.04585)."""
    private_opens: Moment | None = None
    """When scores on all items are shown; None: when the phase closes."""

    @property
    def holds_back(self) -> bool:
        """Whether a team knows less of its score than is measured, or later."""
        coarse = self.decimals is not None or self.ladder is not None
        partial = self.public_share < 1 or self.public_items != ""
        return not self.public or coarse or partial or self.refresh_minutes > 0


class Phase(_Part):
    """A window in which entries are taken."""

    name: Slug
    title: Words
    opens: Moment
    closes: Moment | None = None
    """None: without end."""
    registration_opens: Moment | None = None
    registration_closes: Moment | None = None
    contests: tuple[Slug, ...] = ()
    """Which contests take part; none named: all."""
    quota: Quota = Quota()
    board: BoardRules = BoardRules()
    releases: tuple[Release, ...] = ()


class Teams(_Part):
    """Who may form a team."""

    most: Annotated[int, Field(ge=1, le=100)] = 1
    freeze: Moment | None = None
    """From then on nobody joins or leaves."""


class Periodic(_Part):
    """An award for the first of the board, period after period."""

    kind: Literal["periodic"]
    name: Slug
    title: Words
    phase: Slug
    contest: Slug
    days: Days = 14
    first: Annotated[int, Field(ge=1)] = 6


class Progress(_Part):
    """An award for hand-ins on many days, once a team."""

    kind: Literal["progress"]
    name: Slug
    title: Words
    phase: Slug
    contest: Slug
    days: Days = 7
    within_days: Days = 14
    above: float = 0.0
    """At least one public score of these days, as the board shows it, must exceed it."""


class Final(_Part):
    """Who is asked for reproducible material when a phase has closed, and how many are named in the end."""

    phase: Slug
    contest: Slug
    first: Annotated[int, Field(ge=1)] = 50
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)] = 72
    """How long they have for it."""
    named: Annotated[int, Field(ge=1)] = 10
    """So many of those that were reproduced are named, with their write-ups."""


Named = TypeVar("Named", Contest, Phase)
Award = Annotated[Periodic | Progress, Field(discriminator="kind")]


class Challenge(_Part):
    """`challenge.toml`. Dates without an offset are of `zone`; after validation all are aware, and those UTC."""

    name: Slug
    title: Words
    summary: Words
    about: Words = Words(en="")
    """Markdown; HTML in it is shown as text."""
    terms: Words = Words(en="")
    """Markdown that a participant accepts; changed terms are accepted anew."""
    zone: str = "UTC"
    teams: Teams = Teams()
    contests: Annotated[tuple[Contest, ...], Field(min_length=1)]
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    awards: tuple[Award, ...] = ()
    final: Final | None = None

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no time zone called {zone!r}: write one like Asia/Shanghai") from None
        return zone

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def contest(self, name: str) -> Contest:
        """The contest of that name; TiltyardError where there is none."""
        return _of_name(self.contests, name, "contest")

    def phase(self, name: str) -> Phase:
        """The phase of that name; TiltyardError where there is none."""
        return _of_name(self.phases, name, "phase")

    def contests_of(self, phase: Phase) -> tuple[Contest, ...]:
        return tuple(contest for contest in self.contests if not phase.contests or contest.name in phase.contests)

    @model_validator(mode="before")
    @classmethod
    def _in_zone(cls, value: Any) -> Any:
        try:
            return _aware(value, ZoneInfo(value.get("zone", "UTC")))
        except (AttributeError, TypeError, ValueError, OSError, KeyError):
            return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for fault in _faults(self):
            raise ValueError(fault)
        return self


def read_challenge(folder: Path) -> Challenge:
    """The challenge of a folder; TiltyardError names the file and the field."""
    path = folder / CHALLENGE
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        raise TiltyardError(f"{path}: larger than {MOST_BYTES >> 10} KiB")
    return read_settings(path, Challenge)


def _of_name(parts: Sequence[Named], name: str, kind: str) -> Named:
    for part in parts:
        if part.name == name:
            return part
    raise TiltyardError(f"no {kind} {name!r}: there are {', '.join(part.name for part in parts)}")


def _aware(value: Any, zone: ZoneInfo) -> Any:
    """The same with every date that has no offset read by the zone's clocks."""
    if isinstance(value, dict):
        return {key: _aware(item, zone) for key, item in value.items()}
    if isinstance(value, list):
        return [_aware(item, zone) for item in value]
    if isinstance(value, datetime) and value.tzinfo is None:
        return _in_utc(value.replace(tzinfo=zone))
    return value


def _in_utc(moment: datetime) -> datetime:
    """The same moment; as it is where that cannot be said in UTC, for its field to refuse."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment


def _faults(challenge: Challenge) -> Iterator[str]:
    """What no field shows alone."""
    for kind, parts in (("contests", challenge.contests), ("phases", challenge.phases), ("awards", challenge.awards)):
        if len({part.name for part in parts}) < len(parts):
            yield f"two {kind} have one name"
    for phase in challenge.phases:
        for fault in (*_faults_of_times(phase), *_faults_of_board(phase.board), *_faults_of_contests(challenge, phase)):
            yield f"phase {phase.name!r}: {fault}"
    for award in challenge.awards:
        for fault in _faults_of_award(challenge, award):
            yield f"award {award.name!r}: {fault}"
    if challenge.final:
        for fault in _faults_of_final(challenge, challenge.final):
            yield f"final: {fault}"


def _faults_of_times(phase: Phase) -> Iterator[str]:
    begins, ends, private = phase.registration_opens, phase.registration_closes, phase.board.private_opens
    if phase.closes is not None and phase.closes <= phase.opens:
        yield "it closes before it opens"
    if begins is not None and ends is not None and ends <= begins:
        yield "registration closes before it opens"
    if private is not None and (phase.closes is None or private < phase.closes):
        yield "the private board opens while entries are still taken"


def _faults_of_board(rules: BoardRules) -> Iterator[str]:
    if rules.public_items and rules.public_share < 1:
        yield "public_items and public_share are two answers to one question: give one"
    if rules.ladder is not None and rules.keep == "last":
        yield "a ladder only climbs: it goes with keep = 'best'"


def _faults_of_contests(challenge: Challenge, phase: Phase) -> Iterator[str]:
    for name in sorted(set(phase.contests) - {contest.name for contest in challenge.contests}):
        yield f"the challenge has no contest {name!r}"
    for contest in challenge.contests_of(phase):
        if not contest.hidden and phase.board.holds_back:
            yield f"its board holds scores back, which the open reports of contest {contest.name!r} would tell"


def _faults_of_award(challenge: Challenge, award: Award) -> Iterator[str]:
    yield from _faults_of_place(challenge, award.phase, award.contest)
    if any(phase.name == award.phase and not phase.board.public for phase in challenge.phases):
        yield f"it is won by public scores, and phase {award.phase!r} shows none"
    if award.kind == "progress" and award.days > award.within_days:
        yield f"{award.days} days do not fit into {award.within_days}"


def _faults_of_final(challenge: Challenge, final: Final) -> Iterator[str]:
    yield from _faults_of_place(challenge, final.phase, final.contest)
    if any(phase.name == final.phase and phase.closes is None for phase in challenge.phases):
        yield f"phase {final.phase!r} has no end"


def _faults_of_place(challenge: Challenge, phase: str, contest: str) -> Iterator[str]:
    """Where something names a phase and a contest that do not meet."""
    for found in challenge.phases:
        if found.name == phase:
            if contest not in [one.name for one in challenge.contests_of(found)]:
                yield f"phase {phase!r} has no contest {contest!r}"
            return
    yield f"the challenge has no phase {phase!r}"
