"""The scheduler: jobs of killed workers are free at once, files that no row names go, one failing duty stops none."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session

import small_site
from small_queue import a_team, a_worker, handed_in, turns_challenge, work_off
from tiltyard.errors import TiltyardError
from tiltyard.site.clock import now
from tiltyard.site.models import BoardSnapshot, Challenge, Job, StoredFile
from tiltyard.site.places import Places, places
from tiltyard.site.queue.leasing import take
from tiltyard.site.queue.reaping import bury, reap
from tiltyard.site.ranking.each import for_each
from tiltyard.site.scheduler.cleaning import clean, clean_cache, named
from tiltyard.site.scheduler.due import all_due
from tiltyard.site.scheduler.loop import attempt
from tiltyard.site.serving.sign_of_life import dead, live
from tiltyard.site.storing.files import keep_bytes
from tiltyard.site.storing.store import store
from tiltyard.site.storing.unpacking import unpacked

pytestmark = pytest.mark.usefixtures("turns")


class TestSignsOfLife:
    def test_a_lock_held_is_a_worker_that_lives_and_one_let_go_is_told_once(self, tmp_path: Path) -> None:
        here = Places(tmp_path)
        with live(here, "worker-1"), live(here, "worker-2"):
            assert list(dead(here)) == []
        assert list(dead(here)) == ["worker-1", "worker-2"]
        assert list(dead(here)) == []

    def test_the_kernel_lets_go_when_a_worker_is_killed(self, tmp_path: Path) -> None:
        script = (
            "from pathlib import Path; from tiltyard.site.places import Places; import time\n"
            "from tiltyard.site.serving.sign_of_life import live\n"
            f"lock = live(Places(Path({str(tmp_path)!r})), 'worker-3'); print('there', flush=True); time.sleep(60)"
        )
        worker = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert worker.stdout is not None
        worker.stdout.readline()
        assert list(dead(Places(tmp_path))) == []
        worker.kill()
        worker.communicate()
        assert list(dead(Places(tmp_path))) == ["worker-3"]

    @pytest.mark.django_db
    def test_the_job_of_a_killed_worker_waits_again_at_once(self, tmp_path: Path) -> None:
        handed_in(a_team(turns_challenge()), tmp_path, ["ok 1"])
        worker = a_worker()
        assert take(worker) is not None
        with live(places(), worker.name):
            bury()
            assert reap() == 0
        bury()
        assert reap() == 1
        assert take(a_worker()) is not None


@pytest.mark.django_db
class TestCleaning:
    def test_what_an_evaluation_needs_is_kept_and_what_nobody_names_goes(self, tmp_path: Path) -> None:
        evaluation = handed_in(a_team(turns_challenge(files={"extra.txt": b"extra"})), tmp_path, ["ok 1"])
        work_off(a_worker())
        evaluation.refresh_from_db()
        stray = keep_bytes(b"nobody names this").digest
        kept = set(named())
        assert set(evaluation.files.values()) < kept
        assert evaluation.version.manifest["extra.txt"] in kept
        clean(old=0)
        assert not StoredFile.objects.filter(digest=stray).exists()
        for digest in kept:
            assert store().path(digest).is_file()
        assert unpacked(evaluation.files).is_dir(), "the cache is made anew"

    def test_what_is_young_is_kept(self) -> None:
        digest = keep_bytes(b"its row comes soon").digest
        clean()
        assert store().read(digest) == b"its row comes soon"

    def test_the_results_of_a_running_evaluation_are_kept(self, tmp_path: Path) -> None:
        handed_in(a_team(turns_challenge()), tmp_path, ["ok 1", "ok 2"])
        from tiltyard.site.worker.step import step

        worker = a_worker()
        assert step(worker)
        assert step(worker)
        clean(old=0)
        assert work_off(worker) == 2
        assert Job.objects.filter(state="done").count() == 4

    def test_half_received_files_go_after_a_day(self) -> None:
        half, fresh = places().uploads / "half", places().uploads / "fresh"
        for upload in (half, fresh):
            upload.write_bytes(b"x")
        os.utime(half, (1, 1))
        clean()
        assert (half.exists(), fresh.exists()) == (False, True)
        fresh.unlink()

    def test_a_folder_whose_removal_was_cut_short_counts_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def cut_short(folder: Path, **_: object) -> None:
            next(path for path in folder.rglob("*") if path.is_file()).unlink()
            raise KeyboardInterrupt

        manifest = {name: keep_bytes(name.encode()).digest for name in ("one", "two", "three")}
        folder = unpacked(manifest)
        os.utime(folder, (1, 1))
        with monkeypatch.context() as patched:
            patched.setattr("tiltyard.site.scheduler.cleaning.shutil.rmtree", cut_short)
            with pytest.raises(KeyboardInterrupt):
                clean_cache()
        assert sorted(path.name for path in unpacked(manifest).iterdir()) == sorted(manifest)
        clean_cache()
        assert unpacked(manifest) == folder
        assert [path for path in places().cache.rglob("three") if path.parent != folder] == []

    def test_sessions_that_are_over_go(self) -> None:
        for key, end in (("over", now() - timedelta(days=1)), ("good", now() + timedelta(days=1))):
            Session.objects.create(session_key=key, session_data="", expire_date=end)
        clean()
        assert [session.session_key for session in Session.objects.all()] == ["good"]

    def test_so_do_folders_of_processes_that_were_killed(self) -> None:
        left = places().uploads / "entry-left"
        left.mkdir()
        (left / "entry.zip").write_bytes(b"x")
        os.utime(left, (1, 1))
        clean()
        assert not left.exists()


@pytest.mark.django_db
def test_a_challenge_at_which_something_fails_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    broken, sound = (small_site.challenge(name=name) for name in ("broken", "sound"))

    def work(challenge: Challenge) -> int:
        if challenge == broken:
            raise TiltyardError("its track is gone")
        return 1

    assert for_each([broken, sound], work) == 1
    assert "challenge broken" in caplog.text


@pytest.mark.django_db
def test_boards_and_awards_of_one_challenge_do_not_wait_for_another(tmp_path: Path) -> None:
    broken, sound = (small_site.challenge(name=name) for name in ("broken", "sound"))
    for challenge in (broken, sound):
        entry = small_site.entry(a_team(challenge), small_site.table_entry(tmp_path))
        small_site.scored(entry, 0.5)
    version = broken.version
    version.content["contests"][0]["track"] = "gone"
    version.save()
    all_due(now())
    assert {board.challenge for board in BoardSnapshot.objects.all()} == {sound}


def test_a_duty_that_fails_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    done = []
    assert attempt(lambda: done.append(1))
    assert not attempt(lambda: 1 / 0)
    assert done == [1]
    assert "ZeroDivisionError" in caplog.text
