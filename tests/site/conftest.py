"""What tests of the site share: the track `turns` with a team and a worker; audit events that may be cleared away."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation

if TYPE_CHECKING:
    from tiltyard.site.models import Team, Worker


@pytest.fixture(autouse=True, scope="session")
def _flushable() -> Iterator[None]:
    """Tests with real transactions end by emptying every table, which the triggers would refuse.

    For the whole session: what a test patches is undone before its database is cleared.
    """
    from django.db import connection
    from django.test import TransactionTestCase

    from tiltyard.site.auditing import append_only

    teardown = TransactionTestCase._fixture_teardown

    def without_triggers(case: Any) -> None:
        with connection.schema_editor() as editor:
            append_only.remove(None, editor)
        teardown(case)
        with connection.schema_editor() as editor:
            append_only.install(None, editor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


@pytest.fixture
def turns(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The track `turns`, here and in processes that a test starts."""
    import toy_turns
    from small_queue import quick_intervals

    toy_turns.install(tmp_path_factory.mktemp("turns"), monkeypatch)
    quick_intervals(monkeypatch)


@pytest.fixture
def team(turns: None) -> "Team":
    """One of a challenge over `turns`."""
    from small_queue import a_team, turns_challenge

    return a_team(turns_challenge())


@pytest.fixture
def worker() -> "Worker":
    """The row of one that has a jail."""
    from small_queue import a_worker

    return a_worker()


@pytest.fixture(autouse=True)
def english() -> None:
    """A page in another language leaves it to whatever its thread does next: a test that asks no page, here."""
    translation.deactivate()
