"""Guests that try to get out of a real jail, to outgrow it or to outlive it."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tiltyard.errors import JailUnavailable
from tiltyard.jail.bubblewrap import arguments, package_folder, python_readable
from tiltyard.jail.doctor import require_jail
from tiltyard.jail.hierarchy import hierarchies
from tiltyard.jail.launch import Guest, inside, launch
from tiltyard.jail.limits import MIB, Limits
from tiltyard.jail.seccomp import filter_program

SMALL = Limits(memory=200 * MIB, processes=20, disk=20 * MIB)
PRELUDE = """
import ctypes, errno, os, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)

def c(function, *arguments):
    ctypes.set_errno(0)
    result = getattr(libc, function)(*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), function)
    return result

def attempt(action):
    try:
        print("ESCAPED", action())
    except OSError as error:
        print(errno.errorcode.get(error.errno, type(error).__name__))

"""


@dataclass(frozen=True)
class Ending:
    reason: str
    printed: str


@pytest.fixture(scope="module", autouse=True)
def jail() -> None:
    try:
        require_jail()
    except JailUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def nothing_remains(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After each guest: no child, group, temporary folder or descriptor, and the next guest runs.

    No process outlives its group: the kernel removes only empty ones.
    """
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
    before = traces()
    yield
    assert traces() == before
    assert run("print('next')") == Ending("exit status 0", "next\n")
    assert traces() == before


def traces() -> dict[str, Any]:
    places = {place for each in hierarchies() for place in each.places() if place.is_dir()}
    return {
        "children": set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()),
        "groups": {entry for place in places for entry in place.glob(f"tiltyard-{os.getpid()}-*")},
        "files": os.listdir(tempfile.gettempdir()),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


def commands() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # gone since the listing
        if command:  # the dead and the kernel's have none
            yield int(entry.name), command


def drain(guest: Guest) -> str:
    """What has been printed since the last look."""
    printed = b""
    with suppress(BlockingIOError):  # nothing more for now
        while more := os.read(guest.log, 65536):
            printed += more
    return printed.decode()


def run(script: str, *, limits: Limits = SMALL, seconds: float = 20, **options: Any) -> Ending:
    with launch([sys.executable, "-S", "-c", PRELUDE + script], limits=limits, **options) as guest:
        guest.wait(seconds)
        return Ending(guest.ended() or "still running", drain(guest) if guest.poll() is not None else "")


def wait_for(guest: Guest, text: str) -> None:
    deadline, seen = time.monotonic() + 20, ""
    while text not in seen and time.monotonic() < deadline:
        time.sleep(0.01)
        seen += drain(guest)
    assert text in seen


def refusals(script: str, **options: Any) -> list[str]:
    ending = run(script, **options)
    assert ending.reason == "exit status 0", ending
    assert "ESCAPED" not in ending.printed
    return ending.printed.split()


class TestNetwork:
    def test_no_tcp_udp_or_name_service(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            assert (
                refusals(f"""
attempt(lambda: socket.create_connection(("127.0.0.1", {port}), 2))
attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
attempt(lambda: socket.socket(socket.AF_INET6))
attempt(lambda: socket.getaddrinfo("localhost.localdomain.example", 80))
for family in (socket.AF_NETLINK, socket.AF_PACKET, socket.AF_VSOCK, socket.AF_ALG):
    attempt(lambda: socket.socket(family, socket.SOCK_RAW))
""")
                == ["EAFNOSUPPORT"] * 3 + ["gaierror"] + ["EAFNOSUPPORT"] * 4
            )

    def test_no_unix_socket_of_the_host_by_path_or_abstract_name(self, tmp_path: Path) -> None:
        names = [str(tmp_path / "socket"), f"\0tiltyard-test-{os.getpid()}"]
        servers = [socket.socket(socket.AF_UNIX) for _ in names]
        for server, name in zip(servers, names, strict=True):
            server.bind(name)
            server.listen()
        script = f"for name in {names!r}: attempt(lambda: socket.socket(socket.AF_UNIX).connect(name))"
        assert refusals(script) == ["ENOENT", "ECONNREFUSED"]
        for server in servers:
            server.close()


class TestReading:
    def test_no_secrets_and_no_homes(self) -> None:
        home = Path.home()
        secrets = ["/etc/shadow", "/etc/passwd", "/etc/hostname", str(home / ".bashrc"), str(home / ".ssh"), __file__]
        script = f"for path in {secrets!r}: attempt(lambda: open(path).read())"
        assert set(refusals(script)) == {"ENOENT"}

    def test_of_a_home_with_python_in_it_only_python_shows(self) -> None:
        shown = {str(parent) for folder in python_readable() for parent in (folder, *folder.parents)}
        shown |= {str(parent) for parent in package_folder().parents}
        ending = run("""
for root in filter(os.path.isdir, ("/root", "/home", "/work")):
    print(*(root + "/" + name for name in os.listdir(root)))""")
        assert set(ending.printed.split()) <= shown

    def test_hidden_files_and_folders_inside_readable_ones(self, tmp_path: Path) -> None:
        (tmp_path / "entry").mkdir()
        (tmp_path / "entry" / "later").mkdir()
        for name in ("labels.csv", "open.csv", "later/labels.csv"):
            (tmp_path / "entry" / name).write_text("secret")
        module = Path(pytest.__file__)
        (tmp_path / "link").symlink_to(tmp_path / "entry" / "labels.csv")
        hidden = [tmp_path / "link", tmp_path / "entry" / "later", module, tmp_path / "absent"]
        ending = run(
            f"""
for path in ("/entry/labels.csv", {str(module)!r}, {str(module.resolve())!r}, "/entry/later/labels.csv"):
    attempt(lambda: open(path).read())
attempt(lambda: os.chmod("/entry/labels.csv", 0o666))
attempt(lambda: open("/entry/later/new", "w"))
print(open("/entry/open.csv").read(), os.listdir("/entry/later"))""",
            mounts={"/entry": tmp_path / "entry"},
            hidden=hidden,
        )
        assert ending.printed.split() == ["EACCES"] * 3 + ["ENOENT", "EROFS", "EROFS", "secret", "[]"]

    def test_of_this_package_only_what_a_guest_needs(self, tmp_path: Path) -> None:
        ending = run(f"print(*os.listdir({str(package_folder())!r}))")
        assert set(ending.printed.split()) <= {"__init__.py", "errors.py", "contest", "jail", "attacks", "vision"}
        assert "jail" in ending.printed

    def test_a_package_installed_among_readable_ones_is_masked_too(self, tmp_path: Path) -> None:
        package = tmp_path / "site-packages" / "pool"
        (package / "jail").mkdir(parents=True)
        for name in ("__init__.py", "weights.safetensors", "jail/guest.py"):
            (package / name).write_text("text")
        kept = {str(package / name): package / name for name in ("__init__.py", "jail")}
        assert bare_jail(["find", str(package.parent), "-type", "f"], package=package, mounts=kept) == [
            str(package / "__init__.py"),
            str(package / "jail/guest.py"),
        ]


def bare_jail(program: list[str], *, package: Path, mounts: dict[str, Path]) -> list[str]:
    with tempfile.TemporaryFile() as seccomp:
        seccomp.write(filter_program())
        seccomp.seek(0)
        command = arguments(
            program=program,
            readable=[package.parent],
            hidden=[package],
            mounts=mounts,
            environment={"PATH": "/usr/bin"},
            limits=SMALL,
            seccomp_fd=seccomp.fileno(),
        )
        return sorted(subprocess.check_output(command, text=True, pass_fds=[seccomp.fileno()]).split())


class TestWriting:
    def test_nothing_outside_its_own_temporary_folders(self, tmp_path: Path) -> None:
        (tmp_path / "data").write_text("data")
        places = [
            "/x",
            "/usr/x",
            "/etc/x",
            "/dev/x",
            "/proc/x",
            "/data/x",
            "/data/data",
            "/usr/bin/env",
            sys.prefix + "/x",
        ]
        outcomes = refusals(
            f"for path in {places!r}: attempt(lambda: open(path, 'a'))\n"
            "open('/tmp/mine', 'w').write('x'); open('/dev/shm/mine', 'w').write('x'); open('here', 'w').write('x')",
            mounts={"/data": tmp_path},
        )
        assert set(outcomes) <= {"EROFS", "ENOENT", "EACCES"}
        assert outcomes.count("EROFS") >= len(places) - 1
        assert list(tmp_path.iterdir()) == [tmp_path / "data"]
        assert not Path("/tmp/mine").exists()

    def test_no_kernel_setting(self) -> None:
        settings = [
            "/proc/sys/kernel/hostname",
            "/proc/self/oom_score_adj",
            "/proc/sysrq-trigger",
            "/proc/self/uid_map",
        ]
        outcomes = refusals(f"for path in {settings!r}: attempt(lambda: open(path, 'w').write('1'))")
        assert set(outcomes) <= {"EROFS", "EACCES", "EPERM", "ENOENT"}
        assert outcomes[0] == outcomes[1] == outcomes[3] == "EROFS"

    def test_the_hosts_devices_keep_their_modes(self) -> None:
        """A root evaluator's guest is the owner of /dev/null in the kernel's eyes."""
        before = {name: os.stat(f"/dev/{name}").st_mode for name in ("null", "zero", "urandom")}
        try:
            run("""
for name in ("null", "zero", "urandom", "full", "random"):
    attempt(lambda: os.chmod("/dev/" + name, 0o600))
    attempt(lambda: os.fchmod(os.open("/dev/" + name, os.O_RDONLY), 0o600))
for descriptor in (0, 1, 2):
    attempt(lambda: os.fchmod(descriptor, 0o600))
""")
            assert {name: os.stat(f"/dev/{name}").st_mode for name in before} == before
        finally:
            for name, mode in before.items():
                if os.stat(f"/dev/{name}").st_mode != mode:
                    os.chmod(f"/dev/{name}", mode & 0o7777)


class TestOtherProcesses:
    def test_it_sees_and_signals_none(self) -> None:
        ending = run(f"""
print(len([name for name in os.listdir("/proc") if name.isdigit()]))
attempt(lambda: os.kill({os.getpid()}, 0))
attempt(lambda: os.kill({os.getppid()}, signal.SIGKILL))
print(os.getppid(), os.getuid(), os.getgid())""")
        assert ending.printed.split() == ["2", "ESRCH", "ESRCH", "1", "65534", "65534"]

    def test_killing_all_it_may_ends_only_itself(self) -> None:
        ending = run("""
if os.fork() == 0:
    time.sleep(60)
os.kill(1, signal.SIGKILL)
os.kill(-1, signal.SIGKILL)
print(os.wait()[1])
os._exit(4)
""")
        assert ending.reason == "exit status 4"

    def test_no_tracing_no_namespaces_no_mounts(self) -> None:
        assert (
            refusals("""
attempt(lambda: c("ptrace", 0, 0, 0, 0))
attempt(lambda: c("unshare", 0x10000000))
attempt(lambda: c("unshare", 0x00020000))
attempt(lambda: c("syscall", 56 if os.uname().machine == "x86_64" else 220, 0x10000011, 0, 0, 0, 0))
attempt(lambda: c("mount", b"none", b"/tmp", b"tmpfs", 0, 0))
attempt(lambda: c("umount2", b"/proc", 2))
attempt(lambda: c("chroot", b"/tmp"))
attempt(lambda: c("setns", 0, 0))
attempt(lambda: c("sethostname", b"x", 1))
""")
            == ["EPERM"] * 9
        )
        assert refusals('attempt(lambda: c("syscall", 435, 0, 0))') == ["ENOSYS"]

    def test_no_capabilities_and_none_to_gain(self) -> None:
        printed = run("print(open('/proc/self/status').read())").printed
        assert set(re.findall(r"Cap\w+:\t(\w+)", printed)) == {"0" * 16}
        assert "NoNewPrivs:\t1" in printed
        assert "Seccomp:\t2" in printed


class TestWhatItHolds:
    def test_only_the_descriptors_meant_for_it(self) -> None:
        secret = os.open("/etc/passwd", os.O_RDONLY)
        os.set_inheritable(secret, True)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ending = run(
                f"""
def is_open(number):
    try:
        return bool(os.fstat(number))
    except OSError:
        return False
print(*filter(is_open, range(1024)))
os.write({theirs.fileno()}, b"hello")""",
                pass_fds=[theirs.fileno()],
            )
            assert ours.recv(9) == b"hello"
            assert [int(number) for number in ending.printed.split()] == [0, 1, 2, theirs.fileno()]
        os.close(secret)

    def test_only_the_environment_meant_for_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_TOKEN", "x")
        ending = run(
            "print(*sorted(os.environ)); print(os.environ['HOME'], os.getcwd())", environment={"OMP_NUM_THREADS": "1"}
        )
        names, places = ending.printed.splitlines()
        assert set(names.split()) - {"PWD", "LC_CTYPE"} == {
            "HOME", "LANG", "LOGNAME", "OMP_NUM_THREADS", "PATH", "TMPDIR", "USER",
        }  # fmt: skip
        assert places == "/tmp /tmp"
        assert "SECRET" not in run("print(open('/proc/1/environ').read())").printed

    def test_nothing_on_standard_input(self) -> None:
        assert run("print(repr(sys.stdin.read()))").printed == "''\n"


class TestOutgrowing:
    def test_a_memory_hog(self) -> None:
        assert run("hog = []\nwhile True: hog.append(b'x' * (10 << 20))").reason == "memory limit of 200 MiB exceeded"

    def test_many_processes_that_are_a_memory_hog_together(self) -> None:
        ending = run("""
for _ in range(4):
    if os.fork() == 0:
        hog = b"x" * (80 << 20)
        time.sleep(2)
        os._exit(0)
for _ in range(4):
    os.wait()
""")
        assert ending.reason == "memory limit of 200 MiB exceeded"

    def test_a_tensor_hog(self) -> None:
        limits = Limits(memory=900 * MIB)
        with launch([sys.executable, "-c", "import torch; torch.ones(1 << 30)"], limits=limits) as guest:
            guest.wait(30)
            assert guest.ended() == "memory limit of 900 MiB exceeded"
            assert (guest.peak_memory() or 0) <= 901 * MIB

    @pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
    def test_a_disk_hog_meets_a_full_disk(self, folder: str) -> None:
        ending = run(f"""
written = 0
try:
    with open("{folder}/hog", "wb", buffering=0) as file, open("{folder}/more", "wb", buffering=0) as more:
        while True:
            written += min(file, more, key=lambda each: each.tell()).write(bytes(1 << 20))
except OSError as error:
    print(errno.errorcode[error.errno], written >> 20)""")
        name, written = ending.printed.split()
        assert name == "ENOSPC"
        assert 18 <= int(written) <= 20

    def test_temporary_files_count_as_memory(self) -> None:
        limits = Limits(memory=60 * MIB, disk=500 * MIB)
        ending = run("file = open('/tmp/hog', 'wb')\nwhile True: file.write(bytes(1 << 20))", limits=limits)
        assert ending.reason == "memory limit of 60 MiB exceeded"

    def test_one_giant_file_is_refused(self) -> None:
        assert run("os.truncate(os.memfd_create('x'), 1 << 40)").reason.startswith(
            ("exit status 1", "killed by signal 25")
        )

    def test_a_fork_bomb_is_held_and_named(self) -> None:
        ending = run("""
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
except BlockingIOError:
    os._exit(7)
""")
        assert ending.reason == "exit status 7 (limit of 20 processes and threads reached)"

    def test_a_fork_bomb_that_goes_on_is_killed(self) -> None:
        bomb = "import os\nprint('up', flush=True)\nwhile True:\n  try: os.fork()\n  except OSError: pass"
        with launch([sys.executable, "-S", "-c", bomb], limits=SMALL) as guest:
            wait_for(guest, "up")
            time.sleep(0.3)
            assert guest.ended() is None
            guest.kill()
            assert guest.ended() == "killed by the evaluator"

    def test_threads_count_as_processes(self) -> None:
        ending = run("""
import threading
started = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        started += 1
except RuntimeError:
    print(started, flush=True)
    os._exit(0)
""")
        assert ending.printed == "19\n"
        assert "limit of 20" in ending.reason

    @pytest.mark.alone
    def test_a_processor_quota_holds(self) -> None:
        limits = Limits(memory=200 * MIB, cpus=0.5)
        with launch(["/bin/sh", "-c", "echo up; (while :; do :; done) & while :; do :; done"], limits=limits) as guest:
            wait_for(guest, "up")
            before, start = guest.cpu_seconds() or 0.0, time.monotonic()
            time.sleep(1.5)
            spent, passed = (guest.cpu_seconds() or 0.0) - before, time.monotonic() - start
        assert 0.2 < spent / passed < 0.7

    def test_a_flood_of_words_is_held_in_the_pipe(self) -> None:
        with launch(["/usr/bin/yes"], limits=SMALL) as guest:
            assert guest.wait(0.3) is None
            assert len(os.read(guest.log, 1 << 20)) == 65536
            assert guest.wait(0.1) is None

    def test_open_files_are_limited(self) -> None:
        limits = Limits(memory=200 * MIB, open_files=50)
        assert refusals("files = []\nattempt(lambda: [files.append(open('/dev/null')) for _ in range(60)])", limits=limits) == ["EMFILE"]  # fmt: skip  # noqa: E501


class TestEndings:
    @pytest.mark.parametrize(
        ("script", "reason"),
        [
            ("pass", "exit status 0"),
            ("os._exit(3)", "exit status 3"),
            ("raise SystemExit(1)", "exit status 1"),
            ("os.abort()", "killed by signal 6 (SIGABRT)"),
            ("os.kill(os.getpid(), signal.SIGKILL)", "killed by signal 9 (SIGKILL)"),
            ("libc.strlen(None)", "killed by signal 11 (SIGSEGV)"),
        ],
    )
    def test_how_it_ended_is_said(self, script: str, reason: str) -> None:
        assert run(script).reason == reason

    def test_an_endless_loop_is_killed(self) -> None:
        with launch([sys.executable, "-S", "-c", "while True: pass"], limits=SMALL) as guest:
            assert guest.wait(0.3) is None
            assert guest.ended() is None
            guest.kill()
            assert guest.ended() == "killed by the evaluator"
            assert guest.wait(0) is not None

    def test_signals_that_it_ignores_do_not_keep_it(self) -> None:
        script = "[signal.signal(n, signal.SIG_IGN) for n in range(1, 32) if n not in (9, 19)]; time.sleep(60)"
        assert run(script, seconds=0.3).reason == "still running"

    def test_a_daemonised_grandchild_does_not_survive(self) -> None:
        mark = f"mark-{os.getpid()}"
        ending = run(f"""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv("/bin/sh", ["{mark}", "-c", "sleep 60; :"])
    os._exit(0)
os.wait()
time.sleep(0.1)
""")
        assert ending.reason == "exit status 0"
        assert not [pid for pid, command in commands() if mark in command]

    def test_it_ends_at_once_when_the_block_is_left(self) -> None:
        with launch(["/bin/sleep", "60"], limits=SMALL):
            pass

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_it_ends_when_the_evaluator_fails_or_is_interrupted(self, error: type[BaseException]) -> None:
        def fail() -> None:
            with launch(["/bin/sleep", "60"], limits=SMALL) as guest:
                guest.wait(0.05)
                raise error

        with pytest.raises(error):
            fail()

    def test_a_program_that_is_not_there(self) -> None:
        with launch(["/no/such/program"], limits=SMALL) as guest:
            guest.wait(5)
            assert guest.ended() == "the jail did not start; what the guest printed says why"
            assert "/no/such/program" in drain(guest)

    def test_its_end_wakes_a_selector(self) -> None:
        with launch(["/bin/sleep", "0.1"], limits=SMALL) as guest:
            assert select.select([guest.done], [], [], 10)[0] == [guest.done]
            assert guest.ended() == "exit status 0"

    @pytest.mark.alone
    def test_a_killed_evaluator_takes_its_guest_along_and_the_next_start_sweeps(self) -> None:
        mark = f"mark-{os.getpid()}"
        script = (
            "import os, time\nfrom tiltyard.jail.launch import launch\nfrom tiltyard.jail.limits import Limits\n"
            f"with launch(['/bin/sh', '-c', 'echo {mark}; sleep 60; :'], limits=Limits()) as guest:\n"
            "    time.sleep(0.3)\n    print(os.read(guest.log, 99).decode(), flush=True)\n    time.sleep(60)"
        )
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as evaluator:
            assert evaluator.stdout is not None
            assert mark in evaluator.stdout.readline()
            evaluator.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 5
        while [pid for pid, command in commands() if f"echo {mark}" in command] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not [pid for pid, command in commands() if f"echo {mark}" in command]
        places = {place for each in hierarchies() for place in each.places() if place.is_dir()}
        stale = [entry for place in places for entry in place.glob(f"tiltyard-{evaluator.pid}-*")]
        assert stale
        run("pass")
        assert not [entry for entry in stale if entry.exists()]


class TestTrusted:
    def test_the_same_call_serves_both(self, tmp_path: Path) -> None:
        (tmp_path / "word").write_text("tilt")
        mounts = {"/entry": tmp_path}
        for trust in (False, True):
            script = f"print(open({inside('/entry', mounts, trust=trust)!r} + '/word').read())"
            assert run(script, mounts=mounts, trust=trust) == Ending("exit status 0", "tilt\n")

    def test_its_environment_is_clean_and_its_folder_goes_with_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_TOKEN", "x")
        script = "print(os.environ.get('SECRET_TOKEN'), os.getcwd() == os.environ['HOME'], os.getcwd()); open('x', 'w')"
        absent, at_home, folder = run(script, trust=True).printed.split()
        assert (absent, at_home) == ("None", "True")
        assert not Path(folder).exists()

    def test_its_process_group_ends_with_the_block(self) -> None:
        with launch(["/bin/sh", "-c", "sleep 60 & sleep 60 & echo up; wait"], limits=SMALL, trust=True) as guest:
            wait_for(guest, "up")
            assert guest.ended() is None
            members = [pid for pid, _ in commands() if os.getpgid(pid) == guest.pid]
            assert len(members) == 3
        deadline = time.monotonic() + 5
        while [pid for pid, _ in commands() if pid in members] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not [pid for pid, _ in commands() if pid in members]
        assert guest.ended() == "killed by the evaluator"

    def test_its_end_is_said_too(self) -> None:
        assert run("os._exit(3)", trust=True).reason == "exit status 3"
        assert run("os.abort()", trust=True).reason == "killed by signal 6 (SIGABRT)"
