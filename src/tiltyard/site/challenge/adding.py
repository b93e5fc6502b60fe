"""How a challenge comes to the site: from a folder or a zip with its `challenge.toml`, new or as a new version."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

from django.db import transaction
from django.utils.translation import gettext as _

from tiltyard.contest import challenge as files
from tiltyard.contest.archive import ZipSource
from tiltyard.contest.entry import FolderSource
from tiltyard.contest.loading import below
from tiltyard.contest.names import one_line
from tiltyard.contest.phases import private_opened
from tiltyard.contest.registry import find_track
from tiltyard.errors import TiltyardError
from tiltyard.site.auditing import audit
from tiltyard.site.challenge import editions
from tiltyard.site.challenge.checking import check_folder
from tiltyard.site.challenge.shipping import SAMPLE, SHIPPED
from tiltyard.site.clock import now
from tiltyard.site.models import Challenge, ChallengeVersion, Evaluation, User
from tiltyard.site.places import places
from tiltyard.site.ranking.results import rankings
from tiltyard.site.ranking.snapshots import retake, take_all
from tiltyard.site.refused import Refused
from tiltyard.site.seeing.sight import is_organiser
from tiltyard.site.storing.files import keep_file

MOST_FILES, MOST_BYTES = 200_000, 64 << 30
CHECKED_IN_SECONDS, CHECKED_IN_BYTES = 900, 8 << 30
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
"""Variables that a check in a process of its own knows: none that holds a password or a token."""
Check = Callable[[Path], object]


def check_apart(folder: Path) -> None:
    """The same in a process of its own, so that a web server loads no models and keeps its memory. TiltyardError."""
    command = [sys.executable, "-m", "tiltyard", "challenges", "check", str(folder)]
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    silent, read = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen(command, env=environment, text=True, stdin=silent, stdout=silent, stderr=read) as process:
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (CHECKED_IN_BYTES, CHECKED_IN_BYTES))
        try:
            said = process.communicate(timeout=CHECKED_IN_SECONDS)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            text = _("The data could not be loaded in time. Add the challenge on the command line.")
            raise TiltyardError(text) from None
    if process.returncode:
        raise TiltyardError(one_line(said.strip().splitlines()[-1:] or [_("The data cannot be loaded.")]))


def add_challenge(
    folder: Path, *, by: User | None, note: str = "", address: str | None = None, check: Check = check_folder
) -> Challenge:
    """The challenge of a folder, as a draft; or a new version of the challenge that has its name.

    `by` None is whoever runs the site's machine. TiltyardError says what is wrong with the folder, Refused why the
    person may not, or why a version does not fit the entries that are there.
    """
    file = files.read_challenge(folder)
    _check_right(by, file.name)
    check(folder)
    manifest = {path: keep_file(folder / path).digest for path in _paths(folder)}
    with transaction.atomic():
        challenge, made = Challenge.objects.select_for_update().get_or_create(slug=file.name)
        if made and by is not None:
            challenge.organisers.add(by)
        version = add_version(challenge, file, manifest, by=by, note=note)
        detail = {"version": version.number, "note": note, "files": len(manifest)}
        audit.record(by, "add-challenge", challenge=challenge, detail=detail, address=address)
    return challenge


def add_archive(path: Path, *, by: User, note: str = "", address: str | None = None) -> Challenge:
    """The challenge of a zip, read by the bounded reader; its `challenge.toml` at the top, or in its only folder."""
    source = ZipSource(path, max_files=MOST_FILES, max_bytes=MOST_BYTES)
    source.check()
    file = _file(source.names())
    with tempfile.TemporaryDirectory(dir=places().uploads) as place:
        folder = Path(place, file).parent
        _unpack(source, [file], Path(place))
        _check_right(by, files.read_challenge(folder).name)
        _unpack(source, source.names(), Path(place))
        _check_no_code(by, folder)
        return add_challenge(folder, by=by, note=note, address=address, check=check_apart)


def sample(by: User, *, address: str | None = None) -> Challenge:
    """The sample challenge, which works with what the package ships; open at once. Refused where it is there."""
    if Challenge.objects.filter(slug=SAMPLE).exists():
        raise Refused(_("The sample challenge is there already."))
    with transaction.atomic():
        challenge = add_challenge(SHIPPED / SAMPLE, by=by, address=address, check=files.read_challenge)
        Challenge.objects.filter(pk=challenge.pk).update(state=Challenge.State.OPEN)
        audit.record(by, "publish", challenge=challenge, address=address)
    challenge.refresh_from_db()
    return challenge


def add_version(
    challenge: Challenge, file: files.Challenge, manifest: Mapping[str, str], *, by: User | None, note: str
) -> ChallengeVersion:
    """One more version, inside the caller's transaction, which holds the challenge's lock.

    Boards of contests whose scores stay comparable are drawn anew by the new rules.
    """
    before = challenge.versions.order_by("number").last()
    if before is not None:
        _check_keeps(challenge, file)
        _check_hides(before, file, manifest)
        take_all(challenge)
    number = before.number + 1 if before else 1
    version = ChallengeVersion.objects.create(
        challenge=challenge,
        number=number,
        content=file.model_dump(mode="json"),
        manifest=dict(manifest),
        editions=editions.after(before, file, manifest, number),
        note=note[:400],
        made_by=by,
    )
    challenge.__dict__.pop("version", None)
    for of in rankings(challenge) if before else ():
        retake(of, now())
    return version


def _check_right(by: User | None, name: str) -> None:
    existing = Challenge.objects.filter(slug=name).first()
    if by is None:
        return
    if existing is not None and not is_organiser(by, existing):
        raise Refused(_("Another challenge has this name: change `name` in challenge.toml."))
    if existing is None and not (by.is_organiser or by.is_superuser):
        raise Refused(_("Only organisers add challenges."))


def _check_no_code(by: User, folder: Path) -> None:
    """A pool may name models that are Python, which no jail holds: who uploads one must be trusted with the machine."""
    for contest in () if by.is_superuser else files.read_challenge(folder).contests:
        if find_track(contest.track).data_is_code and below(folder, contest.data) is not None:
            text = _("Contest %s brings models of its own, which run outside the jail: let an administrator add it.")
            raise Refused(text % contest.name)


def _check_keeps(challenge: Challenge, file: files.Challenge) -> None:
    """Entries stay where they were handed in."""
    places_of_entries = challenge.entries.values_list("phase", "contest").distinct()
    meet = {(phase.name, contest.name) for phase in file.phases for contest in file.contests_of(phase)}
    for phase, contest in places_of_entries:
        if (phase, contest) not in meet:
            raise Refused(
                _("There are entries to %(contest)s in %(phase)s: keep both.") % {"contest": contest, "phase": phase}
            )


def _check_hides(before: ChallengeVersion, file: files.Challenge, manifest: Mapping[str, str]) -> None:
    """What a phase with entries has shown stays shown, and what it has not must not follow from two public boards.

    Entries that all broke or were cancelled have told nothing: then a list by which none could be scored is mended.
    """
    without_score = (Evaluation.State.BROKEN, Evaluation.State.CANCELLED)
    told = set(before.challenge.entries.exclude(evaluation__state__in=without_score).values_list("phase", flat=True))
    for name in before.challenge.entries.values_list("phase", flat=True).distinct():
        old, new = before.file.phase(name), file.phase(name)
        shown = private_opened(old, now())
        if shown and not private_opened(new, now()):
            raise Refused(_("The final board of %s has been shown: keep its dates, or add a new phase.") % name)
        if name in told and not shown and editions.split(old, before.manifest) != editions.split(new, manifest):
            text = _("There are entries in %s: keep its public_share, public_items and split_seed, or add a new phase.")
            raise Refused(text % name)


def _paths(folder: Path) -> list[str]:
    """Every regular file of the folder; TiltyardError for links, strange names and too many files."""
    return list(FolderSource(folder, max_files=MOST_FILES, max_bytes=MOST_BYTES).names())


def _file(names: Iterable[str]) -> str:
    """Which member of an archive is the challenge's file."""
    found = [PurePosixPath(name) for name in names if PurePosixPath(name).name == files.CHALLENGE]
    if len(found) != 1 or len(found[0].parts) > 2:
        raise TiltyardError(_("The archive must hold challenge.toml, at its top or in its only folder."))
    return str(found[0])


def _unpack(source: ZipSource, names: Iterable[str], place: Path) -> None:
    """Writes these members piece by piece: a member may be larger than the memory."""
    for name, chunks in source.pieces(names):
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.writelines(chunks)
