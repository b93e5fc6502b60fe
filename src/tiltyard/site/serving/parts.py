"""The processes that a site consists of."""

import os
from collections.abc import Sequence

from tiltyard.site.serving.supervisor import Part
from tiltyard.vision.allocator import KEPT_MEMORY


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


def worker_parts(count: int, *, ray: str | None = None) -> list[Part]:
    """So many workers, which share the cores."""
    threads = str(max(1, cores() // max(1, count)))
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
    environment = KEPT_MEMORY | {name: os.environ.get(name, threads) for name in names}
    arguments: Sequence[str] = ("--ray", ray) if ray else ()
    return [Part(f"worker {number}", "tiltyard.site.worker", arguments, environment) for number in range(1, count + 1)]


def site_parts(host: str, port: int, *, workers: int, ray: str | None = None) -> list[Part]:
    """Web, scheduler and workers."""
    return [
        Part("web", "tiltyard.site.serving.web", (host, str(port))),
        Part("scheduler", "tiltyard.site.scheduler"),
        *worker_parts(workers, ray=ray),
    ]
