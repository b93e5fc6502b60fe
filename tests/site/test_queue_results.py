"""What follows from a job's result: shards, an early end, the score, its public part, a folder that verifies."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import small_site
import toy_turns
from small_queue import a_team, a_worker, handed_in, turns_challenge, work_off
from tiltyard.contest.verify import verify
from tiltyard.contest.visibility import FAILED_ON_HIDDEN
from tiltyard.site import queue
from tiltyard.site.models import Attempt, Challenge, Entry, Evaluation, Job, StoredFile, Team, Worker
from tiltyard.site.queue.leasing import take
from tiltyard.site.seeing.sight import seen
from tiltyard.site.storing.store import store
from tiltyard.site.storing.unpacking import unpacked
from tiltyard.site.worker.step import step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("turns")]


def done(evaluation: Evaluation, worker: Worker) -> Evaluation:
    work_off(worker)
    evaluation.refresh_from_db()
    evaluation.entry.refresh_from_db()
    return evaluation


def test_an_entry_is_planned_measured_by_shards_and_scored(team: Team, worker: Worker, tmp_path: Path) -> None:
    evaluation = done(handed_in(team, tmp_path, ["ok 1", "ok 4", "ok 3"]), worker)
    assert (evaluation.state, evaluation.reason) == (Evaluation.State.SCORED, "")
    assert evaluation.values == {"right": pytest.approx(100 * 8 / 12), "shards": 3.0}
    assert evaluation.public_values == evaluation.values
    low, high = evaluation.intervals["right"]
    assert low < evaluation.values["right"] < high
    assert (evaluation.track_version, evaluation.data_version, evaluation.seed) == ("1", "0" * 64, 5)
    kinds = [(job.kind, job.state) for job in evaluation.jobs.order_by("pk")]
    assert kinds == [("plan", "done"), *[("measure", "done")] * 3, ("finish", "done")]
    assert evaluation.entry.charged


def test_the_stored_folder_is_one_that_verifies(team: Team, worker: Worker, tmp_path: Path) -> None:
    evaluation = done(handed_in(team, tmp_path, ["ok 1", "ok 4"]), worker)
    folder = unpacked(evaluation.files)
    assert verify(folder) == []
    assert {"evaluation.json", "rows.parquet", "report.html", "artefacts/turn-1.log"} < set(evaluation.files)
    record = json.loads((folder / "evaluation.json").read_text())
    assert record["identity"]["seed"] == 5
    assert record["identity"]["trust"] is False
    assert not StoredFile.objects.exclude(digest__in=digests_on_disk()).exists()


def digests_on_disk() -> list[str]:
    return [row.digest for row in StoredFile.objects.all() if store().path(row.digest).is_file()]


def test_a_table_of_regions_becomes_a_folder_that_verifies(worker: Worker, tmp_path: Path) -> None:
    entry = small_site.entry(a_team(small_site.challenge()), small_site.table_entry(tmp_path, hits=4))
    evaluation = done(queue.begin(entry), worker)
    assert evaluation.values["f1"] == pytest.approx(0.8)
    assert verify(unpacked(evaluation.files)) == []


def test_what_does_not_fit_fails_with_its_reason_and_is_charged(team: Team, worker: Worker, tmp_path: Path) -> None:
    evaluation = done(handed_in(team, tmp_path, ["unfit"]), worker)
    assert evaluation.state == Evaluation.State.FAILED
    assert evaluation.reason.endswith("does not fit the data")
    assert (evaluation.values, evaluation.files) == ({}, {})
    assert evaluation.entry.charged
    assert Attempt.objects.get().outcome == Attempt.Outcome.DONE


def test_an_entry_error_while_measuring_fails_it_too(team: Team, worker: Worker, tmp_path: Path) -> None:
    evaluation = done(handed_in(team, tmp_path, ["ok 1", "bad", "ok 1"]), worker)
    assert (evaluation.state, evaluation.reason) == (Evaluation.State.FAILED, "turn-1 is bad")
    assert [job.state for job in evaluation.jobs.filter(kind="measure").order_by("pk")] == ["done", "done", "dropped"]


def test_once_the_rules_fail_an_entry_its_other_shards_are_dropped(team: Team, worker: Worker, tmp_path: Path) -> None:
    evaluation = done(handed_in(team, tmp_path, ["ok 1", "fail", "ok 4", "ok 4"]), worker)
    assert (evaluation.state, evaluation.reason) == (Evaluation.State.FAILED, "turn-1: broke a rule")
    assert evaluation.values == {"right": 0.0, "shards": 2.0}
    assert [job.state for job in evaluation.jobs.filter(kind="measure").order_by("pk")] == ["done"] * 2 + [
        "dropped"
    ] * 2
    assert verify(unpacked(evaluation.files)) == []


def test_the_time_that_earlier_shards_took_is_gone(team: Team, worker: Worker, tmp_path: Path) -> None:
    evaluation = done(handed_in(team, tmp_path, ["ok 1", "ok 1", "ok 1"]), worker)
    facts = json.loads((unpacked(evaluation.files) / "evaluation.json").read_text())["facts"]
    assert [fact["allowed"] for fact in facts] == [100.0, 90.0, 80.0]


def test_two_shards_that_end_together_are_followed_by_one_conclusion(team: Team, tmp_path: Path) -> None:
    from tiltyard.site.worker.pulse import no_pulse
    from tiltyard.site.worker.step import do

    evaluation, workers = handed_in(team, tmp_path, ["ok 1", "ok 2"]), [a_worker(), a_worker()]
    step(workers[0])
    both = [take(worker) for worker in workers]
    for leased, worker in zip(both, workers, strict=True):
        assert leased is not None
        do(leased, worker, pulse=no_pulse)
    assert evaluation.jobs.filter(kind=Job.Kind.FINISH).count() == 1
    assert done(evaluation, workers[0]).state == Evaluation.State.SCORED


def test_a_worker_that_finds_no_jail_gives_its_job_to_one_that_has_one(team: Team, tmp_path: Path) -> None:
    evaluation, worker = handed_in(team, tmp_path, ["jailless"]), a_worker()
    assert work_off(worker) == 2
    worker.refresh_from_db()
    assert (worker.jail, worker.jail_says.startswith("no working jail here")) == (False, True)
    job = evaluation.jobs.get(kind=Job.Kind.MEASURE)
    assert job.state == Job.State.WAITING
    assert [attempt.outcome for attempt in job.attempts.all()] == [Attempt.Outcome.RETURNED]


def test_a_cluster_that_is_away_costs_no_attempt(
    team: Team, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiltyard.contest.ray_executor import ClusterAway

    class Away:
        def submit(self, task: object, items: object) -> Iterator[tuple[object, object]]:
            raise ClusterAway("--ray 10.0.0.1:6379: no cluster answers there")

    monkeypatch.setattr("tiltyard.site.worker.step.PAUSES", (0.0,))
    evaluation = handed_in(team, tmp_path, ["ok 1"])
    for _ in range(5):
        assert step(worker, executor=Away())
    outcomes = evaluation.jobs.get(kind=Job.Kind.MEASURE).attempts.values_list("outcome", flat=True)
    assert set(outcomes) == {"returned"}
    assert done(evaluation, worker).state == Evaluation.State.SCORED


def test_of_a_public_share_the_metrics_of_items_alone_are_public(worker: Worker, tmp_path: Path) -> None:
    team = a_team(turns_challenge(board={"public_share": 0.5, "split_seed": 3}))
    evaluation = done(handed_in(team, tmp_path, ["ok 1", "ok 4", "ok 0", "ok 2"]), worker)
    from tiltyard.contest.split import public_keys

    items = {f"turn-{turn}/{item}": item < right for turn, right in enumerate((1, 4, 0, 2)) for item in range(4)}
    chosen = public_keys(list(items), share=0.5, seed=3)
    assert evaluation.public_values == {"right": pytest.approx(100 * sum(items[key] for key in chosen) / 8)}
    assert list(evaluation.public_intervals) == ["right"]
    assert evaluation.values["right"] == pytest.approx(100 * 7 / 16)


def test_public_items_may_be_listed(worker: Worker, tmp_path: Path) -> None:
    listed = b"\xef\xbb\xbfturn-0/0\r\nturn-0/1\r\nturn-1/3\r\n"
    challenge = turns_challenge(board={"public_items": "public.txt"}, files={"public.txt": listed})
    evaluation = done(handed_in(a_team(challenge), tmp_path, ["ok 1", "ok 4"]), worker)
    assert evaluation.public_values == {"right": pytest.approx(100 * 2 / 3)}


@pytest.mark.parametrize(("listed", "share"), [(b" turn-0/0 \n\n\tturn-1/3\n", 100), (b"turn-0/1\nnope", 0)])
def test_spaces_and_blank_lines_of_the_list_say_nothing(
    worker: Worker, tmp_path: Path, listed: bytes, share: float
) -> None:
    challenge = turns_challenge(board={"public_items": "public.txt"}, files={"public.txt": listed})
    evaluation = done(handed_in(a_team(challenge), tmp_path, ["ok 1", "ok 4"]), worker)
    assert evaluation.public_values == {"right": share}


@pytest.mark.parametrize("listed", [b"", b"turn-0\nturn-1\n", b"\xff\xfe"])
def test_a_list_that_names_no_item_is_our_fault(worker: Worker, tmp_path: Path, listed: bytes) -> None:
    challenge = turns_challenge(board={"public_items": "public.txt"}, files={"public.txt": listed})
    evaluation = done(handed_in(a_team(challenge), tmp_path, ["ok 1", "ok 4"]), worker)
    assert (evaluation.state, evaluation.public_values) == (Evaluation.State.BROKEN, {})
    attempt = evaluation.jobs.get(kind=Job.Kind.FINISH).attempts.last()
    assert attempt is not None
    assert "public_items public.txt" in attempt.message


class TestAgain:
    def test_a_rerun_is_a_new_row_that_counts(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        first = done(handed_in(team, tmp_path, ["ok 1"]), worker)
        second = done(queue.begin(first.entry, cause="rerun by an organiser"), worker)
        first.refresh_from_db()
        assert (first.state, second.state, second.number) == ("scored", "scored", 2)
        assert second.cause == "rerun by an organiser"
        assert second.entry.evaluation == second
        assert second.files["rows.parquet"] == first.files["rows.parquet"]

    def test_a_rerun_that_breaks_leaves_the_first_result_and_its_charge(
        self, team: Team, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = done(handed_in(team, tmp_path, ["ok 1"]), worker)
        second = queue.begin(first.entry)
        monkeypatch.setattr(toy_turns.Turns, "plan", lambda *given: 1 / 0)
        assert done(second, worker).state == Evaluation.State.BROKEN
        assert (second.entry.evaluation, second.entry.charged) == (first, True)

    def test_a_rescoring_measures_nothing(
        self, team: Team, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = done(handed_in(team, tmp_path, ["ok 1", "ok 2"]), worker)
        monkeypatch.setattr(toy_turns.Turns, "version", "2")
        monkeypatch.setattr(toy_turns.Turns, "measure", lambda *given: 1 / 0)
        again = done(queue.begin(first.entry, cause="rescored", basis=first), worker)
        third = done(queue.begin(first.entry, cause="rescored", basis=again), worker)
        for rescored in (again, third):
            assert (rescored.state, rescored.values, rescored.track_version) == ("scored", first.values, "2")
            assert [job.kind for job in rescored.jobs.all()] == ["finish"]
            assert verify(unpacked(rescored.files)) == []

    def test_without_a_seed_in_the_challenge_every_measurement_draws_one_and_a_rescoring_keeps_it(
        self, worker: Worker, tmp_path: Path
    ) -> None:
        team = a_team(turns_challenge(seed=None))
        first, second = (done(handed_in(team, tmp_path, ["ok 1"]), worker) for _ in range(2))
        rerun = queue.begin(first.entry)
        rescored = done(queue.begin(second.entry, cause="rescored", basis=second), worker)
        assert len({0, first.seed, second.seed, rerun.seed}) == 4
        assert rescored.seed == second.seed
        assert json.loads((unpacked(rescored.files) / "evaluation.json").read_text())["identity"]["seed"] == second.seed

    def test_what_the_program_said_stays_withheld(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        first = done(handed_in(team, tmp_path, ["fail"]), worker)
        again = done(queue.begin(first.entry, cause="rescored", basis=first), worker)
        assert again.reason == first.reason == "turn-0: broke a rule"
        entry = Entry.objects.get(pk=first.entry_id)
        assert entry.evaluation == again
        assert seen(team.captain, entry).reason == FAILED_ON_HIDDEN

    def test_an_entry_that_failed_before_it_was_measured_has_nothing_to_rescore(
        self, team: Team, worker: Worker, tmp_path: Path
    ) -> None:
        first = done(handed_in(team, tmp_path, ["unfit"]), worker)
        again = done(queue.begin(first.entry, basis=first), worker)
        assert (again.basis, again.state, again.reason) == (None, "failed", first.reason)

    def test_it_is_of_the_version_in_force_and_a_missing_contest_is_refused(
        self, team: Team, worker: Worker, tmp_path: Path
    ) -> None:
        from tiltyard.errors import TiltyardError

        first = done(handed_in(team, tmp_path, ["ok 1"]), worker)
        challenge = Challenge.objects.get()
        file = challenge.file.model_copy(update={"title": challenge.file.summary})
        newer = small_site.new_version(challenge, file)
        assert queue.begin(first.entry).version == newer
        other = file.contests[0].model_copy(update={"name": "other"})
        small_site.new_version(challenge, file.model_copy(update={"contests": (other,)}))
        with pytest.raises(TiltyardError, match="no contest 'regions'"):
            queue.begin(first.entry)
