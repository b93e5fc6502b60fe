"""Control groups: the real ones of this host, and the file logic of v2 on a faked tree.

No v2 controllers are to be had where these tests were written, so that part checks which files are written in which
order; what the kernel does with them is its own.
"""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tiltyard.errors import JailUnavailable
from tiltyard.jail import cgroup, group_files, sweeping
from tiltyard.jail.hierarchy import LEAF, hierarchies
from tiltyard.jail.limits import MIB, Limits

LIMITS = Limits(memory=64 * MIB, processes=5, cpus=0.5)


def enter_and(group: cgroup.Cgroup, script: str) -> "subprocess.Popen[str]":
    stage = "".join(f"echo $$ > {file} && " for file in group.procs_files) + 'exec "$@"'
    command = ["/bin/sh", "-c", stage, "stage", sys.executable, "-S", "-c", script]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def folders(group: cgroup.Cgroup) -> list[Path]:
    return [file.parent for file in group.procs_files]


def recorded(monkeypatch: pytest.MonkeyPatch, refused: str = "") -> list[tuple[Path, str]]:
    """What is written, and where, while the kernel refuses one text."""
    kernel, written = cgroup.write, list[tuple[Path, str]]()

    def write(file: Path, text: str) -> None:
        written.append((file, text))
        if text == refused:
            raise OSError(errno.EINVAL, "Invalid argument", str(file))
        kernel(file, text)

    monkeypatch.setattr(cgroup, "write", write)
    return written


class TestOnThisHost:
    @pytest.fixture(autouse=True)
    def needs_groups(self) -> None:
        try:
            cgroup.create(Limits()).remove()
        except JailUnavailable as reason:
            pytest.skip(str(reason))

    def test_memory_is_limited_and_the_excess_seen(self) -> None:
        with cgroup.create(LIMITS) as group:
            hog = enter_and(group, "b'x' * (100 << 20)")
            assert hog.wait(20) == -9
            assert group.memory_exceeded()
            assert 32 * MIB < (group.peak_memory() or 0) <= 65 * MIB

    def test_a_modest_member_exceeds_nothing(self) -> None:
        with cgroup.create(LIMITS) as group:
            assert enter_and(group, "sum(range(100_000))").wait(20) == 0
            assert not group.memory_exceeded()
            assert not group.processes_refused()
            assert 0 < (group.cpu_seconds() or 0) < 2

    def test_processes_are_limited_and_the_refusal_seen(self) -> None:
        with cgroup.create(LIMITS) as group:
            forking = (
                "import os, time\ntry:\n  for n in range(99):\n    os.fork() or time.sleep(60)\n"
                "except OSError: print(n)"
            )
            member = enter_and(group, forking)
            assert member.stdout is not None
            assert int(member.stdout.readline()) == LIMITS.processes + cgroup.OWN_PROCESSES - 1
            assert group.processes_refused()
            group.kill()
            member.wait(5)

    @pytest.mark.alone
    def test_a_guest_of_many_processes_takes_no_more_of_a_core_than_one_process_of_ours(self) -> None:
        core = min(os.sched_getaffinity(0))
        busy = f"import os, time\nos.sched_setaffinity(0, [{core}])\nuntil = time.monotonic() + 3\n"
        spin = "while time.monotonic() < until: pass\n"
        with cgroup.create(Limits(memory=64 * MIB, processes=8)) as group:
            if not group.shares_processor:
                pytest.skip("no control group shares processor time here")
            guest = enter_and(group, f"{busy}for _ in range(3): os.fork()\n{spin}")
            ours = subprocess.Popen(
                [sys.executable, "-S", "-c", f"{busy}{spin}print(time.process_time())"], stdout=subprocess.PIPE
            )
            own = float(ours.communicate(timeout=20)[0])
            guest.wait(20)
            taken = group.cpu_seconds() or 0
        assert own > 0.3 * (own + taken)

    def test_kill_ends_every_member_and_lets_none_start(self) -> None:
        with cgroup.create(LIMITS) as group:
            member = enter_and(
                group, "import os, time; os.fork(); os.setsid(); print('up', flush=True); time.sleep(60)"
            )
            assert member.stdout is not None
            member.stdout.readline()
            group.kill()
            assert member.wait(5) == -9
            assert all(file.read_text() == "" for file in group.procs_files)

    def test_nothing_remains_after_an_exception(self) -> None:
        seen = []

        def interrupted() -> None:
            with cgroup.create(LIMITS) as group:
                member = enter_and(group, "import time; print('up', flush=True); time.sleep(60)")
                assert member.stdout is not None
                member.stdout.readline()
                seen.extend([member, *folders(group)])
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        member, *left = seen
        assert member.wait(5) == -9
        assert not any(folder.exists() for folder in left)

    @pytest.mark.alone
    def test_a_dead_evaluators_group_is_swept_and_its_members_killed(self) -> None:
        script = (
            "import os, subprocess\nfrom tiltyard.jail import cgroup\nfrom tiltyard.jail.limits import Limits\n"
            "group = cgroup.create(Limits())\n"
            "stage = ' && '.join(f'echo $$ > {file}' for file in group.procs_files)\n"
            "member = subprocess.Popen(['/bin/sh', '-c', stage + ' && echo up && exec sleep 60'],"
            " stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)\nmember.stdout.readline()\n"
            "print(member.pid, *(file.parent for file in group.procs_files), flush=True)\nos._exit(1)"
        )
        pid, *left = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.split()
        assert left
        assert all(Path(folder).exists() for folder in left)
        with cgroup.create(LIMITS) as living:
            assert sweeping.sweep() >= len(left)
            assert all(folder.exists() for folder in folders(living))
        assert not any(Path(folder).exists() for folder in left)
        assert is_gone(int(pid))

    @pytest.mark.alone
    def test_a_group_whose_lock_is_held_is_not_swept_even_if_its_makers_number_is_free(self) -> None:
        with cgroup.create(LIMITS) as group:
            parent = folders(group)[0].parent
        dead = subprocess.Popen(["/bin/true"])
        dead.wait()
        strange = parent / f"tiltyard-{dead.pid}-0123abcd"
        strange.mkdir()
        lock = group_files.lock(strange)
        sweeping.sweep()
        assert strange.exists()
        os.close(lock)
        sweeping.sweep()
        assert not strange.exists()


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.01)
    return False


class TestV2FileLogic:
    """On a faked tree: plain files stand for the kernel's interface, which this host does not offer for v2."""

    @pytest.fixture(autouse=True)
    def _switches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A controller that is switched on stays on, as in the kernel."""
        plain = cgroup.write

        def write(file: Path, text: str) -> None:
            switched = file.name == "cgroup.subtree_control"
            plain(file, " ".join((*file.read_text().split(), text.replace("+", ""))) if switched else text)

        monkeypatch.setattr(cgroup, "write", write)

    @pytest.fixture
    def top(self, tmp_path: Path) -> Path:
        top = tmp_path / "cgroup"
        own = top / "user.slice" / "run-1.scope"
        own.mkdir(parents=True)
        for folder in (top, own):
            (folder / "cgroup.controllers").write_text("cpu memory pids\n")
            (folder / "cgroup.subtree_control").write_text("")
            (folder / "cgroup.procs").write_text("")
        return top

    @pytest.fixture
    def proc(self, tmp_path: Path, top: Path) -> Path:
        proc = tmp_path / "proc"
        proc.mkdir()
        (proc / "cgroup").write_text("0::/user.slice/run-1.scope\n")
        (proc / "mountinfo").write_text(f"31 23 0:28 / {top} rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n")
        return proc

    def test_the_group_lies_in_the_own_one_with_all_limits(self, top: Path, proc: Path) -> None:
        group = cgroup.create(LIMITS, proc=proc)
        (folder,) = folders(group)
        assert folder.parent == top / "user.slice" / "run-1.scope"
        assert (folder.parent / "cgroup.subtree_control").read_text() == "memory pids cpu"
        written = {file.name: file.read_text() for file in folder.iterdir()}
        assert written == {
            "memory.max": str(64 * MIB),
            "memory.oom.group": "1",
            "pids.max": str(5 + cgroup.OWN_PROCESSES),
            "cpu.max": "50000 100000",
        }

    def test_a_guest_without_a_quota_shares_processor_time_as_one_and_ours_go_first(
        self, top: Path, proc: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = top / "user.slice" / "run-1.scope"
        (own / LEAF).mkdir()
        (own / LEAF / "cpu.weight").write_text("100")
        written = recorded(monkeypatch)
        group = cgroup.create(Limits(), proc=proc)
        assert group.shares_processor
        switch = own / "cgroup.subtree_control"
        assert [text for file, text in written if file == switch] == ["+memory +pids", "+cpu"]
        assert (own / LEAF / "cpu.weight").read_text() == cgroup.OUR_WEIGHT
        (folder,) = folders(group)
        assert not (folder / "cpu.max").exists()

    def test_where_processor_time_cannot_be_shared_the_group_is_made_and_says_so(
        self, top: Path, proc: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written = recorded(monkeypatch, refused="+cpu")
        assert not cgroup.create(Limits(), proc=proc).shares_processor
        assert "+cpu" in [text for _, text in written]
        for folder in (top, top / "user.slice" / "run-1.scope"):
            (folder / "cgroup.controllers").write_text("memory pids\n")
        assert not cgroup.create(Limits(), proc=proc).shares_processor

    def test_what_the_kernel_counts_is_read(self, proc: Path) -> None:
        group = cgroup.create(LIMITS, proc=proc)
        (folder,) = folders(group)
        (folder / "memory.events").write_text("low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 1\n")
        (folder / "pids.events").write_text("max 3\n")
        (folder / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\n")
        assert group.memory_exceeded()
        assert group.processes_refused()
        assert group.cpu_seconds() == 1.5
        assert group.peak_memory() is None
        (folder / "memory.peak").write_text("4096\n")
        assert group.peak_memory() == 4096

    def test_where_processes_are_in_the_way_they_move_into_a_leaf(
        self, top: Path, proc: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = top / "user.slice" / "run-1.scope"
        (own / "cgroup.procs").write_text("41\n42\n")
        kernel = cgroup.write

        def write(file: Path, text: str) -> None:
            if file == own / "cgroup.subtree_control" and (own / "cgroup.procs").read_text():
                raise OSError(errno.EBUSY, "busy", str(file))
            if file == top / "cgroup.subtree_control":
                raise PermissionError(errno.EACCES, "denied", str(file))
            if file.name == "cgroup.procs":
                (own / "cgroup.procs").write_text((own / "cgroup.procs").read_text().replace(f"{text}\n", ""))
            kernel(file, text)

        monkeypatch.setattr(cgroup, "write", write)
        (folder,) = folders(cgroup.create(LIMITS, proc=proc))
        assert folder.parent == own
        assert (own / LEAF / "cgroup.procs").read_text() == "42"

        (proc / "cgroup").write_text(f"0::/user.slice/run-1.scope/{LEAF}\n")
        (folder,) = folders(cgroup.create(LIMITS, proc=proc))
        assert folder.parent == own

    def test_root_makes_its_groups_at_the_top_and_leaves_its_neighbours_where_they_are(
        self, top: Path, proc: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = top / "user.slice" / "run-1.scope"
        kernel = cgroup.write

        def write(file: Path, text: str) -> None:
            if file.parent == own:
                raise OSError(errno.EBUSY, "busy", str(file))
            kernel(file, text)

        monkeypatch.setattr(cgroup, "write", write)
        (folder,) = folders(cgroup.create(LIMITS, proc=proc))
        assert folder.parent == top
        assert not (own / LEAF).exists()

    def test_without_the_memory_controller_it_says_so_and_the_cure(self, top: Path, proc: Path) -> None:
        (top / "cgroup.controllers").write_text("cpu pids\n")
        with pytest.raises(JailUnavailable, match=r"`memory`.*systemd-run --user --scope -p Delegate=yes"):
            cgroup.create(LIMITS, proc=proc)

    def test_without_the_right_to_write_it_says_so_and_leaves_nothing(
        self, top: Path, proc: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def write(file: Path, text: str) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", str(file))

        monkeypatch.setattr(cgroup, "write", write)
        with pytest.raises(JailUnavailable, match=r"Permission denied.*Delegate=yes") as raised:
            cgroup.create(LIMITS, proc=proc)
        assert "\n" not in str(raised.value)
        assert not list(top.rglob("tiltyard-[0-9]*"))


class TestWhereTheOwnGroupIs:
    def found(self, tmp_path: Path, *, root: str, path: str) -> Path:
        (tmp_path / "memory" / "docker" / "1").mkdir(parents=True, exist_ok=True)
        (tmp_path / "cgroup").write_text(f"4:memory:{path}\n0::/\n")
        (tmp_path / "mountinfo").write_text(f"35 31 0:32 {root} {tmp_path}/memory rw - cgroup cgroup rw,memory\n")
        (hierarchy,) = hierarchies(tmp_path)
        return hierarchy.own

    def test_below_a_mount_of_the_whole_hierarchy(self, tmp_path: Path) -> None:
        assert self.found(tmp_path, root="/", path="/docker/1") == tmp_path / "memory" / "docker" / "1"

    def test_below_a_mount_that_starts_at_the_own_group(self, tmp_path: Path) -> None:
        assert self.found(tmp_path, root="/docker/1", path="/docker/1") == tmp_path / "memory"

    def test_the_mount_itself_where_the_path_is_not_below_it(self, tmp_path: Path) -> None:
        assert self.found(tmp_path, root="/..", path="/docker/1") == tmp_path / "memory"
        assert self.found(tmp_path, root="/", path="/../other") == tmp_path / "memory"
        assert self.found(tmp_path, root="/", path="/not/mounted") == tmp_path / "memory"
