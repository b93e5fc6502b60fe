"""A really running `tiltyard serve`, what its database says, and which of its processes live."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent
ASKED = """
import json, sys, traceback
import django
django.setup()
from pathlib import Path
from tiltyard.site.models import *
for line in sys.stdin:
    found = dict(globals())
    try:
        exec(json.loads(line), found)
        print(json.dumps([found.get("answer"), ""]), flush=True)
    except BaseException:
        print(json.dumps([None, traceback.format_exc()]), flush=True)
"""
"""A process that does what it is told with the site's database, and says what the name `answer` is then."""
START, END = 60.0, 20.0
"""Seconds in which a site must answer, and be gone."""


@dataclass
class Site:
    """A site of its own data folder; it may be stopped, killed and started again."""

    folder: Path
    database: str = ""
    workers: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    asked: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.folder.with_suffix(".log").read_text(errors="replace")

    def start(self) -> None:
        """Starts `tiltyard serve` and waits until it answers."""
        self.port = self.port or free_port()
        options = ["--data", str(self.folder), "--port", str(self.port), "--workers", str(self.workers), *self.options]
        options += ["--database", self.database] if self.database else []
        with self.folder.with_suffix(".log").open("ab") as log:
            command = [sys.executable, "-m", "tiltyard", "serve", *options]
            environment = self.surroundings() | {"TILTYARD_SITE": str(self.folder.absolute())}
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self._wait()

    def stop(self) -> int:
        """Ends it as Ctrl-C does; returns its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(END)

    def ask(self, script: str) -> Any:
        """What `answer` is after the script, which knows the site's models, in a process beside the site."""
        asked = self.asked or self._begin_to_ask()
        assert asked.stdin is not None
        assert asked.stdout is not None
        print(json.dumps(script), file=asked.stdin, flush=True)
        answer, fault = json.loads(asked.stdout.readline())
        assert not fault, fault
        return answer

    def wait_for(self, script: str, *, seconds: float = 60.0) -> Any:
        """The script's answer once it is true."""
        until = time.monotonic() + seconds
        while not (answer := self.ask(script)):
            assert time.monotonic() < until, f"did not come about: {script}\n{self.log}"
            time.sleep(0.05)
        return answer

    def close(self) -> None:
        """Stops the site, and kills whatever is left of it."""
        if self.asked is not None:
            self.asked.kill()
            self.asked.communicate()
        if self.process is not None and self.process.poll() is None:
            self.stop()
        for pid in processes(self.folder):
            os.kill(pid, signal.SIGKILL)

    def _begin_to_ask(self) -> "subprocess.Popen[str]":
        where = {"TILTYARD_SITE": f"{self.folder}/.", "TILTYARD_DATABASE": self.database}
        command, pipe = [sys.executable, "-c", ASKED], subprocess.PIPE
        self.asked = subprocess.Popen(command, env=self.surroundings() | where, stdin=pipe, stdout=pipe, text=True)
        return self.asked

    def surroundings(self) -> dict[str, str]:
        """The environment of its processes, without what tells the tests' own where they are."""
        given = {name: value for name, value in os.environ.items() if not name.startswith("TILTYARD_")}
        path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
        settings = {"DJANGO_SETTINGS_MODULE": "tiltyard.site.settings", "PYTHONPATH": path, "POLARS_MAX_THREADS": "1"}
        return given | settings | dict(self.environment)

    def _wait(self) -> None:
        assert self.process is not None
        until = time.monotonic() + START
        while not answers(self.port):
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.05)


@contextmanager
def served(folder: Path, **settings: Any) -> Iterator[Site]:
    """A running site, of which nothing is left afterwards."""
    site = Site(folder, **settings)
    try:
        site.start()
        yield site
    finally:
        site.close()


def processes(folder: Path) -> dict[int, str]:
    """The living processes that belong to the data folder, by pid: what they run."""
    mark = f"TILTYARD_SITE={folder.absolute()}".encode()
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            ours = mark in (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if ours and command and int(entry.name) != os.getpid():
            found[int(entry.name)] = command
    return found


def all_gone(folder: Path, *, within: float) -> bool:
    """Whether no process of the folder is left after that time at the latest."""
    until = time.monotonic() + within
    while processes(folder):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
