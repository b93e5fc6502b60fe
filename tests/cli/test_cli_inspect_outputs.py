"""What `tiltyard inspect` looks at and what it writes, from inspections built by hand."""

import csv
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from small_inspection import SHAPE, inspection
from tiltyard.cli.inspect.drawn import check_free, drawn_in, map_values, mask_values, names_of
from tiltyard.cli.inspect.figures import COLUMNS, as_json, csv_lines, json_list
from tiltyard.cli.inspect.interruption import interruption_held_back
from tiltyard.cli.inspect.outputs import Outputs
from tiltyard.cli.inspect.running import Run
from tiltyard.cli.inspect.shown import Tally, path_in_line
from tiltyard.cli.inspect.walking import PassedOver, files_in
from tiltyard.errors import TiltyardError
from tiltyard.forensics.inspecting import How, Verdict
from tiltyard.report.inspection import inspection_page
from tiltyard.vision.masks import decode_map, decode_mask

CALM = inspection("calm.png", Verdict.NO_EVIDENCE, 0.2)
UNSURE = inspection("unsure.png", Verdict.CANNOT_TELL, 0.2)


def touched(folder: Path, *names: str, content: bytes = b"x") -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return [folder / name for name in names]


def test_folders_are_searched_and_named_files_taken_whatever_they_are_called(tmp_path: Path) -> None:
    touched(tmp_path, "in/b.PNG", "in/a/z.heic", "in/a.txt", "in/.c.jpg", "in/__MACOSX/d.jpg", "in/masks/b.png", "odd")
    touched(tmp_path, "in/c.jfif", "in/d.JPE", "in/e.mpo", "in/a/b.exe", "in/masks/notes.txt")
    found = files_in([tmp_path / "odd", tmp_path / "in", tmp_path / "in" / "b.PNG"], leave_out=[tmp_path / "in/masks"])
    assert [str(file.relative_to(tmp_path)) for file in found.files] == [
        "odd",
        "in/a/z.heic",
        "in/b.PNG",
        "in/c.jfif",
        "in/d.JPE",
        "in/e.mpo",
    ]
    assert not found.passed_over
    assert found.left_out == "2 files are no pictures by name: left out"


def test_a_folder_that_is_searched_takes_no_masks(tmp_path: Path) -> None:
    touched(tmp_path, "a.jpg")
    with pytest.raises(TiltyardError, match="is searched for pictures, and what is drawn would lie among them"):
        files_in([tmp_path], leave_out=[tmp_path])


def test_the_masks_of_a_set_are_no_pictures(tmp_path: Path) -> None:
    touched(tmp_path, "part-0/images/a.jpg", "part-0/masks/a.png", "part-1/images/b.jpg", "part-1/masks/b.png")
    touched(tmp_path, "other/masks/c.png")
    found = files_in([tmp_path])
    assert sorted(file.name for file in found.files) == ["a.jpg", "b.jpg", "c.png"]
    assert found.left_out.endswith("masks and 1 more beside images hold a set's masks: left out")
    assert [file.name for file in files_in([tmp_path / "part-0" / "masks"]).files] == ["a.png"]


def test_what_is_not_there_and_a_folder_without_pictures_are_told(tmp_path: Path) -> None:
    with pytest.raises(TiltyardError, match=r"missing\.jpg: no such file or folder"):
        files_in([tmp_path / "missing.jpg"])
    touched(tmp_path, "notes.txt")
    with pytest.raises(TiltyardError, match=r"no pictures in there \(1 file is no picture by name: left out\)"):
        files_in([tmp_path])


def test_a_folder_that_cannot_be_listed_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touched(tmp_path, "a.jpg", "locked/b.jpg")
    (tmp_path / "locked").chmod(0)
    try:
        if os.access(tmp_path / "locked", os.R_OK):
            pytest.skip("root may list every folder")
        found = files_in([tmp_path])
    finally:
        (tmp_path / "locked").chmod(0o700)
    assert found.files == (tmp_path / "a.jpg",)
    assert found.passed_over == (PassedOver(str(tmp_path / "locked"), "cannot be listed (Permission denied)"),)


def test_what_lies_below_a_locked_folder_is_passed_over(tmp_path: Path) -> None:
    open_, below = touched(tmp_path, "a.jpg", "\x1b[31mlocked/b.jpg")
    below.parent.chmod(0)
    try:
        if os.access(below, os.R_OK):
            pytest.skip("root may look into every folder")
        found = files_in([open_, below])
        with pytest.raises(TiltyardError) as refused:
            files_in([below])
    finally:
        below.parent.chmod(0o700)
    assert found.files == (open_,)
    assert found.passed_over == (PassedOver(str(below), "cannot be reached (Permission denied)"),)
    assert "\x1b" not in str(refused.value)


def test_a_name_that_no_folder_takes_is_passed_over(tmp_path: Path) -> None:
    """Whoever looks, root too; and its escape sequences reach no terminal."""
    long = tmp_path / ("\x1b[31m" + 300 * "x")
    with pytest.raises(TiltyardError, match="cannot be reached") as refused:
        files_in([long])
    assert "\x1b" not in str(refused.value)
    (picture,) = touched(tmp_path, "a.jpg")
    found = files_in([long, picture])
    assert found.files == (picture,)
    assert [lost.path for lost in found.passed_over] == [str(long)]


def named(folder: Path, *names: str) -> dict[str, str]:
    """What is drawn of files of these names is called; those that end so are documents."""
    for name in names:
        touched(folder, name, content=b"%PDF-1.7" if name.endswith("pdf") else b"x")
    found = names_of([folder / name for name in names])
    return {str(file.relative_to(folder)): name for file, name in found.items()}


@pytest.mark.parametrize(
    ("drawn"),
    [
        {"a.jpg": "a", "b.jpg": "b", "x/c.png": "c"},
        {"a.jpg": "a.jpg", "x/a.png": "a.png", "b.jpg": "b"},
        {"ann/front.jpg": "ann/front.jpg", "bob/front.jpg": "bob/front.jpg"},
        {"ann/1/front.jpg": "ann/1/front.jpg", "bob/1/front.jpg": "bob/1/front.jpg", "bob/1/back.jpg": "back"},
        {"a.pdf": "a.pdf", "a.jpg": "a.jpg"},
        {"a.pdf": "a.pdf", "a-12.jpg": "a-12"},
        {"a.pdf": "a", "a-2024.jpg": "a-2024", "a-0.jpg": "a-0"},
        {"a-1.jpg": "a-1", "a.jpg": "a", "a-2-1.png": "a-2-1"},
    ],
)
def test_every_picture_is_drawn_under_a_name_of_its_own(drawn: dict[str, str], tmp_path: Path) -> None:
    assert named(tmp_path, *drawn) == drawn


def test_no_picture_is_drawn_over(tmp_path: Path) -> None:
    files = touched(tmp_path, "a-1.jpg", "a.jpg", "a-2-1.png")
    check_free(names_of(files), tmp_path / "masks")
    with pytest.raises(TiltyardError, match=r"a-2-1\.png in it is one of the pictures: name another folder"):
        check_free(names_of(files), tmp_path)


@pytest.mark.parametrize("kept", ["a.png", "b-7.png", "b.png"])
def test_nothing_is_drawn_over_what_no_earlier_run_drew(kept: str, tmp_path: Path) -> None:
    (picture,) = touched(tmp_path, "in/a.jpg")
    (document,) = touched(tmp_path, "in/b.pdf", content=b"%PDF-1.7")
    names = names_of([picture, document])
    Image.new("L", (4, 4)).save(tmp_path / kept)
    with pytest.raises(TiltyardError, match="is there already, and no earlier run drew it"):
        check_free(names, tmp_path)
    (tmp_path / kept).unlink()
    drawn_in(tmp_path, names, mask_values)(inspection(str(picture)), picture)
    assert (tmp_path / "a.png").is_file()
    check_free(names, tmp_path)


@pytest.mark.parametrize(
    ("path", "file", "name"),
    [
        ("in/a.jpg", "in/a.jpg", "a.png"),
        ("in/a.b.pdf#page=3", "in/a.b.pdf", "a.b-3.png"),
        ("a.jpg#page=3", "a.jpg#page=3", "a.png"),
    ],
)
def test_masks_are_named_after_pictures_and_pages(path: str, file: str, name: str, tmp_path: Path) -> None:
    drawn_in(tmp_path, {Path(file): Path(file).stem}, mask_values)(inspection(path), Path(file))
    assert [drawn.name for drawn in tmp_path.iterdir()] == [name]


def test_masks_are_black_and_white_and_maps_are_grey_in_the_size_of_the_picture(tmp_path: Path) -> None:
    found, file = inspection(), Path("in/a.jpg")
    drawn_in(tmp_path, {file: "a"}, mask_values)(found, file)
    drawn_in(tmp_path / "maps", {file: "a"}, map_values)(found, file)
    size = (SHAPE[1], SHAPE[0])
    assert (decode_mask((tmp_path / "a.png").read_bytes(), "a", size=size) == found.mask).all()
    assert (decode_map((tmp_path / "maps" / "a.png").read_bytes(), "a", size=size) == found.map).all()


def test_names_too_long_for_their_masks_are_refused_before_the_work(tmp_path: Path) -> None:
    fits, document = touched(tmp_path, "f" * 251 + ".jpg", "d" * 248 + ".pdf", content=b"%PDF-1.7")[:2]
    fits.write_bytes(b"x")
    assert names_of([fits]) == {fits: "f" * 251}
    document = document.rename(tmp_path / ("d" * 249 + ".pdf"))
    for file in (document, tmp_path / ("ü" * 126)):
        with pytest.raises(TiltyardError, match="too long a name for what is drawn under it"):
            names_of([file])


@pytest.mark.parametrize("written", ["masks", "list", "page"])
def test_nothing_unfinished_stays_where_writing_fails(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder stands where the file is to be, so the last step fails."""
    for name in ("a.png", "found.json", "found.html"):
        (tmp_path / name / "full").mkdir(parents=True)
    with pytest.raises(OSError, match=r"a\.png|found"):
        WRITING[written](tmp_path)
    partial = ["found.json.partial"] if written == "list" else []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "found.html", "found.json", *partial]


def list_written(place: Path) -> None:
    with json_list(str(place / "found.json")) as take:
        take(CALM, Path("x"))


def page_written(place: Path) -> None:
    with inspection_page(place / "found.html", expected=1) as page:
        page.add(CALM)


WRITING = {
    "masks": lambda place: drawn_in(place, {Path("a.jpg"): "a"}, mask_values)(inspection(), Path("a.jpg")),
    "list": list_written,
    "page": page_written,
}


def test_json_holds_what_is_promised() -> None:
    assert as_json(inspection(notes=("turned",))) == {
        "path": "a.jpg", "verdict": "forged", "probability": 0.9, "width": 80, "height": 60,
        "regions": [{"polygon": [[10, 20], [40, 20], [40, 44.5], [10, 44.5]], "box": [10, 20, 30, 24.5],
                     "pixels": 720, "probability": 0.9, "cues": ["copy_move"]}],
        "cues": [
            {"name": "copy_move", "title": "copied within the picture", "applicable": True, "speaks": True,
             "sentence": "copied within the picture tells this."},
            {"name": "error_level", "title": "error level", "applicable": True, "speaks": False,
             "sentence": "error level tells this."},
            {"name": "jpeg_grid", "title": "JPEG grid", "applicable": False, "speaks": False,
             "sentence": "It was never saved as JPEG."},
        ],
        "notes": ["turned"], "seconds": 0.25,
    }  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_list_is_whole_however_the_work_ends(count: int, tmp_path: Path) -> None:
    target = tmp_path / "found.json"

    def broken() -> None:
        with json_list(str(target)) as take:
            for number in range(count):
                take(inspection(f"{number}.jpg"), Path("x"))
                lines = (tmp_path / "found.json.partial").read_text().splitlines()
                assert [json.loads(line)["path"] for line in lines] == [f"{n}.jpg" for n in range(number + 1)]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert [one["path"] for one in json.loads(target.read_text())] == [f"{n}.jpg" for n in range(count)]
    assert [path.name for path in tmp_path.iterdir()] == ["found.json"]


def test_a_path_that_is_no_unicode_comes_back_as_it_was(tmp_path: Path) -> None:
    with json_list(str(tmp_path / "found.json")) as take:
        take(inspection("\udcff.jpg"), Path("x"))
    assert json.loads((tmp_path / "found.json").read_text())[0]["path"] == "\udcff.jpg"


def test_csv_lines_are_there_at_once(tmp_path: Path) -> None:
    target = tmp_path / "found.csv"
    with csv_lines(target) as lines:
        lines.take(inspection('a,"b".jpg'), Path("x"))
        head, row = csv.reader(target.read_text().splitlines())
        lines.take(inspection("\udcff.jpg", Verdict.NO_EVIDENCE, 0.2), Path("x"))
        lines.pass_over(PassedOver("bad.jpg", "is empty"))
        assert target.read_text().splitlines()[3] == "bad.jpg,not read,,,,,,"
    assert tuple(head) == COLUMNS
    assert row == ['a,"b".jpg', "forged", "0.9", "1", "copy_move", "80", "60", "0.25"]
    assert target.read_text().splitlines()[2].startswith("\\udcff.jpg,no evidence,0.2,0,,")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_no_name_is_a_formula_in_a_spreadsheet(start: str, tmp_path: Path) -> None:
    with csv_lines(tmp_path / "found.csv") as lines:
        lines.take(inspection(f"{start}1+1.jpg"), Path("x"))
        lines.pass_over(PassedOver(f"{start}2+2.jpg", "is empty"))
    with (tmp_path / "found.csv").open(newline="") as file:
        _, one, two = csv.reader(file)
    assert (one[0], two[0]) == (f"'{start}1+1.jpg", f"'{start}2+2.jpg")


def test_no_name_ends_its_line(tmp_path: Path) -> None:
    with csv_lines(tmp_path / "found.csv") as lines:
        lines.take(inspection("a\r=1.jpg"), Path("x"))
        lines.take(inspection("b\n=1.jpg"), Path("x"))
    with (tmp_path / "found.csv").open(newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["path", "a\\r=1.jpg", "b\n=1.jpg"]


def test_of_a_long_path_the_end_is_shown() -> None:
    assert path_in_line("in/a.jpg") == "in/a.jpg"
    shown = path_in_line("folder/" * 100 + "\x1b[31mname.jpg")
    assert shown.startswith("…")
    assert shown.endswith("/folder/ [31mname.jpg")
    assert len(shown) == 200
    tally = Tally()
    tally.take(inspection("folder/" * 100 + "name.jpg"), Path("x"))
    assert "folder/name.jpg" in tally.text([])


def test_a_single_picture_is_shown_with_its_reasons_and_several_with_counts() -> None:
    tally = Tally()
    tally.take(inspection("a\n.jpg", notes=("turned upright",)), Path("x"))
    told = tally.text([])
    for line in (
        "● copied within the picture: copied within the picture tells this.",
        "○ error level: error level tells this.",
        "– JPEG grid: It was never saved as JPEG.",
        "region 1: at 10, 20 (30 × 24.5 pixels), probability 0.90 (copy_move)",
        "note: turned upright",
    ):
        assert line in told.splitlines()
    tally.take(CALM, Path("x"))
    told = tally.text([PassedOver("bad.jpg", "is empty")])
    assert "region 1" not in told
    assert told.splitlines()[-1] == "2 pictures: 1 forged, 1 no evidence; 1 passed over"


@pytest.mark.parametrize(
    ("found", "lost", "without_jail", "fail_on_forged", "code"),
    [
        ([inspection()], 0, 0, False, 0),
        ([inspection()], 1, 0, False, 0),
        ([CALM], 1, 0, False, 0),
        ([CALM], 1, 1, False, 0),
        ([], 1, 0, False, 2),
        ([], 2, 2, False, 4),
        ([], 2, 1, False, 2),
        ([], 2, 2, True, 4),
        ([inspection(), CALM], 0, 0, True, 1),
        ([inspection()], 1, 1, True, 1),
        ([CALM], 1, 1, True, 2),
        ([CALM], 1, 0, True, 2),
        ([CALM, UNSURE], 0, 0, True, 0),
    ],
)
def test_exit_codes(found: list, lost: int, without_jail: int, fail_on_forged: bool, code: int) -> None:
    passed_over = [PassedOver("bad.jpg", "is empty")] * lost
    run = Run(How(), passed_over=passed_over, without_jail=without_jail)
    for one in found:
        run.tally.take(one, Path("x"))
    assert run.exit_code(fail_on_forged=fail_on_forged) == code


def test_ctrl_c_waits_until_a_picture_is_written_everywhere() -> None:
    reached = []

    def looked() -> None:
        with interruption.heard():
            reached.append("the next picture")

    with interruption_held_back() as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        reached.append("the end of this one")
        assert interruption.pressed
        with pytest.raises(KeyboardInterrupt):
            looked()
    assert reached == ["the end of this one"]


def test_ctrl_c_ends_the_looking_and_a_second_one_does_not_end_the_writing() -> None:
    def looked() -> None:
        with interruption.heard():
            press()

    with interruption_held_back() as interruption:
        with pytest.raises(KeyboardInterrupt):
            looked()
        press()
    with pytest.raises(KeyboardInterrupt):
        press()


def test_a_service_that_is_stopped_writes_what_is_done() -> None:
    with interruption_held_back() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.pressed
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_where_ctrl_c_is_ignored_it_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruption_held_back() as interruption, interruption.heard():
            press()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert not interruption.pressed
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_could_not_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    touched(tmp_path, "file")
    with pytest.raises(TiltyardError, match="its folder does not exist"):
        Outputs(None, tmp_path / "no" / "a.csv", None, None, None).check()
    with pytest.raises(TiltyardError, match=r"\A[^\x1b]*its folder does not exist"):
        Outputs(None, tmp_path / "\x1b[31m" / "a.csv", None, None, None).check()
    with pytest.raises(TiltyardError, match="is a file; name a folder"):
        Outputs(None, None, None, tmp_path / "file", None).check()
    with pytest.raises(TiltyardError, match="masks and maps have the same names"):
        Outputs(None, None, None, tmp_path / "m", tmp_path / "x" / ".." / "m").check()


def test_a_folder_where_nobody_may_write_is_told_before_the_work(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    kept = touched(locked, "kept.csv")[0]
    locked.chmod(0o500)
    try:
        if os.access(locked, os.W_OK):
            pytest.skip("root may write everywhere")
        for outputs in (
            Outputs(str(locked / "a.json"), None, None, None, None),
            Outputs(None, locked / "a.csv", None, None, None),
            Outputs(None, None, locked / "kept.csv", None, None),
        ):
            with pytest.raises(TiltyardError, match="you may not write"):
                outputs.check()
        with pytest.raises(TiltyardError, match="you may not write there; name another folder"):
            Outputs(None, None, None, locked, None).prepare([])
        Outputs(None, kept, None, None, None).check()
    finally:
        locked.chmod(0o700)


def test_links_that_lead_in_a_circle_are_told(tmp_path: Path) -> None:
    for name in ("loop", "loop.jpg"):
        (tmp_path / name).symlink_to(name)
    (picture,) = touched(tmp_path, "a.jpg")
    targets: list[dict[str, Path]] = [{"masks": tmp_path / "loop"}, {"html": tmp_path / "loop"}]
    for named_so in targets:
        with pytest.raises(TiltyardError, match=r"loop: is (a file|no regular file)"):
            outputs(**named_so).check()
    outputs(masks=tmp_path / "m").prepare([picture, tmp_path / "loop.jpg"])
    assert (tmp_path / "m").is_dir()


def test_no_photograph_becomes_a_list(tmp_path: Path) -> None:
    (picture,) = touched(tmp_path, "a.jpg")
    with pytest.raises(TiltyardError, match="is there and called like a picture; name another file"):
        outputs(json=str(picture)).check()


def outputs(**named_so: Any) -> Outputs:
    """Nothing but what is named."""
    return Outputs(**{"json": None, "csv": None, "html": None, "masks": None, "maps": None, **named_so})
