"""The executor that spreads work over a Ray cluster (extra `ray`)."""

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from tiltyard.contest.executor import AHEAD, Item, Result, Task
from tiltyard.contest.names import one_line
from tiltyard.errors import TiltyardError

TRIES = 4
"""How often an item is begun: a node may die under it, and tasks are pure."""
CONNECT_SECONDS = 5.0
LOOK_SECONDS = 5.0
"""How often the cluster is asked for its size, so that a node that joined gets work."""


class ClusterAway(TiltyardError):
    """No cluster answers, or it loses what it is given: no fault of the work."""


class RayExecutor:
    """Does a task on the nodes of a running Ray cluster, each of which has the same version of this package.

    Results travel as Python objects and are fetched as they come; nodes need no common disk. What was in work on a node
    that died is done again elsewhere. The cluster's ports are open to whoever reaches them: trusted networks only.
    """

    def __init__(self, address: str) -> None:
        """`address` as Ray takes it (`HOST:PORT`, `ray://HOST:PORT`, `auto`).

        TiltyardError where Ray is missing or nothing answers there. Ray itself gives a task of one core one thread.
        """
        self.address = address
        _ray()
        _check_reachable(address)

    def submit(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        ray = _ray()
        with _connected(ray, self.address):
            remote = ray.remote(task_of).options(num_cpus=1, max_retries=TRIES - 1)
            yield from _Flight(ray, remote, ray.put(task)).results(iter(items))


def task_of(task: Any, item: Any) -> Any:
    """What runs on a node: the task, once fetched, with its item."""
    return task(item)


class _Flight:
    """What is on its way: bounded by the size of the cluster, begun again where a node was lost."""

    def __init__(self, ray: Any, remote: Any, task: Any) -> None:
        self.ray, self.remote, self.task = ray, remote, task
        self.pending: dict[Any, tuple[Any, int]] = {}

    def results(self, items: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
        while True:
            for item in islice(items, max(0, self._room())):
                self._begin(item, 1)
            if not self.pending:
                return
            done, _ = self.ray.wait(list(self.pending), num_returns=1, timeout=LOOK_SECONDS)
            for reference in done:
                item, tries = self.pending.pop(reference)
                try:
                    result = self.ray.get(reference)
                except self.ray.exceptions.RayTaskError as error:
                    raise _of_task(error) from None
                except self.ray.exceptions.RayError as error:
                    self._again(item, tries, error)
                    continue
                yield item, result

    def _room(self) -> int:
        cores = int(self.ray.cluster_resources().get("CPU", 1))
        return AHEAD * max(1, cores) - len(self.pending)

    def _begin(self, item: Any, tries: int) -> None:
        self.pending[self.remote.remote(self.task, item)] = (item, tries)

    def _again(self, item: Any, tries: int, error: Exception) -> None:
        if tries >= TRIES:
            raise ClusterAway(f"Ray lost a piece of work {TRIES} times: {one_line(error)}") from None
        self._begin(item, tries + 1)


def _of_task(error: Any) -> Exception:
    """What the task raised on its node, as it would have been raised here."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, TiltyardError):
        return type(cause)(str(cause))
    if isinstance(cause, ModuleNotFoundError):
        return TiltyardError(
            f"a node of the Ray cluster lacks a package ({cause}): install tiltyard there as it is here"
        )
    return cause if isinstance(cause, Exception) else TiltyardError(f"a task failed on a Ray node: {one_line(error)}")


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise TiltyardError('--ray needs Ray: pip install "tiltyard[ray]"') from None
    return ray


@contextmanager
def _connected(ray: Any, address: str) -> Iterator[None]:
    """A connection of our own, given back at the end; one that is there already is used and left."""
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except Exception as error:
        raise ClusterAway(f"--ray {address}: no cluster answers there ({one_line(error, 150)})") from None
    try:
        yield
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Ray itself tries a dead address for minutes."""
    if address == "auto":
        return
    try:
        split = urlsplit(address if "://" in address else f"ray://{address}")
        host, port = split.hostname, split.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise TiltyardError(f"--ray {address}: write HOST:PORT, ray://HOST:PORT or auto")
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise ClusterAway(
            f"--ray {address}: cannot be reached ({error.strerror or error}): is the cluster up?"
        ) from None
