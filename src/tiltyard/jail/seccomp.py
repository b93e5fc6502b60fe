"""The system calls that a guest is denied, as a classic-BPF program for `bwrap --seccomp`."""

import errno
import os
import struct
from collections.abc import Iterable

DENIED: dict[str, tuple[int | None, int | None]] = {
    # name: (x86_64, aarch64); None where the architecture has no such call
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "statmount": (457, 457),
    "listmount": (458, 458),
    "open_tree_attr": (467, 467),
    "setns": (308, 268),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "memfd_secret": (447, 447),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "lookup_dcookie": (212, 18),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "create_module": (174, None),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "get_kernel_syms": (177, None),
    "query_module": (178, None),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "nfsservctl": (180, 42),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "ustat": (136, None),
    "sysfs": (139, None),
    "_sysctl": (156, None),
    "personality": (135, 92),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
}
"""Refused with EPERM, whatever their arguments."""

CLONE = (56, 220)
CLONE3 = (435, 435)
UNSHARE = (272, 97)
SOCKET = (41, 198)
IOCTL = (16, 29)

CLONE_NAMESPACES = 0x7E020000
"""CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}."""
UNSHARE_NAMESPACES = CLONE_NAMESPACES | 0x80
"""The same and CLONE_NEWTIME, which `clone` reads as a part of the exit signal."""
TERMINAL_INJECTION = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: both type into the terminal of whoever started us."""
AF_UNIX = 1

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column in the tables above, and the kernel's AUDIT_ARCH number."""
X32_CALLS = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000

_Code = list[tuple[int, int, int, int]]


def supported(machine: str | None = None) -> bool:
    return (machine or os.uname().machine) in ARCHITECTURES


def filter_program(machine: str | None = None) -> bytes:
    """The filter for `machine` (this one by default): an array of `struct sock_filter`.

    Raises ValueError for an architecture whose call numbers are not in the tables.
    """
    machine = machine or os.uname().machine
    if machine not in ARCHITECTURES:
        raise ValueError(f"no system-call table for {machine}; known are {', '.join(ARCHITECTURES)}")
    column, architecture = ARCHITECTURES[machine]
    code: _Code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        _give(_KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        code += [(_AT_LEAST, 0, 1, X32_CALLS), _refuse(errno.EPERM)]
    # glibc falls back to clone, whose flags can be read; clone3's lie behind a pointer.
    code += _on(CLONE3[column], [_refuse(errno.ENOSYS)])
    code += _on(CLONE[column], _refuse_bits(CLONE_NAMESPACES))
    code += _on(UNSHARE[column], _refuse_bits(UNSHARE_NAMESPACES))
    code += _on(SOCKET[column], _only_unix_sockets())
    code += _on(IOCTL[column], _refuse_values(TERMINAL_INJECTION))
    for numbers in DENIED.values():
        number = numbers[column]
        if number is not None:
            code += _on(number, [_refuse(errno.EPERM)])
    code.append(_give(_ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in code)


def _give(action: int) -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, action)


def _refuse(error: int) -> tuple[int, int, int, int]:
    return _give(_ERRNO | error)


def _on(number: int, body: _Code) -> _Code:
    """Runs `body`, which must return, where the call's number is the one in the accumulator."""
    return [(_EQUAL, 0, len(body), number), *body]


def _refuse_bits(bits: int) -> _Code:
    return [(_LOAD, 0, 0, _FIRST_ARGUMENT), (_ANY_BIT, 0, 1, bits), _refuse(errno.EPERM), _give(_ALLOW)]


def _only_unix_sockets() -> _Code:
    return [(_LOAD, 0, 0, _FIRST_ARGUMENT), (_EQUAL, 1, 0, AF_UNIX), _refuse(errno.EAFNOSUPPORT), _give(_ALLOW)]


def _refuse_values(values: Iterable[int]) -> _Code:
    code: _Code = [(_LOAD, 0, 0, _SECOND_ARGUMENT)]
    for value in values:
        code += _on(value, [_refuse(errno.EPERM)])
    return [*code, _give(_ALLOW)]
