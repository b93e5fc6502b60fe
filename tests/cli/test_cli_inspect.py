"""`tiltyard inspect` as a user calls it, with the detector that is shipped."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from tiltyard.cli.app import app
from tiltyard.errors import TiltyardError
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
    (line,) = done.stderr.splitlines()
    assert line.startswith("tiltyard: passed over pics/bad.jpg: no readable image")
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
    assert len((place / "found.csv").read_text().splitlines()) == 1 + len(SIZES)
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
        (("pics", "--masks", "m", "--maps", "m"), "m: masks and maps have the same names"),
        (("pics/one.jpg", "pics2", "--masks", "m"), "pics/one.jpg and pics2/one.png: both would be"),
    ],
)
def test_what_is_wrong_is_told_before_the_work(
    arguments: tuple[str, ...], told: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    Path("pics2").mkdir(exist_ok=True)
    Path("pics2/one.png").write_bytes(b"x")
    done = here(*arguments, "--json", "wrong.json")
    assert isinstance(done.exception, TiltyardError)
    assert told in str(done.exception)
    assert not (place / "m").exists()
    assert not list(place.glob("wrong.json*"))


def test_calibrating_says_which_threshold_to_give_next_time(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    for seed in range(6):
        scene((200, 152), seed).save(tmp_path / "own" / f"{seed}.jpg", quality=90)
    done = here(place / "pics" / "one.jpg", "--calibrate", "own", "--fast")
    assert done.exit_code == 0, done.output
    assert "calibrated on own: --threshold 0." in done.output


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


def test_ctrl_c_keeps_what_is_done(many: Path) -> None:
    process = started(many)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130
    found = json.loads((many / "found.json").read_text())
    assert 2 <= len(found) < 60
    assert f"interrupted: {len(found)} pictures are done and written" in told
    assert lines_in(many / "found.csv") == 1 + len(found)
    assert len(list((many / "masks").iterdir())) == len(found)
    assert (many / "found.html").read_text().count("<article") == len(found)
    assert not (many / "found.json.partial").exists()


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


def test_help_shows_an_example_and_the_exit_codes() -> None:
    done = here("--help")
    told = " ".join(done.output.split())
    assert done.exit_code == 0
    assert "tiltyard inspect scans/ photo.heic --json found.json" in told
    assert "130 interrupted" in told
