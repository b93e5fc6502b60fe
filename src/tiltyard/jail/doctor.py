"""What this host has and lacks for a working jail, and the cure."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tiltyard.errors import JailUnavailable
from tiltyard.jail import cgroup, seccomp, sweeping
from tiltyard.jail.launch import Guest, launch
from tiltyard.jail.limits import MIB, Limits

OLDEST_BUBBLEWRAP = (0, 8)
F_SEAL_FUTURE_WRITE = 0x10
TRIAL_LIMITS = Limits(memory=256 * MIB, processes=8, disk=MIB)
TRIAL_SECONDS = 10.0
INSTALL = "`apt install bubblewrap`, `dnf install bubblewrap` or your system's like"
CONTAINER_CURE = (
    "start the container with `docker run --privileged`, or with --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined --security-opt systempaths=unconfined and writable control groups"
)
APPARMOR_CURE = (
    "allow bubblewrap user namespaces by an AppArmor profile (`apt install apparmor-profiles` and load "
    "bwrap-userns-restrict), or `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`"
)
SWITCHES = (
    ("user/max_user_namespaces", "0", "`sudo sysctl user.max_user_namespaces=10000`"),
    ("kernel/unprivileged_userns_clone", "0", "`sudo sysctl kernel.unprivileged_userns_clone=1`"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", APPARMOR_CURE),
)
"""Kernel settings, below /proc/sys, that keep user namespaces from ordinary users."""


@dataclass(frozen=True)
class Finding:
    """One thing that the jail needs; `cure` is empty where it is there."""

    name: str
    ok: bool
    found: str
    cure: str = ""


def examine() -> list[Finding]:
    """All findings, in the order in which they should be cured; the last is a trial of the whole."""
    if sys.platform != "linux":
        return [Finding("platform", ok=False, found=sys.platform, cure="run on Linux, or in a Linux virtual machine")]
    executable = shutil.which("bwrap")
    findings = [_platform(), _bubblewrap(executable), _seccomp(), _sealing(), _control_groups()]
    if executable is not None:
        findings.append(_namespaces(executable))
    if all(finding.ok for finding in findings):
        findings.append(_trial())
    return findings


def require_jail() -> None:
    """Raises JailUnavailable with the first thing that is missing."""
    for finding in examine():
        if not finding.ok:
            raise JailUnavailable(f"no working jail here: {finding.name}: {finding.found}. Cure: {finding.cure}")


def _platform() -> Finding:
    machine = os.uname().machine
    found = f"Linux {os.uname().release} on {machine}"
    if seccomp.supported(machine):
        return Finding("platform", ok=True, found=found)
    return Finding("platform", ok=False, found=found, cure=f"run on {' or '.join(seccomp.ARCHITECTURES)}")


def _bubblewrap(executable: str | None) -> Finding:
    if executable is None:
        return Finding("bubblewrap", ok=False, found="not installed", cure=INSTALL)
    said = subprocess.run([executable, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if version >= OLDEST_BUBBLEWRAP:
        return Finding("bubblewrap", ok=True, found=f"{said}, {executable}")
    lacks = f"{said or 'unknown version'}, which lacks --disable-userns and --size"
    return Finding("bubblewrap", ok=False, found=lacks, cure=f"install bubblewrap 0.8 or newer: {INSTALL}")


def _seccomp() -> Finding:
    if Path("/proc/sys/kernel/seccomp/actions_avail").exists() or "\nSeccomp:" in _read("/proc/self/status"):
        return Finding("seccomp", ok=True, found="filters available")
    return Finding("seccomp", ok=False, found="not in this kernel", cure="use a kernel with CONFIG_SECCOMP_FILTER")


def _sealing() -> Finding:
    try:
        descriptor = os.memfd_create("tiltyard-doctor", os.MFD_ALLOW_SEALING)
        try:
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL | F_SEAL_FUTURE_WRITE
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        finally:
            os.close(descriptor)
    except OSError as error:
        cure = "use Linux 5.1 or newer, without a sandbox that forbids memfd_create"
        return Finding("sealed memory", ok=False, found=error.strerror or str(error), cure=cure)
    return Finding("sealed memory", ok=True, found="memfd seals hold")


def _control_groups() -> Finding:
    try:
        sweeping.sweep()
        with cgroup.create(TRIAL_LIMITS) as group:
            found = f"memory and processes limited by cgroup v{group.version}{_sharing(group)}"
    except JailUnavailable as error:
        found = str(error).removesuffix(f": {cgroup.CURE}")
        return Finding("control groups", ok=False, found=found, cure=cgroup.CURE)
    return Finding("control groups", ok=True, found=found)


def _sharing(group: cgroup.Cgroup) -> str:
    if group.shares_processor:
        return ", processor time shared fairly"
    return "; processor time is not shared: a guest of many threads takes more of it than others"


def _namespaces(executable: str) -> Finding:
    command = [executable, "--unshare-user", "--unshare-net", "--ro-bind", "/", "/", "--proc", "/proc", "/bin/true"]
    probe = subprocess.run(command, capture_output=True, text=True, check=False)
    if probe.returncode == 0:
        return Finding("user namespaces", ok=True, found="usable")
    said = probe.stderr.strip().partition("\n")[0]
    return Finding("user namespaces", ok=False, found=said or "refused", cure=_cure_of_namespaces())


def _trial() -> Finding:
    cure = f"see what it says; {CONTAINER_CURE}" if _in_container() else "see what it says, and the kernel's log"
    try:
        with launch(["/bin/true"], limits=TRIAL_LIMITS) as guest:
            if guest.wait(TRIAL_SECONDS) == 0:
                return Finding("trial jail", ok=True, found="/bin/true ran in it")
            reason = guest.ended() or f"not done in {TRIAL_SECONDS:.0f} s"
            return Finding("trial jail", ok=False, found=_first_line(guest) or reason, cure=cure)
    except JailUnavailable as error:
        return Finding("trial jail", ok=False, found=str(error), cure=cure)


def _first_line(guest: Guest) -> str:
    try:
        return os.read(guest.log, 4096).decode(errors="replace").partition("\n")[0]
    except BlockingIOError:
        return ""


def _cure_of_namespaces() -> str:
    for setting, obstacle, cure in SWITCHES:
        if _read(f"/proc/sys/{setting}").strip() == obstacle and os.geteuid() != 0:
            return cure
    if _in_container():
        return CONTAINER_CURE
    return "allow user namespaces: see what bubblewrap says, and the kernel's log"


def _in_container() -> bool:
    return any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv")) or "container" in os.environ


def _read(file: str) -> str:
    path = Path(file)
    return path.read_text() if path.exists() else ""
