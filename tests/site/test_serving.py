"""`tiltyard serve`: one command starts all, nothing is left of it however it ends, and its errors are one line."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from site_process import Site, all_gone, processes, served

WEB, WORKER, SCHEDULER = "site.serving.web", "site.worker", "site.scheduler"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("serve") / "site", workers=2) as site:
        yield site


def pids(site: Site, module: str) -> list[int]:
    return [pid for pid, command in processes(site.folder).items() if f"-m tiltyard.{module}" in command]


def renewed(site: Site, module: str, before: list[int]) -> list[int]:
    until = time.monotonic() + 15
    while len(after := pids(site, module)) < len(before) or set(after) & {before[0]}:
        assert time.monotonic() < until, site.log
        time.sleep(0.05)
    return after


class TestTree:
    def test_it_says_where_it_is_and_how_to_become_organiser(self, site: Site) -> None:
        with urllib.request.urlopen(site.url) as page:
            assert page.status == 200
        until = time.monotonic() + 10
        while "claim" not in site.log and time.monotonic() < until:
            time.sleep(0.1)
        assert f"Tiltyard is at {site.url}" in site.log
        assert re.search(rf"{site.url}/claim/\S{{40,}}", site.log)

    def test_pages_files_and_keys_are_for_its_user_alone(self, site: Site) -> None:
        assert site.folder.stat().st_mode & 0o777 == 0o700
        for name in ("secret.key", "worker.token"):
            assert (site.folder / name).stat().st_mode & 0o777 == 0o600

    def test_it_consists_of_web_scheduler_and_workers(self, site: Site) -> None:
        assert [len(pids(site, module)) for module in (WEB, SCHEDULER, WORKER)] == [1, 1, 2]

    @pytest.mark.parametrize("module", [WORKER, SCHEDULER, WEB])
    def test_what_is_killed_is_started_again(self, site: Site, module: str) -> None:
        before = pids(site, module)
        os.kill(before[0], signal.SIGKILL)
        renewed(site, module, before)
        if module == WEB:
            answered = time.monotonic() + 15
            while not _answers(site.url):
                assert time.monotonic() < answered, site.log
                time.sleep(0.1)

    def test_one_data_folder_is_served_once(self, site: Site) -> None:
        assert "is served already" in failing("serve", "--data", str(site.folder), "--port", "1")


def _answers(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(url, timeout=5).status == 200)
    except OSError:
        return False


class TestEnding:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_ctrl_c_and_sigterm_end_all_within_seconds(self, number: signal.Signals, tmp_path: Path) -> None:
        with served(tmp_path / "site") as site:
            assert site.process is not None
            began = time.monotonic()
            site.process.send_signal(number)
            assert site.process.wait(10) == 0
            assert all_gone(site.folder, within=1)
            assert time.monotonic() - began < 8

    def test_no_orphan_is_left_when_the_supervisor_is_killed(self, tmp_path: Path) -> None:
        with served(tmp_path / "site", workers=2) as site:
            assert site.process is not None
            assert len(processes(site.folder)) >= 5
            site.process.kill()
            site.process.wait()
            assert all_gone(site.folder, within=8), processes(site.folder)

    def test_no_orphan_is_left_of_a_web_process_that_is_killed(self, tmp_path: Path) -> None:
        with served(tmp_path / "site") as site:
            [web] = pids(site, WEB)
            children = Path(f"/proc/{web}/task/{web}/children").read_text().split()
            assert children
            os.kill(web, signal.SIGKILL)
            until = time.monotonic() + 5
            while any(Path("/proc", child, "environ").exists() and alive(int(child)) for child in children):
                assert time.monotonic() < until
                time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def own_environment() -> dict[str, str]:
    """Without what tells the tests' own process where its site is."""
    ours = ("TILTYARD_", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def failing(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """What a command says that must fail: one line on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "tiltyard", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=own_environment() | (environment or {}),
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


class TestErrors:
    def test_a_port_in_use(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            said = failing("serve", "--data", str(tmp_path / "site"), "--port", str(port))
        assert f"port {port}" in said
        assert "choose another --port" in said

    def test_a_database_that_is_not_there(self, tmp_path: Path) -> None:
        url = "postgresql://nobody:secret@127.0.0.1:1/none"
        said = failing("serve", "--data", str(tmp_path / "site"), "--database", url)
        assert "the database cannot be used" in said
        assert "secret" not in said

    def test_an_address_that_is_none(self, tmp_path: Path) -> None:
        assert "postgresql://USER" in failing("serve", "--data", str(tmp_path / "site"), "--database", "mysql://x/y")
        assert "--address" in failing("serve", "--data", str(tmp_path / "site"), "--address", "example.org")

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert "choose another --data" in failing("serve", "--data", str(tmp_path / "file" / "site"))

    @pytest.mark.parametrize("verb", ["serve", "worker"])
    def test_a_missing_extra_says_what_to_install(self, verb: str, tmp_path: Path) -> None:
        (tmp_path / "django").mkdir()
        (tmp_path / "django" / "__init__.py").write_text("raise ModuleNotFoundError(name='django')")
        options = ("--data", str(tmp_path / "site")) if verb == "serve" else ("--data", str(tmp_path))
        said = failing(verb, *options, environment={"PYTHONPATH": str(tmp_path)})
        assert 'pip install "tiltyard[site]"' in said

    def test_the_command_line_works_without_django(self, tmp_path: Path) -> None:
        (tmp_path / "django").mkdir()
        (tmp_path / "django" / "__init__.py").write_text("raise ModuleNotFoundError(name='django')")
        command = [sys.executable, "-m", "tiltyard", "--help"]
        environment = own_environment() | {"PYTHONPATH": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert done.returncode == 0
        assert "serve" in done.stdout

    def test_a_worker_must_know_where_the_files_are(self, tmp_path: Path) -> None:
        assert "--site URL --token FILE" in failing("worker")
        assert "no such folder" in failing("worker", "--data", str(tmp_path / "none"))
        token = tmp_path / "worker.token"
        assert "copy worker.token" in failing(
            "worker", "--site", "http://127.0.0.1:1", "--token", str(token), "--database", "postgresql://x/y"
        )

    def test_a_database_without_tables_is_no_sites(self, tmp_path: Path) -> None:
        assert "start `tiltyard serve` on it first" in failing("worker", "--data", str(tmp_path))
