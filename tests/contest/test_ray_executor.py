"""Work on a real Ray cluster of two nodes, one of which is killed: the same results, the same bytes."""

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tiltyard.contest.executor import Here
from tiltyard.contest.ray_executor import RayExecutor
from tiltyard.errors import TiltyardError
from tiltyard.forensics.making.folder import write_set

pytestmark = pytest.mark.alone
HERE = Path(__file__).parent
FORGING = HERE.parent / "forensics" / "making"


def refusing(item: int) -> int:
    if item == 3:
        raise TiltyardError(f"item {item} is bad")
    return item


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[str, Callable[[], None]]]:
    """Its address, and what kills its second node."""
    pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
    with pytest.MonkeyPatch.context() as patch:
        for place in (HERE, FORGING):
            patch.syspath_prepend(str(place))
        patch.setenv("PYTHONPATH", f"{HERE}:{FORGING}")
        from two_nodes import two_nodes

        with two_nodes() as started:
            yield started


def test_a_missing_ray_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(TiltyardError, match=r'pip install "tiltyard\[ray\]"'):
        RayExecutor("auto")


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:1", "ray://127.0.0.1:1", "ray://[", ":"])
def test_a_bad_or_dead_address_is_one_line_at_once(address: str) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
    began = time.monotonic()
    with pytest.raises(TiltyardError, match="--ray"):
        RayExecutor(address)
    assert time.monotonic() - began < 10


def test_an_error_of_the_task_is_raised_as_it_was(cluster: tuple[str, Callable[[], None]]) -> None:
    import test_ray_executor

    with pytest.raises(TiltyardError, match=r"^item 3 is bad$"):
        list(RayExecutor(cluster[0]).submit(test_ray_executor.refusing, range(8)))


def test_a_set_forged_while_a_node_is_killed_has_the_bytes_of_a_local_one(
    cluster: tuple[str, Callable[[], None]], tmp_path: Path
) -> None:
    from toy_series import ToySeries

    address, kill_second = cluster
    marks = tmp_path / "marks"
    marks.mkdir()
    series, killed = ToySeries(count=160, samples_a_part=24, seconds=0.03, marks=marks), list[int]()

    def watching(done: int, total: int) -> None:
        if not killed and len(list(marks.iterdir())) == 2:
            killed.append(done)
            kill_second()

    written = write_set(series, tmp_path / "ray", RayExecutor(address), carried=True, progress=watching)
    assert killed, "both nodes worked"
    assert killed[0] < 160, "and one was killed on the way"
    assert (written.samples, written.missing_parts) == (160, 0)
    write_set(ToySeries(count=160, samples_a_part=24), tmp_path / "here", Here())
    assert digests(tmp_path / "ray") == digests(tmp_path / "here")


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
