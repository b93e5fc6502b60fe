"""A site whose people, teams and challenges write Chinese, and what is not Chinese on its pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import small_site as small
from small_queue import a_worker
from tiltyard.site import clock, queue
from tiltyard.site.auditing import audit
from tiltyard.site.models import Attempt, Award, Challenge, Entry, Evaluation, Message, Reproduction, Team, User, Worker
from tiltyard.site.people import invitations
from tiltyard.site.queue.leasing import take
from tiltyard.site.queue.terms import FAILED_THRICE, UNCHARGED
from tiltyard.site.storing.files import keep_bytes

State = Evaluation.State
END = datetime(2099, 1, 1, tzinfo=UTC)


def said(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


CONTENT: dict[str, Any] = {
    "contests": [
        {"name": "regions", "title": said("Regions", "篡改区域"), "track": "credential", "data": "data"},
        {"name": "stamps", "title": said("Stamps", "印章"), "track": "credential", "data": "data"},
    ],
    "phase": {
        "closes": END,
        "registration_opens": datetime(2026, 1, 1, tzinfo=UTC),
        "registration_closes": END - timedelta(days=9),
        "quota": {"a_day": 10, "in_all": 99},
        "releases": [
            {"file": "train.zip", "title": said("Training data", "训练数据")},
            {"file": "test.zip", "title": said("Test data", "测试数据"), "opens": END - timedelta(days=3)},
        ],
    },
    "board": {"public_share": 0.5},
    "teams": {"most": 3, "freeze": END - timedelta(days=5)},
    "final": {"phase": "main", "contest": "regions", "first": 5, "hours": 72, "named": 3},
    "awards": [
        {"kind": "periodic", "name": "fortnight", "title": said("Fortnight", "双周奖"), "phase": "main",
         "contest": "regions", "days": 14, "first": 6},
        {"kind": "progress", "name": "progress", "title": said("Progress", "进步奖"), "phase": "main",
         "contest": "regions", "days": 7, "within_days": 14, "above": 0.1},
    ],
}  # fmt: skip


@dataclass
class ChineseSite:
    """A challenge where everything has happened that pages tell of."""

    challenge: Challenge
    organiser: User
    member: User
    newcomer: User
    entries: list[Entry]
    asked: Reproduction
    invitation: str

    @property
    def places(self) -> dict[str, str]:
        """What stands for each part of a route, as of `test_rights`."""
        return {
            "<slug:slug>": self.challenge.slug,
            "entries/<row:number>": f"entries/{self.asked.entry_id}",
            "material/<row:number>": f"material/{self.asked.pk}",
            "<slug:phase>/<int:number>": "main/1",
            "<slug:action>": "pause",
            "claim/<str:code>": "claim/used-up",
            "<str:code>": self.invitation,
            "<uidb64>/<token>": "MQ/set-password",
        }


def chinese_site(folder: Path) -> ChineseSite:
    """Two teams with entries in every state, workers, a queue, boards, awards, messages, an audit log."""
    organiser, member, newcomer = (person(name, place) for place, name in enumerate(("主办人", "张三", "王五")))
    User.objects.filter(pk=organiser.pk).update(is_organiser=True)
    of = small.challenge(organisers=[organiser], files={"train.zip": b"PK", "test.zip": b"PK"}, **CONTENT)
    team, other = small.team(of, member, name="破阵队"), small.team(of, person("李四", 9), name="守城队")
    entries = [*(ended(team, folder, state) for state in State if state in Evaluation.FINAL), *waiting(team, folder)]
    small.scored(small.entry(other, small.table_entry(folder, hits=2)), 0.31, spread=0.4)
    asked = reproduced(entries[0])
    Award.objects.create(challenge=of, team=team, name="fortnight", place=1, period_start=clock.now())
    Award.objects.create(challenge=of, team=other, name="progress", withdrawn="重复颁发")
    Message.objects.create(challenge=of, sender=organiser, subject="开赛", body="祝各位**好运**。")
    Message.objects.create(challenge=of, team=team, sender=organiser, subject="请注意", body="材料已收到。")
    for action in ("add-challenge", "refund", "name-first"):
        audit.record(organiser, action, challenge=of, target="破阵队", detail={"reason": "平台故障", "entry": 1})
    return ChineseSite(of, organiser, member, newcomer, entries, asked, invitations.invite(other, other.captain))


def person(name: str, number: int) -> User:
    return User.objects.create_user(f"p{number}@example.org", small.PASSWORD, name=name)


def ended(team: Team, folder: Path, state: str) -> Entry:
    """An entry whose evaluation ended so, with what pages say of it."""
    entry = small.entry(team, small.table_entry(folder), note="改进后处理")
    files = {"report.html": keep_bytes(b"<p>report</p>").digest, "artefacts/regions.log": keep_bytes(b"log").digest}
    if state == State.SCORED:
        small.scored(entry, 0.62, files=files)
        small.scored(entry, 0.61, files=files, cause="rerun", parts=[{"forwards": 20, "gradients": 10}])
    else:
        reason = {State.BROKEN: FAILED_THRICE, State.CANCELLED: "数据有误"}.get(State(state), "")
        small.scored(entry, 0, state=state, values={}, public_values={}, reason=reason)
        because = {State.BROKEN: UNCHARGED, State.CANCELLED: "数据有误"}.get(State(state), "")
        Entry.objects.filter(pk=entry.pk).update(charged=not because, uncharged_because=because)
    return entry


def waiting(team: Team, folder: Path) -> list[Entry]:
    """One that a worker plans, one that waits, one that was disqualified; a worker that is gone, an attempt lost."""
    running, queued, banned = (small.entry(team, small.table_entry(folder)) for _ in range(3))
    for entry in (running, queued):
        queue.begin(entry)
    take(a_worker())
    Worker.objects.filter(pk=a_worker(jail=False).pk).update(seen=clock.now() - timedelta(minutes=9))
    lost = running.evaluations.get().jobs.get()
    message = "the lease ran out: the worker was lost or hung"
    Attempt.objects.create(job=lost, number=9, outcome=Attempt.Outcome.LOST, message=message)
    small.scored(banned, 0.9)
    Entry.objects.filter(pk=banned.pk).update(disqualified="抄袭")
    return [running, queued, banned]


def reproduced(entry: Entry) -> Reproduction:
    asked = Reproduction.objects.create(challenge=entry.challenge, entry=entry, place=1, deadline=END)
    asked.file, asked.file_name = keep_bytes(b"material"), "material.zip"
    asked.verdict, asked.write_up, asked.note = (
        Reproduction.Verdict.REPRODUCED,
        "## 方案\n\n分块与整图融合。",
        "得分一致",
    )
    asked.save()
    Award.objects.create(challenge=entry.challenge, team=entry.team, name="_named", place=1)
    return asked


NAMES = (
    r"Tiltyard|Atom|AI|AUC|Markdown|Cookie|API|CSV|EN|SHA-256|UTC|F1|zip|p|s|KB|MB|GB"  # and units
    r"|\S+@\S+\.\w+|\w+(?:/\w+)+|[\w.*-]+\.(?:csv|zip|toml|html|log)|\.(?:csv|zip)"  # addresses, zones, files
    r"|name|final|worker-\d+|here|main|regions|stamps|fortnight|progress|certificates"  # keys and slugs of files
)
LATIN = re.compile(r"[A-Za-z][A-Za-z'’-]*")


class _Words(HTMLParser):
    """Collects what a person reads or hears of a page."""

    SILENT = {"script", "style", "code", "pre", "svg"}
    HEARD = {"title", "aria-label", "placeholder", "alt"}

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        heard = {name for name in given if name in self.HEARD or name.startswith("data-")}
        self.words += [given[name] or "" for name in heard - {"data-copy"}]
        if self._silent or tag in self.SILENT or given.get("name") == "zone":
            self._silent += [] if tag in ("input", "path", "line", "circle") else [tag]

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def foreign(html: str) -> list[str]:
    """What is left of a page that is neither Chinese nor a name, a unit or code."""
    words = _Words()
    words.feed(html)
    words.close()
    return [text for part in words.words for text in _left(part)]


def _left(text: str) -> Iterator[str]:
    rest = re.sub(rf"(?<![\w.])(?:{NAMES})(?![\w])", " ", re.sub(r"\{time\}", " ", text))
    if LATIN.search(rest):
        yield " ".join(text.split())
