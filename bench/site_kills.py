"""Kills workers, and now and then the whole site, while teams hand in; counts what became of every entry.

Both databases side by side: SQLite, and a PostgreSQL started here. `--one` runs one of them and prints JSON.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))


TEAMS = 10
WORKER = "-m tiltyard.site.worker"
PATIENCE = 900.0
STARTS = 5
SHARDS, DRAINED, DRAINERS = 20, 20, 4
"""Of an empty evaluation, empty evaluations, processes that do them."""


def of_tests(name: str) -> ModuleType:
    """What the tests share."""
    return import_module(name)


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    if options.drain:
        drain()
    elif options.one:
        print(json.dumps(one(options)))
    else:
        side_by_side(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", action="store_true")
    parser.add_argument("--drain", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--database", default="")
    parser.add_argument("--entries", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--every", type=float, default=4.0)
    parser.add_argument("--tree", type=int, default=5, help="every so many kills hit the whole tree")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-rate", action="store_true", help="leave the jobs a second out")
    return parser.parse_args()


def side_by_side(options: argparse.Namespace) -> None:
    """Both databases, one after the other, into `bench/results/site_kills.json`."""
    from common import save, show

    postgres = of_tests("small_postgres").postgres
    with postgres(quick=False) as url:
        rows = [_apart(options, "SQLite", ""), _apart(options, "PostgreSQL", url)]
    shown = (
        "database",
        "entries",
        "worker_kills",
        "tree_kills",
        "scored",
        "broken",
        "twice",
        "wrong",
        "quota_off",
        "orphans",
    )
    show("Killed every few seconds", [{name: row[name] for name in shown} for row in rows])
    show("Speed", [{name: row[name] for name in ("database", *SPEED)} for row in rows])
    what = f"{options.workers} workers, kill -9 every {options.every:g} s for {options.seconds:g} s"
    save("site_kills", what, rows)


SPEED = ("takeover_median", "takeover_worst", "jobs_a_second", "undisturbed_seconds_an_entry", "start_seconds")


def _apart(options: argparse.Namespace, name: str, database: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", "--database", database]
    for option in ("entries", "workers", "seconds", "every", "tree", "seed"):
        command += [f"--{option}", str(getattr(options, option))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return {"database": name, **json.loads(done.stdout)}


def one(options: argparse.Namespace) -> dict[str, Any]:
    """One site on one database: killed, checked, measured."""
    site_process = of_tests("site_process")
    with tempfile.TemporaryDirectory(prefix="site-kills-") as place:
        folder = Path(place) / "site"
        site = site_process.Site(folder, options.database, options.workers)
        try:
            site.start()
            _point_here(site)
            run = Run(site, options)
            run.kill_while_teams_hand_in()
            run.fill_quotas()
            undisturbed = run.undisturbed()
            site.stop()
            orphans = 0 if site_process.all_gone(folder, within=5) else 1
        finally:
            site.close()
        rate = {} if options.no_rate else {"jobs_a_second": jobs_a_second(), "start_seconds": start_seconds()}
        return {**run.outcome(), "orphans": orphans + run.orphans, **undisturbed, **rate}


def _point_here(site: Any) -> None:
    """This process works on the site's database and folder too, as its web process does."""
    os.environ.update({"TILTYARD_SITE": f"{site.folder}/.", "TILTYARD_DATABASE": site.database})
    os.environ["DJANGO_SETTINGS_MODULE"] = "tiltyard.site.settings"
    import django

    django.setup()


class Run:
    """A site, teams that hand in, and somebody who kills."""

    def __init__(self, site: Any, options: argparse.Namespace) -> None:
        from django.db import transaction

        small_site = of_tests("small_site")
        self.site, self.options = site, options
        self.random = random.Random(options.seed)
        self.quota = options.entries // TEAMS
        with transaction.atomic():
            self.challenge = small_site.challenge(phase={"quota": {"in_all": self.quota}})
        self.teams = [small_site.team(self.challenge, small_site.somebody(f"Person {n}")) for n in range(TEAMS)]
        self.folder = Path(tempfile.mkdtemp(dir=site.folder.parent))
        self.kills: list[tuple[int, datetime]] = []
        self.tree_kills = self.refused = self.orphans = 0
        self.expected: dict[int, float] = {}

    def kill_while_teams_hand_in(self) -> None:
        """Somebody kills at the hour, whatever the teams wait for."""
        began, handed = time.monotonic(), 0
        with ThreadPoolExecutor(1) as pool:
            killing = pool.submit(self._kill_again_and_again, began)
            while not killing.done():
                share = (time.monotonic() - began) / (0.8 * self.options.seconds)
                if handed < min(1.0, share) * self.options.entries:
                    self._hand_in(self.teams[handed % TEAMS], handed)
                    handed += 1
                else:
                    time.sleep(0.02)
            killing.result()

    def _kill_again_and_again(self, began: float) -> None:
        while time.monotonic() - began < self.options.seconds or not self.tree_kills:
            time.sleep(self.options.every * self.random.uniform(0.75, 1.25))
            self._kill()

    def fill_quotas(self) -> None:
        """Teams use what is left to them: where an evaluation broke off, that was not charged."""
        while True:
            self._wait_until_final()
            more = [team for team in self.teams if self._hand_in(team, len(self.expected))]
            if not more:
                return

    def undisturbed(self) -> dict[str, float]:
        """Seconds an entry with all workers, while nobody kills."""
        small_site = of_tests("small_site")
        challenge = small_site.challenge(name="calm")
        team = small_site.team(challenge, small_site.somebody("Calm Person"))
        path = small_site.table_entry(self.folder)
        from tiltyard.site import queue

        began, entries = time.monotonic(), 20
        for _ in range(entries):
            queue.begin(small_site.entry(team, path))
        self._wait_until_final()
        return {"undisturbed_seconds_an_entry": round((time.monotonic() - began) / entries, 3)}

    def outcome(self) -> dict[str, Any]:
        """What the database says in the end."""
        from tiltyard.site.models import Entry, Evaluation

        entries = list(Entry.objects.filter(challenge=self.challenge).select_related("evaluation"))
        evaluations = Evaluation.objects.filter(entry__challenge=self.challenge)
        states = Counter(evaluations.values_list("state", flat=True))
        charged = Counter(entry.team_id for entry in entries if entry.charged)
        return {
            "entries": len(entries),
            "evaluations": evaluations.count(),
            "worker_kills": len(self.kills),
            "tree_kills": self.tree_kills,
            **{state: states.get(state, 0) for state in ("scored", "failed", "broken", "waiting", "running")},
            "wrong": sum(not self._right(entry) for entry in entries),
            "twice": _twice(),
            "quota_off": sum(charged[team.pk] != self.quota for team in self.teams),
            "over_quota_taken": sum(max(0, charged[team.pk] - self.quota) for team in self.teams),
            "lost_attempts": _attempts("lost"),
            "errors": _attempts("error"),
            **self._takeovers(),
        }

    def _hand_in(self, team: Any, number: int) -> bool:
        from tiltyard.site.arriving.entering import hand_in
        from tiltyard.site.refused import Refused

        small_site = of_tests("small_site")
        hits = number % (small_site.FORGED + 1)
        path = small_site.table_entry(self.folder, hits=hits, name=f"result-{hits}.csv")
        try:
            entry = hand_in(team.captain, team, "main", "regions", path, path.name)
        except Refused:
            self.refused += 1
            return False
        self.expected[entry.pk] = 2 * hits / (hits + small_site.FORGED)
        return True

    def _right(self, entry: Any) -> bool:
        """Broken entries have no figures and are not charged; scored ones have those that they must have."""
        if entry.evaluation.state != "scored":
            return not entry.charged and not entry.evaluation.values
        return bool(entry.charged) and abs(entry.evaluation.values["f1"] - self.expected[entry.pk]) < 1e-9

    def _kill(self) -> None:
        site_process = of_tests("site_process")
        living = site_process.processes(self.site.folder)
        if (len(self.kills) + self.tree_kills) % self.options.tree == self.options.tree - 1:
            self.tree_kills += 1
            for pid in living:
                _kill(pid)
            self.orphans += not site_process.all_gone(self.site.folder, within=5)
            assert self.site.process is not None
            self.site.process.wait()
            self.site.start()
            return
        workers = [pid for pid, command in living.items() if WORKER in command]
        if workers:
            self.kills.append((self.random.choice(workers), datetime.now(UTC)))
            _kill(self.kills[-1][0])

    def _wait_until_final(self) -> None:
        from tiltyard.site.models import Evaluation

        until = time.monotonic() + PATIENCE
        while Evaluation.objects.exclude(state__in=Evaluation.FINAL).exists():
            assert time.monotonic() < until, self.site.log
            time.sleep(0.2)

    def _takeovers(self) -> dict[str, float | None]:
        """Seconds from the kill of a worker that held a job to the next attempt at it."""
        from tiltyard.site.models import Attempt

        found = []
        for pid, moment in self.kills:
            for lost in Attempt.objects.filter(worker__pid=pid, outcome="lost", started__lte=moment):
                again = Attempt.objects.filter(job=lost.job, number=lost.number + 1).first()
                found += [(again.started - moment).total_seconds()] if again else []
        return {
            "takeover_median": round(median(found), 2) if found else None,
            "takeover_worst": round(max(found), 2) if found else None,
        }


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _twice() -> int:
    """Jobs with two finished attempts, and evaluations with two conclusions: there must be none."""
    from django.db.models import Count, Q

    from tiltyard.site.models import Evaluation, Job

    attempts = Job.objects.annotate(done=Count("attempts", filter=Q(attempts__outcome="done"))).filter(done__gt=1)
    finishing = Q(jobs__kind="finish", jobs__state="done")
    conclusions = Evaluation.objects.annotate(done=Count("jobs", filter=finishing)).filter(done__gt=1)
    return attempts.count() + conclusions.count()


def _attempts(outcome: str) -> int:
    from tiltyard.site.models import Attempt

    return Attempt.objects.filter(outcome=outcome).count()


def jobs_a_second() -> float:
    """Jobs that processes take and finish, without work in them: the queue alone, with all that it commits."""
    from tiltyard.site import queue
    from tiltyard.site.models import Attempt, Job

    small_site = of_tests("small_site")
    team = small_site.team(small_site.challenge(name="empty"), small_site.somebody("Quick Person"))
    with tempfile.TemporaryDirectory() as folder:
        path = small_site.table_entry(Path(folder))
        evaluations = [queue.begin(small_site.entry(team, path)) for _ in range(DRAINED)]
    drainers = [subprocess.Popen([sys.executable, __file__, "--drain"]) for _ in range(DRAINERS)]
    for drainer in drainers:
        assert drainer.wait(PATIENCE) == 0
    jobs = Job.objects.filter(evaluation__in=evaluations)
    assert jobs.filter(state="done").count() == DRAINED * (SHARDS + 2)
    attempts = Attempt.objects.filter(job__in=jobs)
    times = list(attempts.values_list("started", "ended"))
    first, last = min(started for started, _ in times), max(ended for _, ended in times if ended)
    return round(len(times) / (last - first).total_seconds(), 1)


def start_seconds() -> float:
    """From the start of a worker's process until the database knows it; the median of some."""
    from tiltyard.site.models import Worker

    taken = []
    for _ in range(STARTS):
        known, began = Worker.objects.count(), time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "tiltyard.site.worker"])
        while Worker.objects.count() == known:
            time.sleep(0.005)
        taken.append(time.perf_counter() - began)
        process.terminate()
        process.wait()
    return round(median(taken), 2)


def drain() -> None:
    """Takes jobs and finishes them at once, until every evaluation is final."""
    import django

    django.setup()
    from tiltyard.contest.track import Shard
    from tiltyard.site.models import Evaluation, Worker
    from tiltyard.site.queue.finishing import Planned, Refused, Result, ShardMeasured, finish
    from tiltyard.site.queue.leasing import take

    planned = Planned([Shard(f"shard-{number}", 1) for number in range(SHARDS)], needs_jail=False, identity={})
    results: dict[str, Result] = {
        "plan": planned,
        "measure": ShardMeasured({}),
        "finish": Refused("nothing was measured"),
    }
    worker = Worker.objects.create(name=f"drainer-{os.getpid()}", host="here", pid=os.getpid())
    while Evaluation.objects.exclude(state__in=Evaluation.FINAL).exists():
        if leased := take(worker):
            finish(leased, results[leased.kind])


if __name__ == "__main__":
    main()
