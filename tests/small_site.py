"""A small challenge of the track `credential`, with people, teams and entries, for tests of the site."""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from tiltyard.contest import challenge as contest_files
from tiltyard.site import clock
from tiltyard.site.models import Challenge, ChallengeVersion, Entry, Evaluation, Membership, Registration, Team, User
from tiltyard.site.storing.files import keep_bytes, keep_file

PASSWORD = "correct horse 17"
Box = list[list[int]]
FORGED = 6
"""Files of the truth with one forged region each; two more have none."""


def box(x: int) -> Box:
    return [[x, 0], [x + 10, 0], [x + 10, 10], [x, 10]]


TRUTH: dict[str, list[Box]] = {f"{place}.jpg": [box(20 * place)] for place in range(FORGED)} | {
    "clean-1.jpg": [],
    "clean-2.jpg": [],
}


def table(files: Mapping[str, Sequence[Box]]) -> bytes:
    """A table `Path,Polygon`."""
    text = StringIO(newline="")
    written = csv.writer(text)
    written.writerow(["Path", "Polygon"])
    written.writerows([name, json.dumps(polygons)] for name, polygons in files.items())
    return text.getvalue().encode()


def table_entry(folder: Path, *, hits: int = FORGED, name: str = "result.csv") -> Path:
    """A table that finds the first `hits` forged regions and claims nothing else: F1 is 2·hits / (hits + FORGED)."""
    found = {file: regions if place < hits else [] for place, (file, regions) in enumerate(TRUTH.items())}
    path = folder / name
    path.write_bytes(table(found))
    return path


def content(**changes: Any) -> dict[str, Any]:
    """A challenge's file, dumped; `phase` and `board` change its one phase, all others the file."""
    board = changes.pop("board", {})
    phase = {
        "name": "main",
        "title": {"en": "Main phase", "zh": "正式阶段"},
        "opens": datetime(2026, 1, 1, tzinfo=UTC),
        "quota": {"a_day": 10},
        "board": board,
        **changes.pop("phase", {}),
    }
    return {
        "name": "certificates",
        "title": {"en": "Forged certificates", "zh": "伪造证书"},
        "summary": {"en": "Find what was changed.", "zh": "找出被篡改之处。"},
        "about": {"en": "## What to do\n\nSay where each certificate was changed.", "zh": "## 任务\n\n指出篡改之处。"},
        "terms": {"en": "One team a person.", "zh": "每人只能加入一支队伍。"},
        "teams": {"most": 3},
        "contests": [{"name": "regions", "title": "Regions", "track": "credential", "data": "data"}],
        "phases": [phase],
        **changes,
    }


def challenge(
    *,
    state: str = Challenge.State.OPEN,
    organisers: Sequence[User] = (),
    files: Mapping[str, bytes] = {},
    **changes: Any,
) -> Challenge:
    """A challenge that is open; `changes` as of `content`, `files` lie beside its data."""
    file = contest_files.Challenge.model_validate(content(**changes))
    made = Challenge.objects.create(slug=file.name, state=state)
    made.organisers.set(organisers)
    new_version(made, file, files=files)
    return made


def new_version(
    made: Challenge, file: contest_files.Challenge, *, files: Mapping[str, bytes] = {}, truth: bytes = table(TRUTH)
) -> ChallengeVersion:
    """One more version of the challenge's file and data."""
    kept = {"data/truth.csv": truth, **files}
    made.__dict__.pop("version", None)
    return ChallengeVersion.objects.create(
        challenge=made,
        number=made.versions.count() + 1,
        content=file.model_dump(mode="json"),
        manifest={path: keep_bytes(bytes_).digest for path, bytes_ in kept.items()},
    )


def somebody(name: str, **fields: Any) -> User:
    """A person called so, with the address `name@example.org` and the password `PASSWORD`."""
    address = f"{name.lower().replace(' ', '.')}@example.org"
    return User.objects.create_user(address, PASSWORD, name=name, **fields)


def organiser(name: str = "Olga Organiser") -> User:
    """Somebody who may open challenges."""
    return somebody(name, is_organiser=True)


def registered(user: User, of: Challenge) -> Registration:
    """The person takes part and has accepted the terms as they stand."""
    from tiltyard.site.people.registering import terms_digest

    return Registration.objects.create(challenge=of, user=user, terms_digest=terms_digest(of))


def team(of: Challenge, *users: User, name: str = "") -> Team:
    """A team of these people, the first of whom is captain; all are registered."""
    made = Team.objects.create(challenge=of, name=name or f"Team {users[0].name}", captain=users[0])
    for user in users:
        registered(user, of)
        Membership.objects.create(team=made, user=user, challenge=of)
    return made


def entry(of: Team, path: Path, **fields: Any) -> Entry:
    """A row as if the captain had handed the file in just now; nothing is queued."""
    return Entry.objects.create(
        **{
            "challenge": of.challenge,
            "phase": "main",
            "contest": "regions",
            "team": of,
            "user": of.captain,
            "file": keep_file(path),
            "file_name": path.name,
            "at": clock.now(),
            **fields,
        }
    )


def scored(of: Entry, f1: float, *, public: float | None = None, spread: float = 0.05, **fields: Any) -> Evaluation:
    """The entry's evaluation as if a worker had finished it with this F1 (and this one on the public items)."""
    seen = f1 if public is None else public
    done = Evaluation.objects.create(
        **{
            "entry": of,
            "version": of.challenge.version,
            "number": of.evaluations.count() + 1,
            "state": Evaluation.State.SCORED,
            "values": {"f1": f1, "precision": f1, "recall": f1},
            "intervals": {"f1": [f1 - spread, f1 + spread]},
            "public_values": {"f1": seen, "precision": seen, "recall": seen},
            "public_intervals": {"f1": [seen - spread, seen + spread]},
            "started": of.at - timedelta(seconds=1),
            "finished": of.at,
            **fields,
        }
    )
    Entry.objects.filter(pk=of.pk).update(evaluation=done)
    of.evaluation = done
    return done
