"""The whole way in a real browser, against a really running site: from the first link to the board, and once more."""

import os
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from site_process import Site, served
from small_browser import PHONE, Watched, sideways, tab_to, watched
from tiltyard.cli.new import write_starter

pytestmark = pytest.mark.timeout(600)
SCORED = 180_000
"""Milliseconds that an evaluation may take where other work slows it."""
PASSWORD = "correct horse 17"
CONSOLE = "/c/digits/organise"
TABS = ("", "board", "submit", "entries", "team", "messages", "awards")


@dataclass
class Story:
    """Who is logged in, and what was handed in."""

    site: Site
    eyes: Watched
    organiser: Page
    member: Page
    attack: Path
    entry: str = ""
    seconds: float = 0.0
    """From opening the organiser's link to the first score."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """An organiser with the sample challenge, a team of one, and its first entry, scored."""
    folder = tmp_path_factory.mktemp("browser")
    with served(folder / "site", workers=1) as site, watched(site.url, folder / "pictures") as eyes:
        begun = time.monotonic()
        told = Story(site, eyes, eyes.page(), eyes.page(), zipped_starter(folder))
        become_organiser(told)
        take_part(told.member, "Ann Archer", "ann@example.org", eyes)
        told.entry = hand_in(told.member, told.attack)
        expect(told.member.locator("#state")).to_contain_text("Scored", timeout=SCORED)
        told.seconds = time.monotonic() - begun
        yield told


def zipped_starter(folder: Path) -> Path:
    """What `tiltyard new whitebox` writes, zipped as somebody would."""
    write_starter(folder / "starter")
    path = folder / "attack.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(folder / "starter" / "attacker" / "__init__.py", "attacker/__init__.py")
    return path


def become_organiser(told: Story) -> None:
    page = told.organiser
    page.goto(organisers_link(told.site))
    told.eyes.picture(page, "claim")
    fill_in(page, "Olga Organiser", "olga@example.org", "Make my account")
    page.get_by_role("button", name="Add the sample challenge").click()
    page.goto("/c/digits/")
    if page.get_by_text("Draft").count():
        page.goto(CONSOLE)
        page.get_by_role("button", name="Publish").first.click()


def organisers_link(site: Site) -> str:
    until = time.monotonic() + 30
    while (found := re.search(r"http://\S+/claim/\S+", site.log)) is None:
        assert time.monotonic() < until, site.log
        time.sleep(0.1)
    return found[0]


def fill_in(page: Page, name: str, email: str, button: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=button).click()


def take_part(page: Page, name: str, email: str, eyes: Watched) -> None:
    """Signs up, accepts the terms, forms a team of one."""
    page.goto("/")
    eyes.picture(page, "home")
    page.get_by_role("link", name="Sign up").click()
    eyes.picture(page, "sign-up")
    fill_in(page, name, email, "Sign up")
    page.goto("/c/digits/")
    eyes.picture(page, "overview")
    page.get_by_role("link", name="Take part").click()
    page.get_by_label("I have read the terms and accept them.").check()
    page.get_by_role("button", name="Take part").click()
    eyes.picture(page, "team-none")
    page.get_by_role("button", name="Go alone").click()
    expect(page.get_by_text("Captain")).to_be_visible()
    eyes.picture(page, "team")


def hand_in(page: Page, path: Path) -> str:
    """The address of the new entry."""
    page.goto("/c/digits/submit")
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Submit the entry").click()
    page.wait_for_url(re.compile(r"/entries/\d+$"))
    return page.url


def test_the_first_entry_is_scored_within_a_minute(story: Story) -> None:
    expect(story.member.locator(".outcome").first).to_be_visible()
    story.eyes.picture(story.member, "entry-scored")
    print(f"from the organiser's link to the first score: {story.seconds:.1f} s")
    if os.getloadavg()[0] > 2 * (os.cpu_count() or 1):
        pytest.skip(f"too much else runs here to time it: {story.seconds:.1f} s")
    assert story.seconds < 60


def test_the_page_stops_asking_once_the_evaluation_is_final(story: Story) -> None:
    page = story.eyes.page(storage_state=story.member.context.storage_state())
    page.goto(story.entry)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(5000)
    assert not [address for address in asked if address.endswith("/state")]


def test_the_team_stands_on_the_board(story: Story) -> None:
    story.member.goto("/c/digits/board")
    expect(story.member.get_by_role("row", name=re.compile("Ann Archer"))).to_be_visible()
    story.eyes.picture(story.member, "board")


def test_report_and_file_open(story: Story) -> None:
    page = story.member
    page.goto(story.entry)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Report").click()
    expect(opened.value.locator("body")).to_contain_text("%")
    story.eyes.picture(opened.value, "report")
    opened.value.close()


def test_the_organiser_runs_the_entry_again(story: Story) -> None:
    page, number = story.organiser, story.entry.rsplit("/", 1)[1]
    page.goto(f"{CONSOLE}/entries/{number}")
    story.eyes.picture(page, "console-entry")
    page.get_by_role("button", name="Run again").first.click()
    page.goto(story.entry)
    expect(page.locator("#state")).to_contain_text("Evaluated again")
    expect(page.locator("#state")).to_contain_text("Scored", timeout=SCORED)
    page.goto(CONSOLE)
    story.eyes.picture(page, "console")


def test_a_refusal_is_shown_in_place_and_costs_nothing(story: Story, tmp_path: Path) -> None:
    page, bad = story.member, tmp_path / "holiday.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("beach.jpg", "sand")
    page.goto("/c/digits/submit")
    before = page.locator(".facts dd").first.inner_text()
    page.get_by_label("Note").fill("holiday")
    page.get_by_label("File").set_input_files(bad)
    page.get_by_role("button", name="Submit the entry").click()
    expect(page.get_by_role("alert")).to_contain_text("holiday.zip")
    expect(page.get_by_label("Note")).to_have_value("holiday")
    story.eyes.picture(page, "submit-refused")
    page.reload()
    assert page.locator(".facts dd").first.inner_text() == before


def test_a_dropped_file_is_sent_with_progress_and_can_be_stopped(story: Story) -> None:
    page = story.eyes.page(storage_state=story.member.context.storage_state())
    page.goto("/c/digits/submit")
    page.evaluate(
        """() => {
            const moved = new DataTransfer();
            moved.items.add(new File([new Uint8Array(24 << 20)], "large.zip"));
            const field = document.getElementById("drop");
            for (const name of ["dragover", "drop"])
                field.dispatchEvent(new DragEvent(name, {dataTransfer: moved, bubbles: true, cancelable: true}));
        }"""
    )
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    limits = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 2 << 20}
    slow.send("Network.emulateNetworkConditions", limits)
    page.get_by_role("button", name="Submit the entry").click()
    expect(page.locator("#stage")).to_contain_text(re.compile(r"Sending [\d.]+ MiB / 24 MiB"))
    expect(page.locator("#speed")).to_contain_text(re.compile(r"MiB/s · \d+ s left"))
    assert 0 < float(page.locator("#bar").get_attribute("value") or 0) < 100
    page.screenshot(path=story.eyes.pictures / "submit-sending.png")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("alert")).to_contain_text("Stopped. Nothing was handed in.")


def test_without_scripts_the_form_sends_itself(story: Story) -> None:
    page = story.eyes.page(storage_state=story.member.context.storage_state(), java_script_enabled=False)
    hand_in(page, story.attack)
    expect(page.locator("#state")).to_contain_text("Waiting")


def test_everything_is_there_with_the_keyboard_alone(story: Story) -> None:
    page = story.eyes.page()
    page.goto("/sign-up")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for label, text in (("Name", "Kay Board"), ("E-mail", "kay@example.org"), ("Password", PASSWORD)):
        tab_to(page, label)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(#content)?$"))
    page.goto("/c/digits/join")
    tab_to(page, "I have read the terms")
    page.keyboard.press("Space")
    tab_to(page, "Take part")
    page.keyboard.press("Enter")
    page.wait_for_url("**/team")
    tab_to(page, "Go alone")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Captain")).to_be_visible()
    page.on("filechooser", lambda chooser: chooser.set_files(story.attack))
    page.goto("/c/digits/submit")
    tab_to(page, "File")
    page.keyboard.press("Enter")
    expect(page.locator("#file")).to_have_value(re.compile(r"attack\.zip$"))
    story.eyes.picture(page, "submit-keyboard")
    tab_to(page, "Submit the entry")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/entries/\d+$"))
    expect(page.locator("#state")).to_contain_text("Waiting")


def test_the_switch_to_chinese_holds(story: Story) -> None:
    page = story.eyes.page(storage_state=story.member.context.storage_state())
    page.goto("/c/digits/")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.get_by_role("heading", level=1)).to_have_text("骗过数字识别模型")
    for tab in TABS:
        page.goto(f"/c/digits/{tab}")
        story.eyes.picture(page, f"chinese-{tab or 'overview'}")
    page.get_by_role("button", name="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_phone_shows_every_page_without_scrolling_sideways(story: Story) -> None:
    state = story.member.context.storage_state()
    page = story.eyes.page(storage_state=state, viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
    entry = story.entry.removeprefix(story.site.url)
    for address in ("/", "/login", "/profile", "/nothing", entry, *(f"/c/digits/{tab}" for tab in TABS)):
        page.goto(address)
        story.eyes.picture(page, "phone-" + (address.strip("/").replace("/", "-") or "home"))
        assert sideways(page) == 0, address


def test_dark_is_the_systems_wish_or_the_viewers_and_drawn_at_once(story: Story) -> None:
    state = story.member.context.storage_state()
    page = story.eyes.page(storage_state=state, color_scheme="dark")
    entry = story.entry.removeprefix(story.site.url)
    for name, address in (
        ("home", "/"),
        ("board", "/c/digits/board"),
        ("entry", entry),
        ("submit", "/c/digits/submit"),
    ):
        page.goto(address)
        assert brightness(page) < 60
        story.eyes.picture(page, f"dark-{name}")
    page.get_by_role("button", name="Light").click()
    assert brightness(page) > 200
    page.reload()
    assert 'class="light"' in page.content()
    assert brightness(page) > 200


def brightness(page: Page) -> float:
    """Of the background, 0 to 255."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3]) / 3


def test_dates_are_of_the_browsers_zone_from_the_first_visit_on(story: Story) -> None:
    page = story.eyes.page(timezone_id="Asia/Shanghai")
    page.goto("/c/digits/")
    expect(page.get_by_text("Times are shown in Asia/Shanghai.")).to_be_visible()


def test_text_stands_out_from_its_ground(story: Story) -> None:
    """WCAG AA: 4.5 to 1 for every piece of text, 3 to 1 for large ones, light and dark."""
    for scheme in ("light", "dark"):
        page = story.eyes.page(storage_state=story.member.context.storage_state(), color_scheme=scheme)
        for address in ("/", "/login", "/nothing", "/profile", *(f"/c/digits/{tab}" for tab in TABS), story.entry):
            page.goto(address)
            assert page.evaluate(FAINT) == [], f"{scheme} {address}"


FAINT = """() => {
    const channels = (text) => {
        const canvas = new OffscreenCanvas(1, 1).getContext("2d");
        canvas.fillStyle = text;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => {
        const linear = [r, g, b].map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92
            : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const ground = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const found = channels(getComputedStyle(one).backgroundColor);
            if (found[3] === 255) return found;
        }
        return [255, 255, 255, 255];
    };
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const away = !element.checkVisibility() || element.closest(".skip, .unseen, option");
        if (away || !walker.currentNode.textContent.trim()) continue;
        const style = getComputedStyle(element);
        const ink = channels(element.closest("svg") ? style.fill : style.color);
        const [high, low] = [light(ink), light(ground(element))].sort((a, b) => b - a);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        const ratio = (high + 0.05) / (low + 0.05);
        if (ratio < (large ? 3 : 4.5)) faint.push(walker.currentNode.textContent.trim() + ": " + ratio.toFixed(2));
    }
    return faint;
}"""


UNNAMED = """() => {
    const asking = "input:not([type=hidden]), select, textarea, button, a, nav, progress";
    const named = (e) => (e.labels && e.labels.length) || e.textContent.trim()
        || e.getAttribute("aria-label") || e.getAttribute("aria-labelledby");
    return [...document.querySelectorAll(asking)].filter((e) => !named(e)).map((e) => e.outerHTML);
}"""


def test_every_field_has_a_label_and_every_page_one_first_heading(story: Story) -> None:
    page = story.eyes.page(storage_state=story.member.context.storage_state())
    for address in ("/", "/profile", *(f"/c/digits/{tab}" for tab in TABS), story.entry):
        page.goto(address)
        assert page.evaluate(UNNAMED) == [], address
        assert page.locator("h1").count() == 1, address


def test_the_browser_had_nothing_to_complain_of(story: Story) -> None:
    assert story.eyes.complaints == []
