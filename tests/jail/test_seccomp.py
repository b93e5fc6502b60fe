"""The filter, on paper by a small interpreter of classic BPF, and in force around a real guest."""

import errno
import json
import os
import struct
import sys

import pytest

from tiltyard.errors import JailUnavailable
from tiltyard.jail import seccomp
from tiltyard.jail.doctor import require_jail
from tiltyard.jail.launch import launch
from tiltyard.jail.limits import Limits

ALLOWED, KILLED = "allowed", "killed"
SIGCHLD = 17


@pytest.fixture(scope="module")
def jail() -> None:
    try:
        require_jail()
    except JailUnavailable as reason:
        pytest.skip(str(reason))


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> str | int:
    """What the kernel would do: "allowed", "killed" or an error number."""
    words = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=iIQ6Q", number, architecture or seccomp.ARCHITECTURES[machine][1], 0, *words)
    program = list(struct.iter_unpack("=HBBI", seccomp.filter_program(machine)))
    at = accumulator = 0
    while True:
        code, yes, no, operand = program[at]
        at += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, operand)
            case 0x15:
                at += yes if accumulator == operand else no
            case 0x35:
                at += yes if accumulator >= operand else no
            case 0x45:
                at += yes if accumulator & operand else no
            case 0x06:
                return {0x80000000: KILLED, 0x7FFF0000: ALLOWED}.get(operand, operand & 0xFFFF)


def guest_prints(script: str, *, seconds: float = 30) -> tuple[str, str]:
    with launch([sys.executable, "-c", script], limits=Limits()) as guest:
        guest.wait(seconds)
        reason = guest.ended() or "still running"
        try:
            return reason, os.read(guest.log, 65536).decode()
        except BlockingIOError:
            return reason, ""


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
class TestOnPaper:
    def test_every_listed_call_is_refused(self, machine: str) -> None:
        column = seccomp.ARCHITECTURES[machine][0]
        numbers = [row[column] for row in seccomp.DENIED.values() if row[column] is not None]
        assert {verdict(machine, number) for number in numbers} == {errno.EPERM}
        assert len(set(numbers)) == len(numbers)

    def test_other_calls_pass(self, machine: str) -> None:
        column = seccomp.ARCHITECTURES[machine][0]
        special = [call[column] for call in (seccomp.CLONE3, seccomp.SOCKET)]
        denied = {row[column] for row in seccomp.DENIED.values()}
        assert all(verdict(machine, n) == ALLOWED for n in range(500) if n not in denied and n not in special)

    def test_new_processes_and_threads_pass_but_no_new_namespace(self, machine: str) -> None:
        column = seccomp.ARCHITECTURES[machine][0]
        clone, unshare = seccomp.CLONE[column], seccomp.UNSHARE[column]
        threads = 0x003D0F00
        assert verdict(machine, clone, SIGCHLD) == verdict(machine, clone, threads) == ALLOWED
        for bit in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
            assert verdict(machine, clone, bit | SIGCHLD) == errno.EPERM
            assert verdict(machine, unshare, bit) == errno.EPERM
        assert verdict(machine, unshare, 0x80) == errno.EPERM
        assert verdict(machine, seccomp.CLONE3[column]) == errno.ENOSYS

    def test_only_unix_sockets(self, machine: str) -> None:
        socket = seccomp.SOCKET[seccomp.ARCHITECTURES[machine][0]]
        families = {family: verdict(machine, socket, family) for family in range(50)}
        assert families.pop(1) == ALLOWED
        assert set(families.values()) == {errno.EAFNOSUPPORT}

    def test_nothing_is_typed_into_the_terminal(self, machine: str) -> None:
        ioctl = seccomp.IOCTL[seccomp.ARCHITECTURES[machine][0]]
        assert verdict(machine, ioctl, 0, 0x5401) == ALLOWED
        assert verdict(machine, ioctl, 0, 0x5412) == verdict(machine, ioctl, 0, 0x541C) == errno.EPERM
        assert verdict(machine, ioctl, 0, 0x1_0000_5412) == errno.EPERM

    def test_another_architecture_is_killed(self, machine: str) -> None:
        assert verdict(machine, 0, architecture=0x40000003) == KILLED


def test_the_x32_numbers_are_refused() -> None:
    assert verdict("x86_64", 0x40000000 + 39) == errno.EPERM


def test_an_unknown_machine_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="riscv64"):
        seccomp.filter_program("riscv64")


@pytest.mark.usefixtures("jail")
class TestInForce:
    def test_every_listed_call_is_refused_in_the_jail(self) -> None:
        column = seccomp.ARCHITECTURES[os.uname().machine][0]
        numbers = {name: row[column] for name, row in seccomp.DENIED.items() if row[column] is not None}
        script = f"""
import ctypes, json
libc = ctypes.CDLL(None, use_errno=True)
errors = {{}}
for name, number in {numbers!r}.items():
    ctypes.set_errno(0)
    errors[name] = (libc.syscall(number, 0, 0, 0, 0, 0, 0), ctypes.get_errno())
print(json.dumps(errors))
"""
        reason, printed = guest_prints(script)
        assert reason == "exit status 0"
        assert set(map(tuple, json.loads(printed).values())) == {(-1, errno.EPERM)}

    @pytest.mark.skipif(os.uname().machine != "x86_64", reason="a 32-bit call is an x86 matter")
    def test_a_32_bit_system_call_kills(self) -> None:
        reason, printed = guest_prints("""
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("b814000000cd80c3"))  # getpid by int 0x80
address = ctypes.addressof(ctypes.c_char.from_buffer(code))
print("ESCAPED", ctypes.CFUNCTYPE(ctypes.c_int)(address)(), flush=True)
""")
        assert "ESCAPED" not in printed
        assert reason in ("killed by signal 31 (SIGSYS)", "killed by signal 11 (SIGSEGV)")

    def test_torch_numpy_foolbox_threads_and_processes_work(self) -> None:
        reason, printed = guest_prints(r"""
import multiprocessing, os, subprocess, threading
import numpy, torch, foolbox

def square(x):
    return x * x

torch.set_num_threads(2)
layer = torch.nn.Conv2d(3, 8, 3)
layer(torch.rand(8, 3, 32, 32)).sum().backward()
threads = [threading.Thread(target=numpy.linalg.inv, args=(numpy.eye(64),)) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(square, range(4)) == [0, 1, 4, 9]
with multiprocessing.get_context("spawn").Pool(1) as pool:
    assert pool.map(abs, [-3]) == [3]
assert subprocess.run("echo child", shell=True, capture_output=True, stdin=subprocess.DEVNULL).stdout == b"child\n"
with open(os.path.expanduser("~/file"), "w") as file:
    file.write("x")
print("all well")
""")
        assert (reason, printed.splitlines()[-1]) == ("exit status 0", "all well")
