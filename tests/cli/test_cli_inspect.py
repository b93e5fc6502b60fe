"""`tiltyard inspect` as a user calls it, with the detector that is shipped."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from tiltyard.cli.app import app
from tiltyard.cli.inspect.calibration import _reasons
from tiltyard.errors import TiltyardError
from tiltyard.forensics import inspecting
from tiltyard.forensics.calibrating import Calibration
from tiltyard.vision.masks import decode_mask

SIZES = {"one.jpg": (240, 160), "two.png": (200, 152), "sub/<b>four.webp": (160, 240)}
VERDICTS = {"forged", "no evidence", "cannot tell"}


def tiltyard(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, check=False)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tiltyard", "inspect", *map(str, arguments)]


def here(*arguments: object) -> Result:
    """The command in this process: a start costs seconds."""
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)])


def scene(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """Soft hills with the grain of a sensor."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(40, 216, (6, 8, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    return Image.fromarray(
        np.clip(np.asarray(small) + rng.normal(0, 4, (size[1], size[0], 3)), 0, 255).astype(np.uint8)
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures, one of them in a folder below, and a file that is none."""
    folder = tmp_path_factory.mktemp("inspect")
    (folder / "pics" / "sub").mkdir(parents=True)
    for seed, (name, size) in enumerate(SIZES.items()):
        scene(size, seed).save(folder / "pics" / name, quality=88)
    (folder / "pics" / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
    (folder / "pics" / "notes.txt").write_text("no picture either")
    return folder


@pytest.fixture(scope="module")
def done(place: Path) -> subprocess.CompletedProcess[str]:
    return tiltyard(
        "pics", "--json", "found.json", "--csv", "found.csv", "--html", "found.html", "--masks", "pics/masks",
        "--maps", "maps", "--fast", cwd=place,
    )  # fmt: skip


def test_a_bad_file_is_named_and_passed_over(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    line, last = done.stderr.splitlines()
    assert line.startswith("tiltyard: passed over pics/bad.jpg: no readable image")
    assert last == "tiltyard: 1 file is no picture by name: left out"
    assert "3 pictures: " in done.stdout
    assert done.stdout.splitlines()[-1].endswith("; 1 passed over")


def test_the_list_holds_the_promised_keys_of_every_picture(place: Path, done: object) -> None:
    found = json.loads((place / "found.json").read_text())
    assert [one["path"] for one in found] == [f"pics/{name}" for name in sorted(SIZES)]
    for one in found:
        assert (one["width"], one["height"]) == SIZES[one["path"].removeprefix("pics/")]
        assert one["verdict"] in VERDICTS
        assert 0 <= one["probability"] <= 1
        assert one["seconds"] > 0
        assert bool(one["regions"]) == (one["verdict"] == "forged")
        assert {"name", "title", "applicable", "speaks", "sentence"} == set(one["cues"][0])
        assert all(cue["sentence"] for cue in one["cues"])


def test_masks_and_maps_have_the_size_of_their_pictures(place: Path, done: object) -> None:
    found = {Path(one["path"]).stem: one for one in json.loads((place / "found.json").read_text())}
    for name, size in SIZES.items():
        stem = Path(name).stem
        mask = decode_mask((place / "pics" / "masks" / f"{stem}.png").read_bytes(), stem, size=size)
        assert mask.any() == (found[stem]["verdict"] == "forged")
        with Image.open(place / "maps" / f"{stem}.png") as grey:
            assert (grey.size, grey.mode) == (size, "L")


def test_lines_and_page_tell_the_same(place: Path, done: object) -> None:
    lines = (place / "found.csv").read_text().splitlines()
    assert len(lines) == 1 + len(SIZES) + 1
    assert "pics/bad.jpg,not read,,,,,," in lines
    page = (place / "found.html").read_text()
    assert page.count("<article") == len(SIZES)
    assert "&lt;b&gt;four.webp" in page
    assert "<b>four" not in page


def test_masks_of_an_earlier_run_are_no_pictures(place: Path, done: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    again = here("pics", "--masks", "pics/masks", "--fast", "--json", "again.json")
    assert again.exit_code == 0, again.output
    assert len(json.loads((place / "again.json").read_text())) == len(SIZES)


def test_nothing_but_json_is_on_standard_output(place: Path) -> None:
    done = tiltyard("pics/one.jpg", "--json", "-", "--fast", cwd=place)
    (one,) = json.loads(done.stdout)
    assert one["path"] == "pics/one.jpg"
    assert all(cue["sentence"] in done.stderr for cue in one["cues"])


def test_nothing_that_could_be_read_exits_two(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    done = here("pics/bad.jpg", "--json", "none.json", "--html", "none.html", "--fast")
    assert done.exit_code == 2
    assert json.loads((place / "none.json").read_text()) == []
    assert "could not be read" in (place / "none.html").read_text()


def test_unread_files_do_not_pass_the_gate(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    assert here("pics/one.jpg", "pics/bad.jpg", "--fast", "--threshold", 0.999999, "--fail-on-forged").exit_code == 2
    assert here("pics/one.jpg", "--fast", "--threshold", 0.999999, "--fail-on-forged").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere.jpg",), "nowhere.jpg: no such file or folder"),
        (("pics", "--threshold", "1.5"), "--threshold 1.5: write a number between 0 and 1"),
        (("pics", "--threshold", "nan"), "--threshold nan: write a number between 0 and 1"),
        (("pics", "--threshold", "0.4", "--calibrate", "pics"), "leave out one of them"),
        (("pics", "--csv", "no/where.csv"), "no/where.csv: its folder does not exist"),
        (("pics", "--csv", "./wrong.json"), "--json and --csv are one file: name two"),
        (("pics", "--csv", "wrong.json.partial"), "--csv and --json (.partial) are one file: name two"),
        (("pics", "--html", "pics/one.jpg"), "pics/one.jpg: is there and called like a picture; name another file"),
        (("pics", "--csv", "link.csv"), "link.csv: is one of the pictures: name another file"),
        (("pics", "--html", "/dev/null"), "/dev/null: is no regular file"),
        (("pics", "--masks", "m", "--maps", "m"), "m: masks and maps have the same names"),
        (("pics", "--masks", "pics"), "pics: is searched for pictures, and what is drawn would lie among them"),
        (("",), "a path is empty"),
    ],
)
def test_what_is_wrong_is_told_before_the_work(
    arguments: tuple[str, ...], told: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    Path("pics2").mkdir(exist_ok=True)
    Path("pics2/one.png").write_bytes(b"x")
    Path("link.csv").unlink(missing_ok=True)
    Path("link.csv").hardlink_to("pics/one.jpg")
    done = here(*arguments, "--json", "wrong.json")
    assert isinstance(done.exception, TiltyardError)
    assert told in str(done.exception)
    assert not (place / "m").exists()
    assert not list(place.glob("wrong.json*"))


class TestAFaultOfOurs:
    @pytest.mark.parametrize(
        ("fault", "told"),
        [
            (cv2.error("(-215) size.width > 0"), "cv2.error: (-215) size.width > 0 (a fault of ours"),
            (RuntimeError("two\nlines"), "RuntimeError: two lines (a fault of ours"),
            (MemoryError(), "MemoryError (a fault of ours"),
            (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device\n"),
        ],
    )
    def test_in_one_picture_is_named_and_the_others_are_looked_at(
        self, fault: Exception, told: str, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(place)
        broken_at(monkeypatch, fault)
        done = here("pics/one.jpg", "pics/two.png", "--csv", "fault.csv", "--fast", "--threshold", 0.999999)
        assert done.exit_code == 0, done.output
        assert f"tiltyard: passed over pics/one.jpg: {told}" in done.output
        assert [line.split(",")[1] for line in (place / "fault.csv").read_text().splitlines()[1:]] == [
            "not read",
            "no evidence",
        ]

    def test_does_not_pass_the_gate(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(place)
        broken_at(monkeypatch, RuntimeError("x"))
        options = ("--fast", "--threshold", 0.999999, "--fail-on-forged")
        assert here("pics/one.jpg", "pics/two.png", *options).exit_code == 2

    def test_is_shown_where_it_happened_with_debug(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(place)
        broken_at(monkeypatch, RuntimeError("x"))
        monkeypatch.setattr(sys, "argv", ["tiltyard", "--debug", "inspect"])
        assert isinstance(here("pics/one.jpg", "--fast").exception, RuntimeError)


def broken_at(monkeypatch: pytest.MonkeyPatch, fault: Exception, times: int = 1) -> None:
    """The first looks fail with that fault, the others are real."""
    real, left = inspecting.found_in, [fault] * times

    def found_in(*arguments: Any, **options: Any) -> Any:
        if left:
            raise left.pop()
        return real(*arguments, **options)

    monkeypatch.setattr(inspecting, "found_in", found_in)


def test_the_longest_names_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["a" * 246 + ".jpg", "ü" * 125 + "x.jpg"]
    for name in names:
        scene((200, 152)).save(name)
    done = here(*names, "--masks", "masks", "--maps", "maps", "--fast")
    assert done.exit_code == 0, done.output
    for folder in ("masks", "maps"):
        assert {path.name for path in Path(folder).iterdir()} == {name[:-4] + ".png" for name in names}
    longer = "b" * 252 + ".ab"
    Path(longer).touch()
    refused = here(longer, "--masks", "masks").exception
    assert isinstance(refused, TiltyardError)
    assert "b.ab: too long a name for what is drawn under it: shorten it" in str(refused)


def test_pictures_of_one_stem_are_drawn_by_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ann/front.jpg", "bob/front.jpg", "bob/back.jpg"):
        Path(name).parent.mkdir(exist_ok=True)
        scene((200, 152)).save(name)
    done = here("ann", "bob", "--masks", "masks", "--fast")
    assert done.exit_code == 0, done.output
    drawn = sorted(str(path.relative_to("masks")) for path in Path("masks").rglob("*.png"))
    assert drawn == ["ann/front.jpg.png", "back.png", "bob/front.jpg.png"]


class TestCalibrating:
    @pytest.fixture
    def own(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Six authentic photographs and a file that is none."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "own").mkdir()
        for seed in range(6):
            scene((320, 240), seed).save(tmp_path / "own" / f"{seed}.png")
        (tmp_path / "own" / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
        return tmp_path / "own"

    def test_names_what_pushes_the_threshold_up(self) -> None:
        found = Calibration(0.9, (), 10, 0, 10, {}, ("own/a\nb.png", "own/c.png"), ())
        _, told = _reasons(found)
        assert told.startswith("the network suspects 2 of the 10 authentic pictures, which pushes the threshold up;")
        assert told.endswith("own/c.png")
        assert "\n" not in told

    def test_says_what_was_seen_and_what_to_give_next_time(self, own: Path, place: Path) -> None:
        done = here(place / "pics" / "one.jpg", "--calibrate", "own", "--fast")
        assert done.exit_code == 0, done.output
        assert "tiltyard: passed over while calibrating own/bad.jpg: no readable image" in done.output
        first, second, *_ = done.stdout.splitlines()
        assert re.fullmatch(r"calibrated on own: --threshold 0\.\d+ says the same next time", first)
        assert "--threshold 0.5 " not in first
        assert second == "seen: 6 authentic pictures; the network was asked about 6"

    def test_a_cue_that_misfires_is_distrusted_and_named(self, own: Path) -> None:
        for seed in range(2):
            cloned(own / f"{seed}.png")
        cloned(own / "3.png").rename("forged.png")
        done = here("forged.png", "--calibrate", "own", "--json", "-")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)[0]["verdict"] == "no evidence"
        assert re.search(r"own: --threshold 0\.\d+ --distrust copy_move says the same next time\n", done.stderr)
        told = "copy_move speaks on 2 of the 5 authentic pictures, not believed: own/0.png, own/1.png\n"
        assert told in done.stderr
        assert here("forged.png", "--fail-on-forged").exit_code == 1
        assert here("forged.png", "--fail-on-forged", "--distrust", "copy_move").exit_code == 0

    def test_nothing_but_trusted_cues_can_be_distrusted(self, own: Path) -> None:
        refused = here("own", "--distrust", "error_level").exception
        assert "error_level: no trusted cue is called so: distrust double_jpeg or " in str(refused)


def cloned(path: Path) -> Path:
    """The picture in a file with a place of it laid down twice."""
    with Image.open(path) as image:
        image.paste(image.crop((30, 20, 150, 110)), (190, 130))
        image.save(path)
    return path


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Enough to be interrupted in."""
    (tmp_path / "many").mkdir()
    for seed in range(60):
        scene((320, 240), seed).save(tmp_path / "many" / f"{seed:02d}.jpg", quality=90)
    return tmp_path


def started(place: Path) -> subprocess.Popen[str]:
    options = (
        "many",
        "--json",
        "found.json",
        "--csv",
        "found.csv",
        "--html",
        "found.html",
        "--masks",
        "masks",
        "--fast",
    )
    process = subprocess.Popen(command(*options), cwd=place, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: lines_in(place / "found.json.partial") >= 2, process)
    return process


def wait_until(there: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 120) -> None:
    began = time.monotonic()
    while not there():
        assert process.poll() is None
        assert time.monotonic() - began < seconds
        time.sleep(0.01)


def lines_in(path: Path) -> int:
    return path.read_text().count("\n") if path.exists() else 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_the_end_of_a_service_keep_what_is_done(number: signal.Signals, many: Path) -> None:
    process = started(many)
    process.send_signal(number)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130
    found = json.loads((many / "found.json").read_text())
    assert 2 <= len(found) < 60
    assert f"interrupted: {len(found)} pictures are done and written" in told
    assert lines_in(many / "found.csv") == 1 + len(found)
    assert len(list((many / "masks").iterdir())) == len(found)
    assert (many / "found.html").read_text().count("<article") == len(found)
    assert not (many / "found.json.partial").exists()


SECOND = """
import os, signal, sys
from tiltyard.report.inspection import InspectionPage
from tiltyard.cli import main

real = InspectionPage.write

def write(page, target):
    for _ in range(3):
        os.kill(os.getpid(), signal.SIGINT)
    real(page, target)

InspectionPage.write = write
sys.argv[0] = "tiltyard"
main()
"""


def test_ctrl_c_while_the_files_are_finished_loses_none(place: Path, tmp_path: Path) -> None:
    targets = {kind: tmp_path / f"found.{kind}" for kind in ("json", "csv", "html")}
    options = [word for kind, target in targets.items() for word in (f"--{kind}", str(target))]
    words = [sys.executable, "-c", SECOND, *command("pics/one.jpg", "pics/two.png", *options, "--fast")[3:]]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 130, done.stderr
    assert "interrupted: 2 pictures are done and written" in done.stderr
    assert len(json.loads(targets["json"].read_text())) == 2
    assert targets["html"].read_text().count("<article") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.csv", "found.html", "found.json"]


def test_a_kill_loses_nothing_that_was_done(many: Path) -> None:
    process = started(many)
    process.kill()
    process.communicate()
    *lines, last = (many / "found.json.partial").read_text().split("\n")
    assert last == ""
    names = [Path(json.loads(line)["path"]).stem for line in lines]
    assert len(names) >= 2
    assert {path.stem for path in (many / "masks").glob("[0-9]*.png")} >= set(names)
    assert lines_in(many / "found.csv") >= 1 + len(names)


def test_pages_of_a_pdf_are_pictures_of_their_own(tmp_path: Path, jail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pypdfium2")
    monkeypatch.chdir(tmp_path)
    first, second = scene((200, 152), 1), scene((152, 200), 2)
    first.save("two.pdf", save_all=True, append_images=[second], resolution=100)
    done = here("two.pdf", "--json", "found.json", "--masks", "masks", "--fast")
    assert done.exit_code == 0, done.output
    found = json.loads(Path("found.json").read_text())
    assert [one["path"] for one in found] == ["two.pdf#page=1", "two.pdf#page=2"]
    assert sorted(path.name for path in Path("masks").iterdir()) == ["two-1.png", "two-2.png"]


def test_what_a_document_has_no_time_for_is_named_and_does_not_pass_the_gate(
    tmp_path: Path, jail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pypdfium2", reason='pages of PDFs need pip install "tiltyard[inspect]"')
    monkeypatch.chdir(tmp_path)
    scene((200, 152), 1).save("two.pdf", save_all=True, append_images=[scene((152, 200), 2)], resolution=100)
    clock = iter([0.0, 0.0, 0.0, 1e6])
    monkeypatch.setattr("tiltyard.forensics.reading.pages.monotonic", lambda: next(clock))
    done = here("two.pdf", "--fast", "--fail-on-forged")
    assert done.exit_code == 2, done.output
    told = (
        "tiltyard: passed over two.pdf#page=2: is not read, for the pages before it took too long: split the document"
    )
    assert told in done.output


@pytest.fixture
def broken_page(tmp_path: Path, jail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """`two.pdf`, whose first page is too narrow to draw."""
    pytest.importorskip("pypdfium2", reason='pages of PDFs need pip install "tiltyard[inspect]"')
    monkeypatch.chdir(tmp_path)
    scene((200, 152), 1).save("two.pdf", save_all=True, append_images=[scene((152, 200), 2)], resolution=100)
    content = Path("two.pdf").read_bytes()
    start = content.index(b"/MediaBox")
    end = content.index(b"]", start)
    Path("two.pdf").write_bytes(content[:start] + b"/MediaBox [0 0 9 99999" + content[end:])


@pytest.mark.usefixtures("broken_page")
def test_a_broken_page_is_passed_over_and_the_other_told() -> None:
    done = here("two.pdf", "--json", "found.json", "--csv", "found.csv", "--html", "found.html", "--fast")
    assert done.exit_code == 0, done.output
    assert "tiltyard: passed over two.pdf#page=1: " in done.output
    assert "too narrow to draw" in done.output
    assert [one["path"] for one in json.loads(Path("found.json").read_text())] == ["two.pdf#page=2"]
    _, first, second = Path("found.csv").read_text().splitlines()
    assert first == "two.pdf#page=1,not read,,,,,,"
    assert second.startswith("two.pdf#page=2,")
    assert "two.pdf#page=1" in Path("found.html").read_text()


@pytest.mark.usefixtures("broken_page")
def test_a_broken_page_does_not_pass_the_gate() -> None:
    assert here("two.pdf", "--fast", "--threshold", 0.999999, "--fail-on-forged").exit_code == 2


def test_without_a_jail_a_pdf_exits_four_unless_a_picture_was_read(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pypdfium2", reason='pages of PDFs need pip install "tiltyard[inspect]"')
    monkeypatch.chdir(tmp_path)
    scene((200, 152)).save("one.pdf")
    monkeypatch.setenv("PATH", "")
    alone = here("one.pdf", "--fast")
    assert alone.exit_code == 4, alone.output
    assert "tiltyard: passed over one.pdf: is read in the jail only" in alone.output
    assert here("one.pdf", place / "pics" / "bad.jpg", "--fast").exit_code == 2
    assert here("one.pdf", place / "pics" / "one.jpg", "--fast").exit_code == 0


def test_help_shows_an_example_and_the_exit_codes() -> None:
    done = here("--help")
    told = " ".join(done.output.split())
    assert done.exit_code == 0
    assert "tiltyard inspect scans/ photo.heic --json found.json" in told
    assert "130 interrupted" in told
