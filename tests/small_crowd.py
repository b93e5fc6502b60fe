"""Many who do the same thing at one moment, each on a database connection of their own."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connection

Thing = TypeVar("Thing")


def at_once(acts: Sequence[Callable[[], Thing]]) -> list[Thing | Exception]:
    """What each act gave or raised; none begins before all are ready."""
    ready, results = threading.Barrier(len(acts)), dict[int, Thing | Exception]()

    def run(number: int) -> None:
        try:
            ready.wait(timeout=30)
            results[number] = acts[number]()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return [results[number] for number in range(len(acts))]
