"""Under which names the site answers."""

import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest

from site_process import served
from tiltyard.site.hosts import HERE, allowed


def test_the_addresss_host_and_the_machines_own_names() -> None:
    assert allowed("https://contest.example.org") == ["contest.example.org", *HERE]
    assert allowed("http://10.0.0.5:8000", "inner, other ") == ["10.0.0.5", *HERE, "inner", "other"]
    assert allowed("http://[fd00::1]:8000")[0] == "[fd00::1]"
    assert allowed("http://127.0.0.1:8000") == ["127.0.0.1", "localhost", "[::1]"]
    assert "*" in allowed("http://here:8000", "*")


@pytest.mark.parametrize(("options", "status"), [((), 400), (("--host", "0.0.0.0"), 200)])
def test_another_name_is_answered_only_where_every_network_is_served_under_no_address(
    tmp_path: Path, options: Sequence[str], status: int
) -> None:
    with served(tmp_path / "site", workers=0, options=options) as site:
        assert asked(site.url, "127.0.0.1") == 200
        assert asked(site.url, "evil.example.org") == status


def asked(url: str, host: str) -> int:
    """The status of a request that claims this host."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Host": host})) as page:
            return int(page.status)
    except urllib.error.HTTPError as error:
        return error.code
