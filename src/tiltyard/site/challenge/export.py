"""Everything of a challenge in one zip, written as it is read: evaluations for `tiltyard verify`, files, tables."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from tiltyard.site.models import AuditEvent, Challenge, Entry, Evaluation
from tiltyard.site.storing.store import store
from tiltyard.site.telling.spreadsheets import harmless

CHUNK = 1 << 20
ABOUT = """Everything of this challenge.

versions/N/          challenge.json and every file of that version, at its path
entries/ID/          what was handed in, as it was
evaluations/ID-N/    the N-th evaluation of entry ID: `tiltyard verify` checks it
reproductions/ID/    what was handed in so that entry ID can be made again
entries.csv          entries with their charge, state and scores
evaluations.jsonl    every evaluation, the failed ones too
teams.csv            members of teams, with e-mail addresses
boards.jsonl         every board as it was shown
awards.jsonl  reproductions.jsonl  messages.jsonl  audit.jsonl

Scores on hidden data, addresses and labels are in here: it is for organisers alone.
"""
Member = tuple[str, Iterator[bytes]]


class _Sink(io.RawIOBase):
    """What the archive writes into, and the sender takes out of."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._waiting.append(bytes(content))
        self._position += len(content)
        return len(content)

    def tell(self) -> int:
        return self._position

    def taken(self) -> bytes:
        """What was written since it was last asked."""
        content, self._waiting = b"".join(self._waiting), []
        return content


def chunks(challenge: Challenge) -> Iterator[bytes]:
    """The bytes of the archive; at most some of one file is held in memory."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in _members(challenge):
            with archive.open(name, "w", force_zip64=True) as member:
                for chunk in content:
                    member.write(chunk)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


def _members(challenge: Challenge) -> Iterator[Member]:
    yield "README.txt", iter([ABOUT.encode()])
    yield "entries.csv", _table(_entry_lines(challenge))
    yield "teams.csv", _table(_team_lines(challenge))
    yield "evaluations.jsonl", _json_lines(_evaluations(challenge).values().iterator())
    yield "boards.jsonl", _json_lines(challenge.boards.order_by("at").values().iterator())
    yield "awards.jsonl", _json_lines(challenge.awards.values().iterator())
    yield "reproductions.jsonl", _json_lines(challenge.reproductions.values().iterator())
    yield "messages.jsonl", _json_lines(challenge.messages.order_by("at").values().iterator())
    yield (
        "audit.jsonl",
        _json_lines(AuditEvent.objects.filter(challenge=challenge.slug).order_by("pk").values().iterator()),
    )
    yield from _versions(challenge)
    for entry in challenge.entries.order_by("pk").iterator():
        yield f"entries/{entry.pk}/{_plain(entry.file_name)}", _content(entry.file_id)
    for evaluation in _evaluations(challenge).order_by("pk").iterator():
        for path, digest in sorted(evaluation.files.items()):
            yield f"evaluations/{evaluation.entry_id}-{evaluation.number}/{path}", _content(digest)
    for asked in challenge.reproductions.order_by("entry").iterator():
        if asked.file_id:
            yield f"reproductions/{asked.entry_id}/{_plain(asked.file_name)}", _content(asked.file_id)


def _versions(challenge: Challenge) -> Iterator[Member]:
    for version in challenge.versions.order_by("number"):
        folder = f"versions/{version.number}"
        about = {"note": version.note, "made": version.made, "editions": version.editions, "file": version.content}
        yield f"{folder}/challenge.json", iter([_json(about)])
        for path, digest in sorted(version.manifest.items()):
            yield f"{folder}/{path}", _content(digest)


def _evaluations(challenge: Challenge) -> QuerySet[Evaluation]:
    return Evaluation.objects.filter(entry__challenge=challenge)


def _entry_lines(challenge: Challenge) -> Iterator[list[Any]]:
    yield ["id", "phase", "contest", "team", "user", "at", "file", "sha256", "note", "charged", "uncharged_because",
           "disqualified", "outside", "state", "reason", "values", "public_values"]  # fmt: skip
    found = challenge.entries.select_related("team", "user", "evaluation").order_by("pk")
    for entry in found.iterator():
        yield [entry.pk, entry.phase, entry.contest, entry.team.name, entry.user.name, entry.at.isoformat(),
               entry.file_name, entry.file_id, entry.note, entry.charged, entry.uncharged_because, entry.disqualified,
               entry.outside, *_outcome(entry)]  # fmt: skip


def _outcome(entry: Entry) -> list[str]:
    evaluation = entry.evaluation
    if evaluation is None:
        return ["", "", "", ""]
    return [evaluation.state, evaluation.reason, json.dumps(evaluation.values), json.dumps(evaluation.public_values)]


def _team_lines(challenge: Challenge) -> Iterator[list[Any]]:
    yield ["team", "disqualified", "member", "email", "captain", "since"]
    for team in challenge.teams.prefetch_related("memberships__user").order_by("pk"):
        for member in team.memberships.all():
            yield [team.name, team.disqualified, member.user.name, member.user.email,
                   member.user_id == team.captain_id, member.at.isoformat()]  # fmt: skip


def _table(lines: Iterable[list[Any]]) -> Iterator[bytes]:
    for line in lines:
        text = io.StringIO(newline="")
        csv.writer(text).writerow([harmless(value) if isinstance(value, str) else value for value in line])
        yield text.getvalue().encode()


def _json_lines(records: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    for record in records:
        yield _json(record) + b"\n"


def _json(record: Mapping[str, object]) -> bytes:
    return json.dumps(record, default=str, ensure_ascii=False).encode()


def _content(digest: str) -> Iterator[bytes]:
    with store().path(digest).open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _plain(name: str) -> str:
    last = Path(name).name
    return last if last.strip(".") else "entry"
