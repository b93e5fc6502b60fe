"""What a guest may use of the host."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds on one guest; every one of them ends the guest, or the call that crosses it, never the host."""

    memory: int = 4096 * MIB
    """Bytes of memory, swap and temporary files together, over all processes of the guest."""
    processes: int = 128
    """Processes and threads."""
    cpus: float = 0.0
    """Cores' worth of processor time; 0 means no quota beyond fair sharing."""
    disk: int = 512 * MIB
    """Bytes in the guest's temporary folder (a tmpfs: they count as memory too)."""
    open_files: int = 512
    seconds: float = 3600.0
    """Wall time of the whole run, start included."""
    call_seconds: float = 120.0
    """Wall time between two messages of the guest."""
    start_seconds: float = 120.0
    """Wall time until the guest's first message (imports of torch are slow on a cold disk)."""
    log_bytes: int = 64 * 1024
    """How much of what the guest prints is kept."""
