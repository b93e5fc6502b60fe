"""Starting a guest, in the jail or (trusted) beside us, and making sure that nothing of it remains."""

import os
import re
import resource
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path

from tiltyard.errors import JailUnavailable
from tiltyard.jail import cgroup, sweeping
from tiltyard.jail.bubblewrap import arguments, package_folder, package_mounts, private_places, python_readable
from tiltyard.jail.limits import MIB, Limits
from tiltyard.jail.seccomp import filter_program

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
HOME = "/tmp"  # noqa: S108 (inside the jail, where it is the guest's own)
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
"""What bubblewrap takes from the host's /dev."""
CAP_SYS_ADMIN = 21
RLIMIT_BLOCK = 512
STATUS_BYTES = 4096
PATIENCE = 10.0


class Guest:
    """A running guest; `launch` makes it and ends it."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        *,
        log: int,
        done: int,
        limits: Limits,
        group: cgroup.Cgroup | None,
        status: int | None,
    ) -> None:
        self.pid = process.pid
        self.log = log
        """Non-blocking read end of the pipe that carries the guest's standard output and error."""
        self.done = done
        """A pidfd: readable, for `select` and its kin, once the guest has ended."""
        self._process = process
        self._limits = limits
        self._group = group
        self._status = status
        self._reason: str | None = None

    def poll(self) -> int | None:
        """The exit status once the guest has ended; above 128 or negative after a signal."""
        return self._process.poll()

    def wait(self, timeout: float) -> int | None:
        """Like `poll`, after at most `timeout` seconds."""
        waiting = select.poll()  # `Popen.wait` with a timeout looks only every 50 ms
        waiting.register(self.done, select.POLLIN)
        waiting.poll(timeout * 1000)
        return self.poll()

    def ended(self) -> str | None:
        """Why the guest has ended, in one line; None while it runs."""
        if self._reason is None and (code := self.poll()) is not None:
            self._reason = self._explain(code)
        return self._reason

    @cached_property
    def never_began(self) -> bool:
        """Whether the jail failed before it started the guest's program; ask once the guest has ended."""
        return (self.poll() or 0) > 0 and self._status is not None and not _was_reached(self._status)

    def kill(self) -> None:
        """Ends every process of the guest; `ended` then says so, unless the guest had ended before."""
        if self.ended() is None:
            self._reason = "killed by the evaluator"
        if self._group is None:
            _kill_process_group(self.pid)
        else:
            self._process.kill()  # it may not have entered its group yet
            self._group.kill()
        self._process.wait(PATIENCE)

    def cpu_seconds(self) -> float | None:
        """Processor time of all its processes; None where it is not counted (trusted guests, some hosts)."""
        return self._group.cpu_seconds() if self._group else None

    def peak_memory(self) -> int | None:
        """The most bytes it had in use at once, temporary files included; None where that is not counted."""
        return self._group.peak_memory() if self._group else None

    def _explain(self, code: int) -> str:
        if self._group is not None and self._group.memory_exceeded():
            return f"memory limit of {self._limits.memory // MIB} MiB exceeded"
        if self.never_began:
            return "the jail did not start; what the guest printed says why"
        note = ""
        if self._group is not None and self._group.processes_refused():
            note = f" (limit of {self._limits.processes} processes and threads reached)"
        return _exit(code) + note


@contextmanager
def launch(
    program: Sequence[str],
    *,
    limits: Limits,
    pass_fds: Sequence[int] = (),
    mounts: Mapping[str, Path] | None = None,
    hidden: Sequence[Path] = (),
    trust: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Guest]:
    """Runs `program` as a guest; on leaving, however that happens, all its processes, files and groups are gone.

    In the jail it sees this interpreter, the few parts of this package that a guest needs, and `mounts` (path inside
    → read-only folder or file outside), without what is `hidden`. It holds `pass_fds` under their own numbers, the
    log as standard output and error, and nothing else. With `trust` it runs as an ordinary process with a clean
    environment and a temporary folder: no limits, no mounts; `inside` gives the paths that serve both ways.

    Stay in one thread from entry to exit: the kernel kills the guest when the thread that started it dies.

    Raises JailUnavailable.
    """
    with ExitStack() as stack, ExitStack() as for_child:
        log, log_end = _pipe(stack, for_child)
        os.set_blocking(log, False)
        group = status = None
        if trust:
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="tiltyard-"))
            process = _start(program, for_child, log_end, pass_fds, _clean(environment, home=home), cwd=home)
        else:
            sweeping.sweep()
            group = stack.enter_context(cgroup.create(limits))
            status, status_end = _pipe(stack, for_child)
            os.set_blocking(status, False)
            seccomp = _seccomp(for_child)
            command = arguments(
                executable=_bubblewrap(),
                program=program,
                readable=python_readable(),
                hidden=[package_folder(), *private_places(), *hidden],
                mounts={**package_mounts(), **(mounts or {})},
                environment=_clean(environment, home=HOME),
                limits=limits,
                seccomp_fd=seccomp,
                status_fd=status_end,
            )
            staged = _enter_first(group, limits, _protect_devices(command))
            descriptors = [*pass_fds, seccomp, status_end]
            process = _start(staged, for_child, log_end, descriptors, {"PATH": PATH}, cwd="/")
        for_child.close()
        done = os.pidfd_open(process.pid)
        stack.callback(os.close, done)
        guest = Guest(process, log=log, done=done, limits=limits, group=group, status=status)
        stack.callback(guest.kill)
        yield guest


def inside(where: str, mounts: Mapping[str, Path], *, trust: bool) -> str:
    """The path at which the guest finds what is mounted at `where`: a trusted guest sees the real one."""
    return str(mounts[where].absolute()) if trust else where


def _start(
    command: Sequence[str],
    for_child: ExitStack,
    log_end: int,
    descriptors: Sequence[int],
    environment: Mapping[str, str],
    *,
    cwd: str,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=_nothing_to_read(for_child),
        stdout=log_end,
        stderr=log_end,
        pass_fds=descriptors,
        env=environment,
        cwd=cwd,
        start_new_session=True,  # Ctrl-C at our terminal is ours to handle
    )


def _enter_first(group: cgroup.Cgroup, limits: Limits, command: Sequence[str]) -> list[str]:
    """A shell that enters the group, sets what limits a shell can set, and becomes `command`.

    No limit on processes per user: it would count all that the user runs, and the group counts the guest's own.
    """
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = limits.open_files if most_files == resource.RLIM_INFINITY else min(limits.open_files, most_files)
    steps = [f"echo $$ > {shlex.quote(str(file))}" for file in group.procs_files]
    steps += ["ulimit -c 0", f"ulimit -n {files}", f"ulimit -f {limits.disk // RLIMIT_BLOCK}"]
    steps += ["echo 1000 > /proc/self/oom_score_adj", 'exec "$@"']
    return ["/bin/sh", "-c", " && ".join(steps), "tiltyard-guest", *command]


def _protect_devices(command: Sequence[str]) -> list[str]:
    """Runs `command` where /dev is read-only, if we may arrange that.

    bubblewrap shows the host's own device nodes, a guest of a root evaluator owns them, and could `chmod` them.
    Where we may not mount we are no such root: an ordinary user, or the root of a container with its own nodes.
    """
    if not _may_mount():
        return list(command)
    folders = ["/dev", *(f"/dev/{name}" for name in DEVICES if os.path.ismount(f"/dev/{name}"))]
    steps = [f"mount -o remount,bind,ro {folder}" for folder in folders] + ['exec "$@"']
    shell = ["/bin/sh", "-c", " && ".join(steps), "tiltyard-guest"]
    return ["unshare", "--mount", "--propagation", "private", *shell, *command]


def _may_mount() -> bool:
    capabilities = re.search(r"^CapEff:\s*(\w+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return os.geteuid() == 0 and capabilities is not None and bool(int(capabilities[1], 16) >> CAP_SYS_ADMIN & 1)


def _clean(environment: Mapping[str, str] | None, *, home: str) -> dict[str, str]:
    base = {"PATH": PATH, "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "USER": "guest", "LOGNAME": "guest"}
    return {**base, **(environment or {})}


def _bubblewrap() -> str:
    if found := shutil.which("bwrap"):
        return found
    raise JailUnavailable("bubblewrap is not installed: `apt install bubblewrap` (or your system's package of it)")


def _pipe(ours: ExitStack, theirs: ExitStack) -> tuple[int, int]:
    """The end that we read, closed with `ours`, and the end that the child writes, closed with `theirs`."""
    read_end, write_end = os.pipe()
    ours.callback(os.close, read_end)
    theirs.callback(os.close, write_end)
    return read_end, write_end


def _nothing_to_read(for_child: ExitStack) -> int:
    """Not /dev/null: a root evaluator's guest owns the inode behind each descriptor and could `fchmod` the host's."""
    read_end, write_end = os.pipe()
    os.close(write_end)
    for_child.callback(os.close, read_end)
    return read_end


def _seccomp(for_child: ExitStack) -> int:
    descriptor = os.memfd_create("tiltyard-seccomp")
    for_child.callback(os.close, descriptor)
    os.write(descriptor, filter_program())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _kill_process_group(pid: int) -> None:
    with suppress(ProcessLookupError):  # nobody left in it
        os.killpg(pid, signal.SIGKILL)


def _was_reached(status: int) -> bool:
    """bubblewrap reports an exit code only of a program that it has started."""
    try:
        return b'"exit-code"' in os.read(status, STATUS_BYTES)
    except BlockingIOError:
        return False


def _exit(code: int) -> str:
    number = -code if code < 0 else code - 128
    try:
        return f"killed by signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"exit status {code}"
