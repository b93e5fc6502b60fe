"""A real browser for tests: Debian's Chromium under Playwright, with pictures of what it saw."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
WAIT = 30_000
"""Milliseconds that anything but an evaluation may take."""


@dataclass
class Watched:
    """A browser whose complaints are kept: a script or style that the policy forbids is one of them."""

    browser: Browser
    url: str
    pictures: Path
    complaints: list[str] = field(default_factory=list)

    def page(self, **options: Any) -> Page:
        """A new person's window; options as of a context of Playwright."""
        context = self.browser.new_context(
            **{"viewport": WIDE, "timezone_id": "Europe/Berlin", "base_url": self.url, **options}
        )
        context.set_default_timeout(WAIT)
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._response)
        return page

    def picture(self, page: Page, name: str) -> None:
        """Keeps what the page looks like, the whole of it."""
        page.wait_for_load_state("networkidle")
        page.screenshot(path=self.pictures / f"{name}.png", full_page=True)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not re.search(r"status of 4\d\d", message.text):
            self.complaints.append(f"{message.location.get('url', '')}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.url}: {response.status}")


@contextmanager
def watched(url: str, pictures: Path) -> Iterator[Watched]:
    """Chromium, looking at the site; skips where there is none."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no Chromium here: tools/install-chromium.sh")
    pictures = Path(os.environ.get("TILTYARD_SCREENSHOTS", pictures))
    pictures.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            yield Watched(browser, url, pictures)
        finally:
            browser.close()


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def tab_to(page: Page, text: str, *, most: int = 60) -> None:
    """Presses Tab until what has the focus bears this text, or this label; it must be seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "(() => { const e = document.activeElement; const l = e.labels && e.labels[0];"
            " return [e.textContent, l && l.textContent, e.getAttribute('aria-label')].join(' '); })()"
        )
        if text in " ".join(str(told).split()):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{text}: has the focus, and nobody sees it"
            return
    raise AssertionError(f"{text}: {most} times Tab do not reach it")
