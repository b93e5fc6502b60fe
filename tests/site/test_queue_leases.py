"""Leases: who gets which job, when it is lost, and that a worker whose lease is lost changes nothing any more."""

from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest

import toy_turns
from small_queue import a_worker, handed_in, work_off
from tiltyard.site import clock, queue
from tiltyard.site.models import Attempt, Challenge, Evaluation, Job, Team, Worker
from tiltyard.site.queue.finishing import Refused, ShardMeasured, fault, finish
from tiltyard.site.queue.leasing import Fenced, Leased, give_back, renew, take
from tiltyard.site.queue.reaping import forget_workers, gone, keep_patience, reap
from tiltyard.site.queue.terms import FAILED_THRICE, LEASE, LONGEST, NOBODY_CAME, PATIENCE, TRIES
from tiltyard.site.worker.registration import seen
from tiltyard.site.worker.step import step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("turns")]


def taken(worker: Worker) -> Leased:
    leased = take(worker)
    assert leased is not None
    return leased


def in_time(seconds: float) -> AbstractContextManager[None]:
    """So many seconds from now."""
    return clock.at(clock.now() + timedelta(seconds=seconds))


LATE = LEASE.total_seconds() + 1


class TestTaking:
    def test_evaluations_are_taken_in_the_order_in_which_they_began(
        self, team: Team, worker: Worker, tmp_path: Path
    ) -> None:
        first, second = (handed_in(team, tmp_path, ["ok 1"]) for _ in range(2))
        assert [taken(worker).evaluation, taken(worker).evaluation] == [first.pk, second.pk]
        assert take(worker) is None

    def test_a_job_is_leased_to_one_worker_and_its_evaluation_runs(
        self, team: Team, worker: Worker, tmp_path: Path
    ) -> None:
        evaluation = handed_in(team, tmp_path, ["ok 1"])
        leased, job = taken(worker), Job.objects.get()
        assert take(a_worker()) is None
        assert (job.state, job.attempt, job.worker) == (Job.State.LEASED, 1, worker)
        assert job.lease_until is not None
        assert clock.now() < job.lease_until <= clock.now() + LEASE
        assert leased.deadline <= clock.now() + LONGEST
        evaluation.refresh_from_db()
        assert (evaluation.state, evaluation.started is not None) == (Evaluation.State.RUNNING, True)

    def test_what_runs_code_is_for_workers_with_a_jail(self, team: Team, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["ok 1"])
        without = a_worker(jail=False)
        assert work_off(without) == 1, "planning only reads"
        assert take(without) is None
        assert taken(a_worker()).kind == Job.Kind.MEASURE

    def test_a_paused_challenge_waits(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["ok 1"])
        Challenge.objects.update(state=Challenge.State.PAUSED)
        assert take(worker) is None
        Challenge.objects.update(state=Challenge.State.OPEN)
        assert take(worker) is not None


class TestHolding:
    def test_a_renewed_lease_holds_and_tells_progress(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["ok 1"])
        leased = taken(worker)
        with in_time(LATE - 2):
            assert renew(leased, done_items=3, spent={"forwards": 7})
        with in_time(LATE):
            assert reap() == 0
        job = Job.objects.get()
        assert (job.done_items, job.spent) == (3, {"forwards": 7})

    def test_no_renewal_goes_beyond_the_attempts_deadline(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["ok 1"])
        leased = taken(worker)
        with clock.at(leased.deadline - timedelta(seconds=1)):
            assert renew(leased)
            assert Job.objects.get().lease_until == leased.deadline
        with clock.at(leased.deadline):
            assert not renew(leased)
            assert reap() == 1

    def test_the_rules_own_limit_makes_the_deadline(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["ok 1"])
        step(worker)
        leased = taken(worker)
        assert leased.seconds == toy_turns.SECONDS
        assert leased.deadline - clock.now() < timedelta(seconds=1.5 * toy_turns.SECONDS, minutes=5)

    def test_a_lease_renewed_after_its_own_finish_is_not_lost(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["unfit"])
        leased = taken(worker)
        finish(leased, Refused("does not fit"))
        assert renew(leased), "the worker may still be busy with what follows, and is not to be ended"
        assert Job.objects.get().state == Job.State.DONE

    def test_a_job_given_back_costs_no_attempt(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["unfit"])
        for _ in range(2 * TRIES):
            give_back(taken(worker), "told to end")
        assert work_off(worker) == 1
        assert Evaluation.objects.get().state == Evaluation.State.FAILED
        outcomes = Job.objects.get(kind=Job.Kind.PLAN).attempts.values_list("outcome", flat=True)
        assert sorted(outcomes) == ["done", *["returned"] * (2 * TRIES)]


class TestLosing:
    def test_a_killed_workers_job_is_anothers_after_the_lease(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["ok 1"])
        taken(worker)
        with in_time(LATE):
            assert reap() == 1
            assert taken(a_worker()).attempt == 2
        assert Attempt.objects.get(number=1).outcome == Attempt.Outcome.LOST

    def test_a_lease_in_time_is_left_alone(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["ok 1"])
        taken(worker)
        assert reap() == 0

    def test_a_worker_known_dead_is_not_waited_for(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["ok 1"])
        taken(worker)
        gone(worker)
        assert reap() == 1
        worker.refresh_from_db()
        assert worker.ended is not None
        assert take(a_worker()) is not None

    @pytest.mark.parametrize("report", ["finish", "refuse", "fault", "renew", "give back"])
    def test_a_stale_worker_changes_nothing(self, report: str, team: Team, worker: Worker, tmp_path: Path) -> None:
        evaluation = handed_in(team, tmp_path, ["ok 4"])
        step(worker)
        stale = taken(worker)
        with in_time(LATE):
            reap()
            fresh = taken(a_worker())
            before = everything()
            if report == "finish":
                with pytest.raises(Fenced):
                    finish(stale, ShardMeasured({"rows": "forged"}))
            elif report == "refuse":
                with pytest.raises(Fenced):
                    finish(stale, Refused("forged"))
            elif report == "fault":
                with pytest.raises(Fenced):
                    fault(stale, "forged")
            elif report == "renew":
                assert not renew(stale, done_items=99)
            else:
                give_back(stale)
            assert everything() == before
            assert renew(fresh)
        evaluation.refresh_from_db()
        assert not evaluation.is_final

    def test_a_late_finish_counts_as_long_as_nobody_took_over(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["unfit"])
        leased = taken(worker)
        with in_time(LATE):
            finish(leased, Refused("does not fit"))
            assert reap() == 0
        assert Evaluation.objects.get().state == Evaluation.State.FAILED

    def test_a_second_finish_of_one_lease_changes_nothing(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["unfit"])
        leased = taken(worker)
        finish(leased, Refused("first"))
        with pytest.raises(Fenced):
            finish(leased, Refused("second"))
        assert Evaluation.objects.get().reason == "first"


def everything() -> list[object]:
    """All that a worker could write, without signs of life."""
    tables = (Job, Attempt, Evaluation)
    return [list(table.objects.order_by("pk").values()) for table in tables]


class TestGivingUp:
    def test_three_lost_attempts_are_an_infrastructure_failure_that_is_not_charged(
        self, team: Team, worker: Worker, tmp_path: Path
    ) -> None:
        evaluation = handed_in(team, tmp_path, ["ok 1"])
        for _ in range(TRIES):
            taken(worker)
            with in_time(LATE):
                assert reap() == 1
        assert take(worker) is None
        assert_broken(evaluation, FAILED_THRICE)

    def test_three_errors_of_ours_too_and_organisers_read_what_they_were(
        self, team: Team, worker: Worker, tmp_path: Path
    ) -> None:
        evaluation = handed_in(team, tmp_path, ["ok 4", "bug"])
        work_off(worker)
        assert_broken(evaluation, FAILED_THRICE)
        failed = Attempt.objects.filter(outcome=Attempt.Outcome.ERROR)
        assert {attempt.message for attempt in failed} == {"ZeroDivisionError: a fault of ours"}
        assert len(failed) == TRIES
        assert not Job.objects.filter(state__in=(Job.State.WAITING, Job.State.LEASED)).exists()

    def test_what_nobody_takes_is_broken_off_at_its_deadline(self, team: Team, tmp_path: Path) -> None:
        evaluation = handed_in(team, tmp_path, ["ok 1"])
        with clock.at(clock.now() + PATIENCE + timedelta(seconds=1)):
            assert reap() == 1
        assert_broken(evaluation, NOBODY_CAME)

    def test_but_not_while_the_challenge_is_paused(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["unfit"])
        Challenge.objects.update(state=Challenge.State.PAUSED)
        with clock.at(clock.now() + PATIENCE + timedelta(seconds=1)):
            assert reap() == 0
            keep_patience()
            Challenge.objects.update(state=Challenge.State.OPEN)
            assert reap() == 0
            assert work_off(worker) == 1

    def test_every_live_job_has_a_deadline(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        handed_in(team, tmp_path, ["ok 1", "ok 2"])
        for _ in range(3):
            live = Job.objects.filter(state__in=(Job.State.WAITING, Job.State.LEASED))
            assert live.exists()
            assert all(clock.now() < job.deadline <= clock.now() + PATIENCE for job in live)
            step(worker)

    def test_workers_that_are_not_seen_are_closed_and_forgotten_in_the_end(self, worker: Worker) -> None:
        with clock.at(clock.now() + timedelta(minutes=3)):
            forget_workers()
        worker.refresh_from_db()
        assert worker.ended == worker.seen
        seen(worker)
        worker.refresh_from_db()
        assert worker.ended is None, "it was only silent"
        with clock.at(clock.now() + timedelta(minutes=3)):
            forget_workers()
        with clock.at(clock.now() + timedelta(days=8)):
            forget_workers()
        assert not Worker.objects.exists()


def assert_broken(evaluation: Evaluation, reason: str) -> None:
    evaluation.refresh_from_db()
    entry = evaluation.entry
    entry.refresh_from_db()
    assert (evaluation.state, evaluation.reason) == (Evaluation.State.BROKEN, reason)
    assert "quota" in reason
    assert evaluation.finished is not None
    assert (entry.charged, entry.uncharged_because) == (False, "infrastructure failure")


class TestCancelling:
    def test_a_cancelled_evaluation_is_final_and_its_worker_stops(
        self, team: Team, worker: Worker, tmp_path: Path
    ) -> None:
        evaluation = handed_in(team, tmp_path, ["ok 4"])
        leased = taken(worker)
        assert queue.cancel(evaluation, "by wish of the team")
        assert (evaluation.state, evaluation.reason) == (Evaluation.State.CANCELLED, "by wish of the team")
        assert not renew(leased)
        with pytest.raises(Fenced):
            finish(leased, Refused("late"))
        assert take(worker) is None
        evaluation.entry.refresh_from_db()
        assert not evaluation.entry.charged

    def test_what_is_final_is_not_cancelled(self, team: Team, worker: Worker, tmp_path: Path) -> None:
        evaluation = handed_in(team, tmp_path, ["unfit"])
        work_off(worker)
        assert not queue.cancel(evaluation, "too late")
        evaluation.refresh_from_db()
        assert evaluation.state == Evaluation.State.FAILED

    def test_a_cancelled_rerun_leaves_the_earlier_result_in_force(
        self, team: Team, worker: Worker, tmp_path: Path
    ) -> None:
        first = handed_in(team, tmp_path, ["unfit"])
        work_off(worker)
        again = queue.begin(first.entry, cause="rerun")
        assert queue.cancel(again, "not needed")
        entry = first.entry
        entry.refresh_from_db()
        assert (entry.evaluation, entry.charged) == (first, True)
