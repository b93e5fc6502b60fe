"""The doctor: quick, torch-free, and with a cure for each thing that lacks."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tiltyard.errors import JailUnavailable
from tiltyard.jail import cgroup, doctor


def a_bubblewrap(folder: Path, *, version: str, fails_with: str = "") -> Path:
    file = folder / "bwrap"
    file.write_text(
        f"#!/bin/sh\n[ $1 = --version ] && echo bubblewrap {version} && exit\necho '{fails_with}' >&2\nexit 1\n"
    )
    file.chmod(0o755)
    return file


def finding(name: str) -> doctor.Finding:
    return next(each for each in doctor.examine() if each.name == name)


def test_each_finding_either_is_well_or_names_a_cure() -> None:
    for each in doctor.examine():
        assert each.found
        assert each.ok != bool(each.cure)
        assert "\n" not in each.found + each.cure


def test_require_jail_raises_exactly_what_examine_found() -> None:
    lacking = [each for each in doctor.examine() if not each.ok]
    if lacking:
        with pytest.raises(JailUnavailable, match=lacking[0].name):
            doctor.require_jail()
    else:
        doctor.require_jail()


@pytest.mark.alone
def test_it_needs_neither_torch_nor_numpy_and_answers_in_half_a_second() -> None:
    script = (
        "import sys; from tiltyard.jail.doctor import examine; examine(); "
        "print([name for name in ('torch', 'numpy', 'pydantic') if name in sys.modules])"
    )

    def once() -> float:
        start = time.perf_counter()
        assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"
        return time.perf_counter() - start

    assert min(once() for _ in range(3)) < 0.5


def test_without_bubblewrap_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert finding("bubblewrap") == doctor.Finding("bubblewrap", ok=False, found="not installed", cure=doctor.INSTALL)


def test_an_old_bubblewrap_is_named_with_what_it_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    a_bubblewrap(tmp_path, version="0.4.1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = finding("bubblewrap")
    assert not found.ok
    assert "0.4.1, which lacks --disable-userns" in found.found
    assert "0.8" in found.cure


def test_blocked_namespaces_are_reported_in_bubblewraps_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    a_bubblewrap(tmp_path, version="0.9.0", fails_with="bwrap: setting up uid map: Permission denied")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = finding("user namespaces")
    assert found.found == "bwrap: setting up uid map: Permission denied"
    with pytest.raises(JailUnavailable, match="user namespaces: bwrap: setting up uid map"):
        doctor.require_jail()


@pytest.mark.parametrize(
    ("setting", "value", "cure"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1\n", "AppArmor"),
        ("user/max_user_namespaces", "0\n", "user.max_user_namespaces"),
        ("kernel/unprivileged_userns_clone", "0\n", "unprivileged_userns_clone=1"),
    ],
)
def test_the_cure_fits_the_switch_that_blocks(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, cure: str
) -> None:
    monkeypatch.setattr(doctor, "_read", lambda file: value if file == f"/proc/sys/{setting}" else "")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert cure in doctor._cure_of_namespaces()


def test_in_a_container_the_cure_is_the_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_read", lambda file: "")
    monkeypatch.setattr(doctor, "_in_container", lambda: True)
    assert "--security-opt seccomp=unconfined" in doctor._cure_of_namespaces()


def test_where_memory_cannot_be_limited_the_jail_counts_as_not_working(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "hierarchies", lambda proc=None: ())
    found = finding("control groups")
    assert found.found == "no control group limits `memory` on this host"
    assert "systemd-run --user --scope -p Delegate=yes" in found.cure
    assert all(each.name != "trial jail" for each in doctor.examine())


@pytest.mark.parametrize(("shares", "told"), [(True, ", processor time shared"), (False, "; processor time is not")])
def test_it_says_whether_processor_time_is_shared(monkeypatch: pytest.MonkeyPatch, shares: bool, told: str) -> None:
    monkeypatch.setattr(cgroup.Cgroup, "shares_processor", shares)
    found = finding("control groups")
    if not found.ok:
        pytest.skip(found.found)
    assert told in found.found


def test_elsewhere_than_on_linux_there_is_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    (found,) = doctor.examine()
    assert (found.ok, found.found) == (False, "darwin")
