"""Handing in, and what became of it."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.errors import HttpError

from tiltyard.contest.registry import find_track
from tiltyard.site.arriving import entering
from tiltyard.site.arriving.uploads import body_size, most_bytes, sent_file
from tiltyard.site.models import Challenge, Entry, Evaluation, User
from tiltyard.site.people.accounts import has_token
from tiltyard.site.refused import Refused
from tiltyard.site.seeing import reports
from tiltyard.site.seeing.reach import found, handed_in, own_team, visible_entry
from tiltyard.site.seeing.sight import Figures, Seen, all_seen, seen

router = Router(tags=["entries"])
MOST_LISTED = 500
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["phase", "contest", "file"],
                    "properties": {
                        "phase": {"type": "string"},
                        "contest": {"type": "string"},
                        "note": {"type": "string"},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            }
        },
    }
}


class FiguresOut(Schema):
    """Figures of an entry; the interval is of the metric that ranks."""

    values: Mapping[str, float]
    interval: tuple[float, float] | None


class EntryOut(Schema):
    """An entry, with what its team may know of it by now."""

    id: int
    phase: str
    contest: str
    file: str
    sha256: str
    note: str
    at: datetime
    state: str
    reason: str
    charged: bool
    uncharged_because: str
    disqualified: str
    public: FiguresOut | None
    private: FiguresOut | None
    public_from: datetime | None
    """When a public score that is there already will be shown."""
    report: bool
    log: bool


@router.post("/challenges/{slug}/entries", response={201: EntryOut}, openapi_extra=FORM)
def hand_in(request: HttpRequest, slug: str) -> Status[EntryOut]:
    """Hands a file in, under the same rights, quotas and limits as on the page. 422 says why it was refused."""
    of = found(request, slug)
    if body_size(request) > _most(of):
        raise Refused(_("The file is larger than is allowed."))
    team, user = own_team(request, of), request.user
    if team is None or not isinstance(user, User):
        raise Refused(_("Join the challenge and form a team first."))
    path, name = sent_file(request, "file")
    if not has_token(user):
        raise HttpError(401, "Unauthorized")
    phase, contest, note = (request.POST.get(field, "") for field in ("phase", "contest", "note"))
    entry = entering.hand_in(user, team, phase, contest, path, name, note)
    return Status(201, _out(entry, seen(user, entry)))


@router.get("/challenges/{slug}/entries", response=list[EntryOut])
def entries(request: HttpRequest, slug: str) -> list[EntryOut]:
    """Those of the caller's team, the newest first."""
    of = found(request, slug)
    team = own_team(request, of)
    if team is None:
        return []
    newest = list(handed_in(team)[:MOST_LISTED])
    known = all_seen(request.user, newest)
    return [_out(entry, known[entry.pk]) for entry in newest]


@router.get("/entries/{number}", response=EntryOut)
def entry(request: HttpRequest, number: int) -> EntryOut:
    """One entry: of the caller's team, or of a challenge that the caller organises."""
    one = visible_entry(request, number)
    return _out(one, seen(request.user, one))


@router.get("/entries/{number}/report")
def report(request: HttpRequest, number: int) -> HttpResponse:
    """The report as HTML; 404 while it is withheld."""
    return reports.report(request.user, visible_entry(request, number))


@router.get("/entries/{number}/log")
def log(request: HttpRequest, number: int) -> HttpResponse:
    """What the entry's program said, as text; 404 while it is withheld."""
    said = reports.logs(request.user, visible_entry(request, number))
    text = "".join(f"== {name}\n{content}\n" for name, content in said)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _out(one: Entry, known: Seen) -> EntryOut:
    evaluation = one.evaluation
    return EntryOut(
        id=one.pk,
        phase=one.phase,
        contest=one.contest,
        file=one.file_name,
        sha256=one.file_id,
        note=one.note,
        at=one.at,
        state=evaluation.state if evaluation else Evaluation.State.WAITING,
        reason=known.reason,
        charged=one.charged,
        uncharged_because=one.uncharged_because,
        disqualified=one.disqualified,
        public=_figures(known.public),
        private=_figures(known.private),
        public_from=known.public_from,
        report=reports.has_report(one, known.sight),
        log=reports.has_logs(one, known.sight),
    )


def _figures(figures: Figures | None) -> FiguresOut | None:
    return None if figures is None else FiguresOut(values=figures.values, interval=figures.interval)


def _most(of: Challenge) -> int:
    return most_bytes(tuple(allowed for one in of.file.contests for allowed in find_track(one.track).entries))
