"""Challenge files: what is read from them, what is wrong with them, and those that the package ships."""

import os
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

import tiltyard
from tiltyard.contest.awarding import periodic, progress
from tiltyard.contest.challenge import CHALLENGE, Challenge, Periodic, Progress, Quota, Words, read_challenge
from tiltyard.contest.evaluate import evaluate_entry
from tiltyard.contest.phases import current_phase, private_opens
from tiltyard.contest.quota import left
from tiltyard.contest.refresh import next_refresh
from tiltyard.contest.registry import find_track
from tiltyard.contest.run import Run
from tiltyard.contest.split import public_keys
from tiltyard.contest.track import Metric
from tiltyard.errors import TiltyardError

SHIPPED = Path(tiltyard.__file__).parent / "site" / "challenge" / "shipped"
PLAIN = """
name = "tilt"
title = "Tilt"
summary = "A small one"
zone = "Asia/Shanghai"

[[contests]]
name = "masks"
title = "Masks"
track = "forgery"
data = "data"

[[phases]]
name = "finals"
title = { en = "Finals", zh = "决赛" }
opens = 2021-01-20T10:00:00
closes = 2021-03-01T00:00:00Z
"""
TWO_CONTESTS = PLAIN.replace(
    "[[phases]]", '[[contests]]\nname = "maps"\ntitle = "x"\ntrack = "t"\ndata = "d"\n[[phases]]'
)
ENDLESS = PLAIN.replace("closes = 2021-03-01T00:00:00Z", "")
REGISTRATION = "registration_opens = 2021-01-09T00:00:00\nregistration_closes = 2021-01-08T00:00:00"
FINAL = '[final]\nphase = "finals"\ncontest = "masks"'
AWARD = '[[awards]]\nname = "prize"\ntitle = "P"\nphase = "finals"\ncontest = "masks"\n'


def read(folder: Path, text: str) -> Challenge:
    (folder / CHALLENGE).write_text(text, encoding="utf-8")
    return read_challenge(folder)


class TestReading:
    def test_dates_without_an_offset_are_of_the_zone_and_all_are_utc(self, tmp_path: Path) -> None:
        phase = read(tmp_path, PLAIN).phase("finals")
        assert phase.opens == datetime(2021, 1, 20, 2, tzinfo=UTC)
        assert phase.closes == datetime(2021, 3, 1, tzinfo=UTC)
        assert phase.opens.utcoffset() == timedelta(0)

    def test_what_is_stored_as_json_reads_back_the_same(self, tmp_path: Path) -> None:
        for challenge in (read(tmp_path, PLAIN), *(read_challenge(folder) for folder in shipped())):
            assert Challenge.model_validate(challenge.model_dump(mode="json")) == challenge

    def test_one_text_is_english_and_stands_in_where_there_is_no_chinese(self, tmp_path: Path) -> None:
        challenge = read(tmp_path, PLAIN)
        assert [challenge.title.said(language) for language in ("en", "zh-hans")] == ["Tilt", "Tilt"]
        assert [challenge.phases[0].title.said(language) for language in ("en-gb", "zh-hans")] == ["Finals", "决赛"]

    def test_a_phase_takes_all_contests_or_those_it_names(self, tmp_path: Path) -> None:
        for named, expected in (("", ["masks", "maps"]), ('contests = ["maps"]', ["maps"])):
            challenge = read(tmp_path, TWO_CONTESTS + named)
            assert [contest.name for contest in challenge.contests_of(challenge.phases[0])] == expected

    def test_a_name_that_is_not_there_is_said_with_those_that_are(self, tmp_path: Path) -> None:
        challenge = read(tmp_path, PLAIN)
        with pytest.raises(TiltyardError, match="no phase 'semifinals': there are finals"):
            challenge.phase("semifinals")
        with pytest.raises(TiltyardError, match="no contest 'maps': there are masks"):
            challenge.contest("maps")

    def test_files_are_called_one_way_however_their_path_is_written(self, tmp_path: Path) -> None:
        board = "[phases.board]\npublic_items = './list.txt'\n"
        release = "[[phases.releases]]\nfile = './releases//train.zip'\ntitle = 'T'"
        phase = read(tmp_path, PLAIN + board + release).phase("finals")
        assert (phase.board.public_items, phase.releases[0].file) == ("list.txt", "releases/train.zip")
        assert read(tmp_path, PLAIN).phase("finals").board.public_items == ""


FAULTS = [
    (PLAIN.replace("2021-03-01", "2020-03-01"), "phase 'finals': it closes before it opens"),
    (PLAIN.replace("Asia/Shanghai", "Asia/Shangri-La"), "zone: no time zone called 'Asia/Shangri-La'"),
    (PLAIN.replace('name = "finals"', 'name = "The Finals"'), "phases.0.name"),
    (PLAIN + 'contests = ["maps"]', "phase 'finals': the challenge has no contest 'maps'"),
    (PLAIN + "[[phases]]" + PLAIN.split("[[phases]]")[1], "two phases have one name"),
    (PLAIN + "[phases.board]\npublic_shar = 0.5", "phases.0.board.public_shar"),
    (PLAIN + "[phases.board]\npublic_share = 0.5\npublic_items = 'list'", "two answers to one question"),
    (PLAIN + "[phases.board]\nladder = 0.1\nkeep = 'last'", "a ladder only climbs"),
    (PLAIN + "[phases.board]\nrefresh_minutes = 1441", "phases.0.board.refresh_minutes"),
    (PLAIN + "[phases.board]\nprivate_opens = 2021-02-01T00:00:00", "opens while entries are still taken"),
    (ENDLESS + "[phases.board]\nprivate_opens = 2021-02-01T00:00:00", "the private board opens while"),
    (PLAIN + "registration_opens = 2021-01-09\nregistration_closes = 2021-01-08", "phases.0.registration_opens"),
    (PLAIN + REGISTRATION, "phase 'finals': registration closes before it opens"),
    (PLAIN + AWARD.replace("finals", "semis") + 'kind = "periodic"', "award 'prize': the challenge has no phase"),
    (PLAIN + AWARD.replace("masks", "maps") + 'kind = "periodic"', "phase 'finals' has no contest 'maps'"),
    (PLAIN + AWARD + 'kind = "progress"\ndays = 9\nwithin_days = 7', "9 days do not fit into 7"),
    (PLAIN + AWARD + 'kind = "luck"', "awards.0"),
    (PLAIN + '[final]\nphase = "semis"\ncontest = "masks"', "final: the challenge has no phase 'semis'"),
    (ENDLESS + '[final]\nphase = "finals"\ncontest = "masks"', "final: phase 'finals' has no end"),
    (TWO_CONTESTS + 'contests = ["maps"]\n' + FINAL, "final: phase 'finals' has no contest 'masks'"),
    (PLAIN + "quota = { a_day = 0 }", "phases.0.quota.a_day"),
    (PLAIN + "[teams]\nmost = 0", "teams.most"),
    ("name = ", "no valid TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), FAULTS, ids=[told for _, told in FAULTS])
def test_a_fault_is_one_line_that_names_file_and_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TiltyardError) as caught:
        read(tmp_path, text)
    assert told in str(caught.value)
    assert str(tmp_path / CHALLENGE) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "rule", ["refresh_minutes = 60", "ladder = 0.1", "decimals = 1", "public_share = 0.5", "public = false"]
)
def test_open_reports_do_not_go_with_a_board_that_holds_scores_back(tmp_path: Path, rule: str) -> None:
    opened = PLAIN.replace('data = "data"', 'data = "data"\nhidden = false')
    assert not read(tmp_path, opened).contests[0].hidden
    with pytest.raises(TiltyardError, match="which the open reports of contest 'masks' would tell"):
        read(tmp_path, f"{opened}\n[phases.board]\n{rule}")


FAR_DATES = ["9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59", "9999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
             "0001-01-01T00:00:00", "1969-12-31T23:59:59Z", '"9999-12-31T23:59:59-05:00"']  # fmt: skip
FIELDS_OF_DATES = [
    (PLAIN.replace("2021-01-20T10:00:00", "{}"), "phases.0.opens"),
    (PLAIN.replace("2021-03-01T00:00:00Z", "{}"), "phases.0.closes"),
    (PLAIN + "registration_opens = {}", "phases.0.registration_opens"),
    (PLAIN + "registration_closes = {}", "phases.0.registration_closes"),
    (PLAIN + "[phases.board]\nprivate_opens = {}", "phases.0.board.private_opens"),
    (PLAIN + "[[phases.releases]]\nfile = 'a'\ntitle = 'A'\nopens = {}", "phases.0.releases.0.opens"),
    (PLAIN + "[teams]\nfreeze = {}", "teams.freeze"),
]


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("date", FAR_DATES)
@pytest.mark.parametrize(("text", "field"), FIELDS_OF_DATES, ids=[field for _, field in FIELDS_OF_DATES])
def test_a_date_that_clocks_elsewhere_cannot_show_is_refused(
    tmp_path: Path, text: str, field: str, date: str, zone: str
) -> None:
    with pytest.raises(TiltyardError) as caught:
        read(tmp_path, text.replace("{}", date).replace("Asia/Shanghai", zone))
    told = "a date must lie between the years 1970 and 9900: leave out the end of what has none"
    assert str(caught.value) == f"{tmp_path / CHALLENGE}: {field}: {told}"


NUMBERS = [
    (PLAIN + AWARD + 'kind = "periodic"\ndays = {}', "awards.0.periodic.days"),
    (PLAIN + AWARD + 'kind = "progress"\nwithin_days = 3660\ndays = {}', "awards.0.progress.days"),
    (PLAIN + AWARD + 'kind = "progress"\nwithin_days = {}', "awards.0.progress.within_days"),
    (PLAIN + FINAL + "\nhours = {}", "final.hours"),
    (PLAIN + "[phases.board]\nrefresh_minutes = {}", "phases.0.board.refresh_minutes"),
]


@pytest.mark.parametrize("number", ["8785", "3000000", "100000000000", "1" + "0" * 30])
@pytest.mark.parametrize(("text", "field"), NUMBERS, ids=[field for _, field in NUMBERS])
def test_a_time_longer_than_any_challenge_is_refused(tmp_path: Path, text: str, field: str, number: str) -> None:
    with pytest.raises(TiltyardError, match=f"{field}: Input should be less than"):
        read(tmp_path, text.replace("{}", number))


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
@pytest.mark.parametrize(
    ("text", "field"),
    [
        (PLAIN + AWARD + 'kind = "progress"\nabove = {}', "awards.0.progress.above"),
        (PLAIN + "[phases.board]\nladder = {}", "phases.0.board.ladder"),
    ],
)
def test_what_is_no_number_is_refused(tmp_path: Path, text: str, field: str, number: str) -> None:
    with pytest.raises(TiltyardError, match=field):
        read(tmp_path, text.replace("{}", number))


EXTREME = (
    PLAIN.replace("2021-01-20T10:00:00", "{opens}").replace("2021-03-01T00:00:00Z", "{closes}")
    + "[phases.board]\nrefresh_minutes = 1440\n"
    + AWARD + 'kind = "periodic"\ndays = 3660\n'
    + AWARD.replace("prize", "way") + 'kind = "progress"\ndays = 3660\nwithin_days = 3660\n'
)  # fmt: skip


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize(("year", "opens"), [(1970, "01-02T00:00:00"), (9900, "12-29T00:00:00")])
def test_the_furthest_dates_and_longest_times_are_reckoned_with(
    tmp_path: Path, zone: str, year: int, opens: str
) -> None:
    dates = {"{opens}": f"{year}-{opens}", "{closes}": "9900-12-30T23:59:59"}
    text = EXTREME.replace("Asia/Shanghai", zone)
    for place, date in dates.items():
        text = text.replace(place, date)
    challenge = read(tmp_path, text)
    phase, (races, way), tz = challenge.phases[0], challenge.awards, challenge.tz
    assert phase.closes is not None
    assert isinstance(races, Periodic)
    assert isinstance(way, Progress)
    metric = Metric("score")
    assert periodic(races, phase, [], metric, now=phase.closes, zone=tz) == []
    for moment in (phase.opens, phase.closes):
        assert progress(way, phase, [], {"a team": [moment]}, metric, zone=tz) == []
        assert next_refresh(phase.board, moment, tz) > moment
        assert left(Quota(a_day=1), [moment], now=moment, zone=tz).today == 0
        for clocks in ("Pacific/Kiritimati", "Etc/GMT+12"):
            moment.astimezone(ZoneInfo(clocks))


def shipped() -> list[Path]:
    return sorted(path.parent for path in SHIPPED.glob(f"*/{CHALLENGE}"))


def words(part: BaseModel, where: str = "") -> Iterator[tuple[str, Words]]:
    """Every text of a challenge, and where it stands."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        for number, item in enumerate(value if isinstance(value, tuple) else (value,)):
            place = f"{where}.{name}.{number}" if isinstance(value, tuple) else f"{where}.{name}"
            if isinstance(item, Words):
                yield place, item
            elif isinstance(item, BaseModel):
                yield from words(item, place)


def columns(text: str) -> list[int]:
    """How many columns each line of a table has."""
    return [line.count("|") for line in text.splitlines() if line.startswith("|")]


class TestShipped:
    def test_there_are_four(self) -> None:
        assert [folder.name for folder in shipped()] == ["credential", "cvpr2021", "digits", "tianchi"]

    @pytest.mark.parametrize("folder", shipped(), ids=lambda folder: folder.name)
    def test_it_says_everything_in_english_and_chinese(self, folder: Path) -> None:
        challenge = read_challenge(folder)
        assert challenge.name == folder.name
        for place, said in words(challenge):
            assert said.en.strip(), place
            assert re.search(r"[\u4e00-\u9fff]", said.zh), place
            assert not re.search(r"[\u4e00-\u9fff]", said.en), place
            assert columns(said.en) == columns(said.zh), place
            for mark in ("## ", "```", "\n- "):
                assert said.en.count(mark) == said.zh.count(mark), (place, mark)
            prose = re.sub(r"```.*?```", "", said.zh, flags=re.DOTALL)
            assert not re.search(r"[\u4e00-\u9fff][,;:!?]", prose), f"{place}: half-width punctuation"

    @pytest.mark.parametrize("folder", shipped(), ids=lambda folder: folder.name)
    def test_its_tracks_are_installed_and_know_their_settings(self, folder: Path, tmp_path: Path) -> None:
        for contest in read_challenge(folder).contests:
            track = find_track(contest.track)
            with pytest.raises(TiltyardError, match="there are"):
                track.load(contest.data, tmp_path, {**contest.settings, "colour": "red"})
            if contest.data == "data":
                with pytest.raises(TiltyardError, match="nothing lies there"):
                    track.load(contest.data, tmp_path, contest.settings)


class TestTianchi:
    CHALLENGE = read_challenge(SHIPPED / "tianchi")

    def test_the_contest_runs_by_its_facts(self) -> None:
        phase, final = self.CHALLENGE.phase("contest"), self.CHALLENGE.final
        assert (phase.quota.a_day, phase.board.refresh_minutes, phase.board.keep) == (10, 60, "best")
        assert private_opens(phase) == phase.closes
        assert final is not None
        assert (final.phase, final.first, final.named) == ("contest", 50, 10)
        assert self.CHALLENGE.teams.most == 3

    def test_the_public_board_is_of_1000_images_of_1500(self) -> None:
        board = self.CHALLENGE.phase("contest").board
        names = [f"{number:04d}" for number in range(1500)]
        assert len(public_keys(names, share=board.public_share, seed=board.split_seed)) == 1000

    def test_the_long_running_edition_has_no_end_and_its_awards(self) -> None:
        phase = self.CHALLENGE.phase("long-running")
        assert (phase.closes, phase.board.refresh_minutes, phase.board.public_share) == (None, 180, 1.0)
        fortnight, progress = self.CHALLENGE.awards
        assert isinstance(fortnight, Periodic)
        assert (fortnight.phase, fortnight.days, fortnight.first) == ("long-running", 14, 6)
        assert isinstance(progress, Progress)
        assert (progress.days, progress.within_days, progress.above) == (7, 14, 500.0)


class TestCvpr2021:
    CHALLENGE = read_challenge(SHIPPED / "cvpr2021")

    def test_its_pool_is_the_fifteen_models_for_three_hours(self) -> None:
        from tiltyard.contest.pool import read_pool
        from tiltyard.defences.pool import shipped_pools

        pool = read_pool(shipped_pools()[self.CHALLENGE.contests[0].data])
        assert (len(pool.models), pool.seconds) == (15, 3 * 3600)
        for model in pool.models:
            assert f"`{model.name}`" in self.CHALLENGE.about.en
            assert f"`{model.name}`" in self.CHALLENGE.about.zh

    def test_where_the_weights_are_not_there_it_is_refused_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        (contest,) = self.CHALLENGE.contests
        with pytest.raises(TiltyardError, match="cifar10"):
            find_track("whitebox").load(contest.data, tmp_path, contest.settings)


class TestSample:
    """The sample works with what the package ships, and what it tells participants is so."""

    CHALLENGE = read_challenge(SHIPPED / "digits")

    def data(self) -> Any:
        (contest,) = self.CHALLENGE.contests
        return find_track(contest.track).load(contest.data, SHIPPED / "digits", contest.settings)

    def test_it_is_open_without_end_for_teams_of_three_with_twenty_entries_a_day(self) -> None:
        now = datetime(2999, 1, 1, tzinfo=UTC)
        phase = current_phase(self.CHALLENGE, now)
        assert (phase.closes, phase.quota.a_day, phase.board.refresh_minutes) == (None, 20, 0)
        assert self.CHALLENGE.teams.most == 3
        assert not self.CHALLENGE.contests[0].hidden

    def test_the_limits_that_it_names_are_the_pools(self) -> None:
        spec = self.data().spec
        assert spec.seconds == 30 * 60
        assert (spec.call_seconds, spec.memory_mib) == (120, 4096)
        for model in spec.models:
            budget = model.budget(100)
            assert (budget.forwards, budget.backwards, model.eps) == (20_000, 10_000, 0.15)
            assert f"| `{model.name}` |" in self.CHALLENGE.about.en

    def test_both_languages_show_the_same_code(self) -> None:
        english, chinese = (example(said) for said in (self.CHALLENGE.about.en, self.CHALLENGE.about.zh))
        assert without_comments(english) == without_comments(chinese)

    def test_its_example_is_scored_in_a_jail(self, tmp_path: Path, jail: None) -> None:
        (tmp_path / "attacker.py").write_text(example(self.CHALLENGE.about.en))
        (contest,) = self.CHALLENGE.contests
        track, data = find_track(contest.track), self.data()
        before = cpu_seconds()
        evaluation = evaluate_entry(track, track.read(tmp_path / "attacker.py"), data, Run(), tmp_path / "out")
        assert evaluation.record.reason == ""
        assert evaluation.record.values["score"] > 25
        assert cpu_seconds() - before < 20, "an entry takes some ten seconds of one core"


def cpu_seconds() -> float:
    """Of this process and its guests: on a busy machine, what the clock says is another matter."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def example(markdown: str) -> str:
    """The attack in the text."""
    found = re.search(r"```python\n(.*?)```", markdown, re.DOTALL)
    assert found
    return found[1]


def without_comments(code: str) -> str:
    return re.sub(r"\s*#.*", "", code)


def test_the_files_are_plain_toml_without_a_byte_order_mark() -> None:
    for folder in shipped():
        assert tomllib.loads((folder / CHALLENGE).read_bytes().decode("utf-8"))["name"] == folder.name
