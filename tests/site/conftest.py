"""What tests of the site share: audit events that a test may clear away after itself."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True, scope="session")
def _flushable() -> Iterator[None]:
    """Tests with real transactions end by emptying every table, which the triggers would refuse.

    For the whole session: what a test patches is undone before its database is cleared.
    """
    from django.db import connection
    from django.test import TransactionTestCase

    from tiltyard.site import append_only

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
