"""Challenges from folders and zips: new ones, new versions, what is refused; editions."""

import json
import tracemalloc
import zipfile
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import small_site as small
from tiltyard.contest import challenge as files
from tiltyard.contest.archive import ZipSource
from tiltyard.contest.track import Track
from tiltyard.errors import TiltyardError
from tiltyard.site import clock
from tiltyard.site.challenge import adding, editions
from tiltyard.site.challenge.adding import add_archive, add_challenge, sample
from tiltyard.site.models import AuditEvent, Challenge, ChallengeVersion
from tiltyard.site.refused import Refused
from tiltyard.site.seeing import boards
from tiltyard.site.storing.store import store

pytestmark = pytest.mark.django_db
TOML = """
name = "{name}"
title = "Forged certificates"
summary = "Find what was changed."
[[contests]]
name = "regions"
title = "Regions"
track = "credential"
data = "{data}"
[[phases]]
name = "{phase}"
title = "Main"
opens = 2026-01-01T00:00:00
{more}
"""


def folder(place: Path, *, name: str = "forged", data: str = "data", phase: str = "main", more: str = "") -> Path:
    """A challenge's folder."""
    (place / "data").mkdir(parents=True, exist_ok=True)
    (place / "data" / "truth.csv").write_bytes(small.table(small.TRUTH))
    (place / "challenge.toml").write_text(TOML.format(name=name, data=data, phase=phase, more=more))
    return place


def test_a_folder_becomes_a_draft_of_whoever_adds_it(tmp_path: Path) -> None:
    olga = small.organiser()
    challenge = add_challenge(folder(tmp_path / "it"), by=olga)
    assert (challenge.slug, challenge.state) == ("forged", Challenge.State.DRAFT)
    assert list(challenge.organisers.all()) == [olga]
    manifest = challenge.version.manifest
    assert set(manifest) == {"challenge.toml", "data/truth.csv"}
    assert store().read(manifest["data/truth.csv"]) == small.table(small.TRUTH)
    event = AuditEvent.objects.get()
    assert (event.action, event.detail["version"]) == ("add-challenge", 1)


def test_the_same_name_is_a_new_version(tmp_path: Path) -> None:
    olga = small.organiser()
    add_challenge(folder(tmp_path / "it"), by=olga)
    challenge = add_challenge(folder(tmp_path / "it", more="[phases.quota]\na_day = 3"), by=olga, note="a quota")
    assert [version.note for version in challenge.versions.order_by("number")] == ["", "a quota"]
    assert challenge.file.phase("main").quota.a_day == 3
    assert challenge.version.editions == {"regions": 1}


def test_changed_data_begins_a_new_edition(tmp_path: Path) -> None:
    olga = small.organiser()
    place = folder(tmp_path / "it")
    add_challenge(place, by=olga)
    (place / "data" / "truth.csv").write_bytes(small.table({"0.jpg": []}))
    assert add_challenge(place, by=olga).version.editions == {"regions": 2}
    assert add_challenge(place, by=olga).version.editions == {"regions": 2}


def changed(tmp_path: Path, more: str) -> bool:
    """Whether scores are comparable no more."""
    olga = small.organiser()
    add_challenge(folder(tmp_path / "it"), by=olga)
    return bool(add_challenge(folder(tmp_path / "it", more=more), by=olga).version.editions == {"regions": 2})


def test_another_public_share_begins_a_new_edition(tmp_path: Path) -> None:
    assert changed(tmp_path, "[phases.board]\npublic_share = 0.5")


def test_another_rounding_does_not(tmp_path: Path) -> None:
    assert not changed(tmp_path, "[phases.board]\ndecimals = 2\nrefresh_minutes = 60")


def test_a_phase_that_is_added_does_not(tmp_path: Path) -> None:
    more = '[[phases]]\nname = "more"\ntitle = "More"\nopens = 2027-01-01T00:00:00\n[phases.board]\npublic_share = 0.3'
    assert not changed(tmp_path, more)


def test_rows_hold_where_only_the_split_changed() -> None:
    challenge = small.challenge()
    file = files.Challenge.model_validate(small.content(board={"public_share": 0.5}))
    other = ChallengeVersion(content=file.model_dump(mode="json"), manifest=challenge.version.manifest)
    assert editions.same_rows(challenge.version, other, "regions")
    other.manifest = {"data/truth.csv": "0" * 64}
    assert not editions.same_rows(challenge.version, other, "regions")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": "elsewhere"}, "contest regions: .*elsewhere"),
        ({"data": "../x"}, "contest regions: .*below the challenge's folder"),
        ({"more": '[[phases.releases]]\nfile = "train.zip"\ntitle = "Train"'}, "names train.zip"),
        ({"more": '[phases.board]\npublic_items = "list.txt"'}, "names list.txt"),
        ({"more": "closing = 3"}, "closing"),
    ],
)
def test_a_folder_that_is_no_sound_challenge_is_refused_with_the_reason(
    tmp_path: Path, changes: Any, message: str
) -> None:
    with pytest.raises(TiltyardError, match=message):
        add_challenge(folder(tmp_path / "it", **changes), by=small.organiser())
    assert not Challenge.objects.exists()


def test_a_link_in_the_folder_is_refused(tmp_path: Path) -> None:
    place = folder(tmp_path / "it")
    (place / "data" / "more.csv").symlink_to("/etc/passwd")
    with pytest.raises(TiltyardError, match="regular files"):
        add_challenge(place, by=small.organiser())


def test_nobody_adds_a_version_of_anothers_challenge(tmp_path: Path) -> None:
    add_challenge(folder(tmp_path / "it"), by=small.organiser())
    with pytest.raises(Refused, match="Another challenge has this name"):
        add_challenge(folder(tmp_path / "it"), by=small.organiser("Otto"))
    with pytest.raises(Refused, match="Only organisers"):
        add_challenge(folder(tmp_path / "that", name="other"), by=small.somebody("Ann"))


def test_a_version_keeps_the_phases_that_have_entries(tmp_path: Path) -> None:
    olga = small.organiser()
    challenge = add_challenge(folder(tmp_path / "it"), by=olga)
    team = small.team(challenge, small.somebody("Ann"))
    small.entry(team, small.table_entry(tmp_path))
    with pytest.raises(Refused, match="entries to regions in main"):
        add_challenge(folder(tmp_path / "it", phase="other"), by=olga)


def in_force(place: Path, more: str) -> Challenge:
    """A challenge with an entry."""
    challenge = add_challenge(folder(place / "it", more=more), by=small.organiser())
    small.entry(small.team(challenge, small.somebody("Ann")), small.table_entry(place))
    return challenge


CLOSED = "closes = 2026-02-01T00:00:00\n[phases.board]\n"


@pytest.mark.parametrize(
    "later",
    [
        "closes = 2027-02-01T00:00:00\n[phases.board]\n",
        CLOSED + "private_opens = 2027-02-01T00:00:00",
        "[phases.board]\n",
    ],
)
def test_a_final_board_that_was_shown_is_not_taken_back(tmp_path: Path, later: str) -> None:
    challenge = in_force(tmp_path, CLOSED)
    with clock.at(datetime(2026, 3, 1, tzinfo=UTC)):
        with pytest.raises(Refused, match="final board of main has been shown"):
            add_challenge(folder(tmp_path / "it", more=later), by=None)
        add_challenge(folder(tmp_path / "it", more=CLOSED + "decimals = 2"), by=None)
    assert challenge.versions.count() == 2


def test_before_it_was_shown_its_date_may_move(tmp_path: Path) -> None:
    in_force(tmp_path, CLOSED)
    with clock.at(datetime(2026, 1, 15, tzinfo=UTC)):
        add_challenge(folder(tmp_path / "it", more=CLOSED + "private_opens = 2026-02-03T00:00:00"), by=None)


@pytest.mark.parametrize("rules", ["public_share = 1.0", "public_share = 0.6", "public_share = 0.5\nsplit_seed = 7"])
def test_public_items_stay_what_they_are_once_there_are_entries(tmp_path: Path, rules: str) -> None:
    in_force(tmp_path, "[phases.board]\npublic_share = 0.5")
    with pytest.raises(Refused, match="entries in main: keep its public_share"):
        add_challenge(folder(tmp_path / "it", more=f"[phases.board]\n{rules}"), by=None)


def test_the_list_of_public_items_stays_what_it_is_too(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "list.txt").write_text("0.jpg\n")
    in_force(tmp_path, '[phases.board]\npublic_items = "list.txt"')
    (tmp_path / "it" / "list.txt").write_text("1.jpg\n")
    with pytest.raises(Refused, match="entries in main: keep its public_share"):
        add_challenge(tmp_path / "it", by=None)


def test_it_does_so_however_its_path_is_written(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "list.txt").write_text("0.jpg\n")
    challenge = in_force(tmp_path, '[phases.board]\npublic_items = "./list.txt"')
    folder(tmp_path / "it", more='[phases.board]\npublic_items = "list.txt"')
    add_challenge(tmp_path / "it", by=None)
    (tmp_path / "it" / "list.txt").write_text("1.jpg\n")
    folder(tmp_path / "it", more='[phases.board]\npublic_items = "./list.txt"')
    with pytest.raises(Refused, match="entries in main: keep its public_share"):
        add_challenge(tmp_path / "it", by=None)
    assert challenge.versions.count() == 2


LISTED = '[phases.board]\npublic_items = "list.txt"'


def listed(place: Path, lines: str, *, track: str = "credential") -> Path:
    """A challenge's folder with this list of public items."""
    folder(place, more=LISTED)
    toml = (place / "challenge.toml").read_text()
    (place / "challenge.toml").write_text(toml.replace("credential", track))
    (place / "list.txt").write_text(lines)
    return place


@pytest.mark.parametrize("lines", ["0.jpg\n3.jpg\n", "0.jpg\r\n3.jpg\r\n", " 0.jpg \n\n\t3.jpg\n\n", "0.jpg\n0.jpg"])
def test_a_list_of_public_items_may_have_blank_lines_and_spaces(tmp_path: Path, lines: str) -> None:
    assert add_challenge(listed(tmp_path, lines), by=None).version.number == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "lists no item of regions: write one a line, such as '0.jpg' or '1.jpg'"),
        (" \n\t\n", "lists no item of regions"),
        ("0\n", "line 1: '0' is no item of regions: write one a line, such as '0.jpg' or '1.jpg'"),
        ("0.jpg\n\n nope\n", "line 3: 'nope' is no item of regions"),
        ("0.jpg 1.jpg", "line 1: '0.jpg 1.jpg' is no item"),
    ],
)
def test_a_list_of_public_items_that_does_not_fit_the_data_is_refused(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(TiltyardError, match=rf"challenge\.toml: public_items list\.txt: {message}"):
        add_challenge(listed(tmp_path, lines), by=None)
    assert not Challenge.objects.exists()


TWO = """
[[contests]]
name = "more"
title = "More"
track = "credential"
data = "more"
"""


def test_a_list_of_public_items_is_of_all_contests_of_the_phase(tmp_path: Path) -> None:
    place = listed(tmp_path, "0.jpg\nother.jpg\n")
    toml = (place / "challenge.toml").read_text()
    (place / "challenge.toml").write_text(toml.replace("[[phases]]", f"{TWO}[[phases]]"))
    (place / "more").mkdir()
    (place / "more" / "truth.csv").write_bytes(small.table({"other.jpg": [], "last.jpg": []}))
    assert add_challenge(place, by=None).version.number == 1
    (place / "list.txt").write_text("0.jpg\nnope\n")
    with pytest.raises(TiltyardError, match="line 2: 'nope' is no item of regions or more"):
        add_challenge(place, by=None)
    (place / "list.txt").write_text("0.jpg\n")
    with pytest.raises(TiltyardError, match=r"lists no item of more: .*such as 'other.jpg' or 'last.jpg'"):
        add_challenge(place, by=None)


def test_a_list_is_not_compared_where_the_track_does_not_know_its_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiltyard.tracks.credential import Credential

    monkeypatch.setattr(Credential, "cluster_values", Track.cluster_values)
    assert add_challenge(listed(tmp_path, "whatever\n"), by=None).version.number == 1
    with pytest.raises(TiltyardError, match=r"lists no item: write one a line$"):
        add_challenge(listed(tmp_path, ""), by=None)


@pytest.mark.parametrize("state", ["broken", "cancelled"])
def test_a_list_by_which_nothing_was_scored_may_be_mended(tmp_path: Path, state: str) -> None:
    challenge = add_challenge(listed(tmp_path / "it", "0.jpg"), by=small.organiser())
    team = small.team(challenge, small.somebody("Ann"))
    small.scored(small.entry(team, small.table_entry(tmp_path)), 0, state=state, public_values={}, values={})
    assert add_challenge(listed(tmp_path / "it", "1.jpg"), by=None).version.number == 2
    small.scored(small.entry(team, small.table_entry(tmp_path)), 0.5)
    with pytest.raises(Refused, match="entries in main: keep its public_share"):
        add_challenge(listed(tmp_path / "it", "2.jpg"), by=None)


def test_what_a_release_names_is_in_the_manifest_however_its_path_is_written(tmp_path: Path) -> None:
    (tmp_path / "it" / "releases").mkdir(parents=True)
    (tmp_path / "it" / "releases" / "train.zip").write_bytes(b"x")
    more = '[[phases.releases]]\nfile = "./releases/train.zip"\ntitle = "Train"'
    challenge = add_challenge(folder(tmp_path / "it", more=more), by=small.organiser())
    assert challenge.file.phase("main").releases[0].file in challenge.version.manifest


@pytest.mark.parametrize("junk", ["__pycache__", ".git", "__MACOSX", "releases/Thumbs.db"])
@pytest.mark.parametrize("named", ["release", "public_items", "data"])
def test_what_would_be_left_out_is_not_named_by_a_challenge(tmp_path: Path, junk: str, named: str) -> None:
    place, file = tmp_path / "it", f"{junk}/truth.csv"
    (place / junk).mkdir(parents=True)
    (place / file).write_bytes(small.table(small.TRUTH))
    more = {
        "release": f'[[phases.releases]]\nfile = "{file}"\ntitle = "Train"',
        "public_items": f'[phases.board]\npublic_items = "{file}"',
        "data": "",
    }
    told = rf"challenge.toml: names {file if named != 'data' else junk}, which is left out.*: put it elsewhere$"
    with pytest.raises(TiltyardError, match=told):
        add_challenge(folder(place, data=junk if named == "data" else "data", more=more[named]), by=small.organiser())
    assert not Challenge.objects.exists()


def test_checking_apart_knows_no_secrets_and_is_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, told = folder(tmp_path / "it"), tmp_path / "told"
    toml = TOML.format(name="forged", data="data", phase="main", more="").replace("credential", "whitebox")
    (place / "challenge.toml").write_text(toml)
    (place / "data" / "pool.toml").write_text(POOL)
    (place / "data" / "model.py").write_text(
        f"import json, os, resource\nopen({str(told)!r}, 'w').write(json.dumps(list(os.environ)))\nbytes(2 << 30)\n"
    )
    for name in ("TILTYARD_DATABASE", "TILTYARD_SMTP_PASSWORD", "TILTYARD_TOKEN", "PGPASSWORD", "AWS_SECRET"):
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setattr(adding, "CHECKED_IN_BYTES", 1 << 30)
    with pytest.raises(TiltyardError, match="MemoryError"):
        adding.check_apart(place)
    assert not {name for name in json.loads(told.read_text()) if name.startswith(("TILTYARD", "PG", "AWS"))}


SIZE = 32 << 20


def zipped(place: Path, target: Path, *, top: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(place.rglob("*")):
            if path.is_file():
                archive.write(path, f"{top}{path.relative_to(place)}")
    return target


@pytest.mark.parametrize("top", ["", "certificates/"])
def test_a_zip_is_read_checked_by_another_process_and_added(tmp_path: Path, top: str) -> None:
    archive = zipped(folder(tmp_path / "it"), tmp_path / "it.zip", top=top)
    challenge = add_archive(archive, by=small.organiser(), note="by zip")
    assert set(challenge.version.manifest) == {"challenge.toml", "data/truth.csv"}


@pytest.mark.parametrize("large", ["data/more.bin", "challenge.toml"])
def test_a_small_zip_of_a_large_member_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: str
) -> None:
    monkeypatch.setattr(adding, "MOST_FILES", 1000)
    place, olga = folder(tmp_path / "it"), small.organiser()
    with (place / large).open("ab") as file:
        file.write(b"#" * SIZE)
    archive = zipped(place, tmp_path / "it.zip")
    assert archive.stat().st_size < SIZE / 100
    tracemalloc.start()
    try:
        with pytest.raises(TiltyardError, match="larger than") if large == "challenge.toml" else nullcontext():
            add_archive(archive, by=olga)
        assert tracemalloc.get_traced_memory()[1] < SIZE / 2
    finally:
        tracemalloc.stop()


def test_who_may_not_add_it_has_nothing_unpacked_but_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_challenge(folder(tmp_path / "it"), by=small.organiser())
    written: list[str] = []
    pieces = ZipSource.pieces

    def noted(self: ZipSource, names: Any = None) -> Any:
        for name, chunks in pieces(self, names):
            written.append(name)
            yield name, chunks

    monkeypatch.setattr(ZipSource, "pieces", noted)
    with pytest.raises(Refused, match="Another challenge has this name"):
        add_archive(zipped(tmp_path / "it", tmp_path / "it.zip"), by=small.organiser("Otto"))
    assert written == ["challenge.toml"]


def test_a_zip_with_bad_data_is_refused_with_the_tracks_own_words(tmp_path: Path) -> None:
    place = folder(tmp_path / "it")
    (place / "data" / "truth.csv").write_text("Path,Polygon\na.jpg,[[[0,0]]]\n")
    with pytest.raises(TiltyardError, match="contest regions: truth"):
        add_archive(zipped(place, tmp_path / "it.zip"), by=small.organiser())


def test_a_hostile_zip_is_refused_by_the_bounded_reader(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
        archive.writestr("../challenge.toml", "x")
    with pytest.raises(TiltyardError, match="must not contain"):
        add_archive(tmp_path / "it.zip", by=small.organiser())


POOL = """
name = "mine"
[data.digits]
reference = "digits"
[[models]]
name = "m"
reference = "model.py:make"
data = "digits"
eps = 0.1
"""


def test_models_that_are_code_are_uploaded_by_administrators_alone(tmp_path: Path) -> None:
    place, ran = folder(tmp_path / "it"), tmp_path / "ran"
    toml = TOML.format(name="forged", data="data", phase="main", more="").replace("credential", "whitebox")
    (place / "challenge.toml").write_text(toml)
    (place / "data" / "pool.toml").write_text(POOL)
    (place / "data" / "model.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    archive = zipped(place, tmp_path / "it.zip")
    with pytest.raises(Refused, match="outside the jail"):
        add_archive(archive, by=small.organiser())
    assert not ran.exists()
    with pytest.raises(TiltyardError, match="has no make"):
        add_archive(archive, by=small.somebody("Ada", is_superuser=True))
    assert ran.exists()


def test_a_zip_without_a_challenge_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
        archive.writestr("a/b/challenge.toml", "x")
    with pytest.raises(TiltyardError, match="at its top"):
        add_archive(tmp_path / "it.zip", by=small.organiser())


def test_the_sample_is_open_at_once_and_there_once() -> None:
    olga = small.organiser()
    challenge = sample(olga)
    assert challenge.state == Challenge.State.OPEN
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == ["add-challenge", "publish"]
    with pytest.raises(Refused, match="already"):
        sample(olga)


def test_the_command_line_checks_without_a_site(tmp_path: Path) -> None:
    place = folder(tmp_path / "it")
    adding.check_apart(place)
    (place / "challenge.toml").write_text("name = 3")
    with pytest.raises(TiltyardError, match="name"):
        adding.check_apart(place)


def test_a_new_version_draws_the_boards_anew_by_its_rules(tmp_path: Path) -> None:
    olga = small.organiser()
    challenge = add_challenge(folder(tmp_path / "it"), by=olga)
    entry = small.entry(small.team(challenge, small.somebody("Ann")), small.table_entry(tmp_path))
    small.scored(entry, 0.54321)
    finished = entry.evaluations.get().finished
    assert finished is not None
    with clock.at(finished):
        assert shown(challenge, olga) == [0.5432]
        challenge = add_challenge(folder(tmp_path / "it", more="[phases.board]\ndecimals = 1"), by=olga)
        assert shown(challenge, olga) == [0.5]


def shown(challenge: Challenge, user: Any) -> list[float]:
    board = boards.board(challenge, "main", "regions", boards.PUBLIC, user=user)
    assert board is not None
    return [line.value for line in board.lines]


def test_a_challenges_content_comes_back_as_it_was(tmp_path: Path) -> None:
    challenge = add_challenge(folder(tmp_path / "it"), by=small.organiser())
    assert challenge.file == files.read_challenge(tmp_path / "it")
    assert json.loads(json.dumps(challenge.version.content)) == challenge.version.content


def test_the_example_of_the_documentation_is_a_sound_file(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "organiser.md"
    example = page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / "challenge.toml").write_text(example, encoding="utf-8")
    file = files.read_challenge(tmp_path)
    assert (file.phase("main").board.refresh_minutes, file.final is not None) == (60, True)
