"""A real Ray cluster of two nodes on the loopback, all of whose processes are gone afterwards."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def two_nodes() -> Iterator[tuple[str, Callable[[], None]]]:
    """Its address, and what kills the second node (the first one leads)."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    settings = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}
    before = ray_processes()
    cluster = Cluster(initialize_head=True, head_node_args=settings)
    try:
        second = cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
        yield cluster.address, lambda: cluster.remove_node(second, allow_graceful=False)
    finally:
        ray.shutdown()
        cluster.shutdown()
        wait_until_gone(before)


def ray_processes() -> set[int]:
    """Below this process: those of Ray, and what they have left to the first process."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            alive = (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            continue
        if alive and (b"/ray/" in command or command.startswith(b"ray::")):
            found.add(int(entry.name))
    return found


def wait_until_gone(before: set[int], seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while (left := ray_processes() - before) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left, f"processes of Ray are left: {left}"
