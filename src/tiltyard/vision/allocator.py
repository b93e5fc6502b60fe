"""Keeping freed memory, so that a loop over equal tensors does not fault in the same pages again and again."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 256 << 20
KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(KEPT_BYTES), "MALLOC_MMAP_THRESHOLD_": str(KEPT_BYTES)}
"""The same for a process that is yet to start, as environment variables of glibc."""


def keep_freed_memory() -> bool:
    """Tells glibc to keep up to 256 MiB that torch frees; False on another C library, which is left as it is.

    By default glibc gives tensors of a megabyte back to the kernel at each free. For a whole process, so that the
    command line calls it and a library function does not. Measured in docs/decisions/0005-threads-that-wait.md.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return bool(library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)) and bool(library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES))
