"""The documentation runs: python blocks are executed, console blocks are typed into a shell."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[pytest.param]:  # type: ignore[valid-type]
    found = []
    for page in PAGES:
        text = "\n".join(body for name, body in BLOCK.findall(page.read_text(encoding="utf-8")) if name == kind)
        if text:
            found.append(pytest.param(text, id=str(page.relative_to(ROOT))))
    return found


@pytest.mark.parametrize("code", blocks("python"))
def test_python_blocks_run(code: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("code", blocks("console"))
def test_console_blocks_run(code: str, tmp_path: Path, jail: None) -> None:
    for line in code.splitlines():
        if line.startswith("$ tiltyard "):
            command = [sys.executable, "-m", "tiltyard", *shlex.split(line, comments=True)[2:]]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_result_quoted_in_the_readme_is_a_file() -> None:
    names = re.findall(r"bench/results/(\w+)\.json", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert names
    assert "@" not in re.sub(r"`[^`]*`", "", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert all((ROOT / "bench" / "results" / f"{name}.json").is_file() for name in names)
