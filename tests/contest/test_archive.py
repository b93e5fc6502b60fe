"""Entries that lie, overflow, escape or are broken: each ends as one line, and nothing is left on disk."""

import io
import os
import pickle
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tiltyard.contest.entry import EntryFormat, open_entry, text_entry, write_zip
from tiltyard.contest.files import digest_of
from tiltyard.contest.names import check_distinct, check_name
from tiltyard.errors import EntryError

LIMIT = 10_000
FORMAT = EntryFormat("attack", suffixes=(".zip", ".py"), max_files=20, max_bytes=LIMIT)
CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"
MEMBERS = {
    "attacker/__init__.py": b"",
    "attacker/attacker.py": b"class Attacker: ...\n" * 20,
    "notes.txt": b"\0\xff" * 40,
}
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def with_info(change: Callable[[zipfile.ZipInfo], None], name: str = "member.py") -> bytes:
    info = zipfile.ZipInfo(name)
    change(info)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, b"target")
    return buffer.getvalue()


def of_kind(kind: int) -> bytes:
    def change(info: zipfile.ZipInfo) -> None:
        info.create_system, info.external_attr = 3, (kind | 0o644) << 16

    return with_info(change)


def patched(archive: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    """`value` written at `offset` of every header that begins with `mark`."""
    changed, at = bytearray(archive), archive.find(mark)
    while at >= 0:
        changed[at + offset : at + offset + len(value)] = value
        at = archive.find(mark, at + 1)
    return bytes(changed)


def both(archive: bytes, local: int, central: int, value: bytes) -> bytes:
    return patched(patched(archive, LOCAL, local, value), CENTRAL, central, value)


def renamed(old: str, new: bytes, *, utf8: bool = False) -> bytes:
    """An archive whose one member has raw bytes for a name."""
    assert len(old) == len(new)
    archive = zipped({old: b"content"}).replace(old.encode(), new)
    return both(archive, 6, 8, struct.pack("<H", 0x800)) if utf8 else archive


def encrypted(archive: bytes) -> bytes:
    return both(archive, 6, 8, b"\1\0")


def lying_about_size(content: bytes, claimed: int) -> bytes:
    size = struct.pack("<I", claimed)
    return both(zipped({"bomb.bin": content}), 22, 24, size)


def lying_about_size_and_checksum(content: bytes, claimed: int) -> bytes:
    crc = struct.pack("<I", zlib.crc32(content[:claimed]))
    return both(lying_about_size(content, claimed), 14, 16, crc)


def central(name: bytes, size: int, packed: int, crc: int, offset: int) -> bytes:
    return struct.pack(
        "<4s4B4HL2L5H2L", CENTRAL, 20, 3, 20, 0, 0, 8, 0, 0, crc, packed, size, len(name), 0, 0, 0, 0, 0, offset
    ) + name  # fmt: skip


def local(name: bytes, size: int, packed: int, crc: int) -> bytes:
    return struct.pack("<4s2B4HL2L2H", LOCAL, 20, 0, 0, 8, 0, 0, crc, packed, size, len(name), 0) + name


def ended(body: bytes, directory: bytes, count: int) -> bytes:
    return body + directory + struct.pack("<4s4H2LH", END, 0, 0, count, count, len(directory), len(body), 0)


def overlapping(names: int, content: bytes) -> bytes:
    """Several members that share one compressed stream (Fifield's bomb in its simplest form)."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeezed.compress(content) + squeezed.flush()
    crc = zlib.crc32(content)
    body = local(b"a", len(content), len(packed), crc) + packed
    return ended(body, central(b"a", len(content), len(packed), crc, 0) * names, names)


def quoted(inside: bytes) -> bytes:
    """A stored member whose bytes hold the next member, header and all."""
    second = local(b"b", len(inside), len(inside), zlib.crc32(inside)).replace(b"\x08\0", b"\0\0", 1) + inside
    first = local(b"a", len(second), len(second), zlib.crc32(second)).replace(b"\x08\0", b"\0\0", 1)
    directory = central(b"a", len(second), len(second), zlib.crc32(second), 0)
    directory += central(b"b", len(inside), len(inside), zlib.crc32(inside), len(first))
    return ended(first + second, patched(directory, CENTRAL, 10, b"\0\0"), 2)


def zip64_size(size: int) -> bytes:
    name, content = b"big.bin", b"x" * 10
    extra = struct.pack("<HHQ", 1, 8, size)
    head = central(name, 0xFFFFFFFF, len(content), zlib.crc32(content), 0)
    head = bytearray(head)
    head[10:12], head[30:32] = b"\0\0", struct.pack("<H", len(extra))
    body = local(name, len(content), len(content), zlib.crc32(content)).replace(b"\x08\0", b"\0\0", 1) + content
    return ended(body, bytes(head) + extra, 1)


def without_zip64_extra() -> bytes:
    return both(zipped({"a.py": b"abc"}), 22, 24, b"\xff\xff\xff\xff")


def zip64_end(disks: int) -> bytes:
    archive = zipped({"a.py": b"abc"})
    end = archive.rfind(END)
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, end - archive.find(CENTRAL), archive.find(CENTRAL)
    )
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, disks)
    return archive[:end] + record + locator + archive[end:]


LINK, DEVICE, PIPE = of_kind(stat.S_IFLNK), of_kind(stat.S_IFBLK), of_kind(stat.S_IFIFO)
GOOD = zipped(MEMBERS)
HOSTILE = {
    "a symbolic link": (LINK, "links are not allowed"),
    "a device": (DEVICE, "only regular files"),
    "a pipe": (PIPE, "only regular files"),
    "an absolute path": (zipped({"/etc/passwd": b""}), "relative"),
    "a drive letter": (zipped({"C:evil.py": b""}), "relative"),
    "a drive letter below backslashes": (zipped({"C:\\evil.py": b""}), "backslashes"),
    "a backslash": (zipped({"a\\..\\b.py": b""}), "backslashes"),
    "a step up": (zipped({"a/../../b.py": b""}), "'..'"),
    "a leading step up": (zipped({"../b.py": b""}), "'..'"),
    "only a step up": (zipped({"..": b""}), "'..'"),
    "a folder above": (zipped({"../": b""}), "'..'"),
    "a dot": (zipped({"./b.py": b""}), "'.'"),
    "an empty component": (zipped({"a//b.py": b""}), "empty"),
    "no name": (zipped({"": b""}), "non-empty"),
    "a line break in a name": (zipped({"a\nb.py": b""}), "control"),
    "an escape sequence in a name": (zipped({"\x1b[2Jb.py": b""}), "control"),
    "a right-to-left override": (zipped({"a\u202eyp.b": b""}), "control"),
    "NUL in a name": (renamed("ab.pyXevil", b"ab.py\0evil"), "NUL"),
    "a long name": (zipped({"a" * 201: b""}), "200 bytes"),
    "a deep path": (zipped({"/".join("abcdefghijklmnopq"): b""}), "16 components"),
    "two members of one name": (zipped({"a.py": b"1", "b.py": b"2"}).replace(b"b.py", b"a.py"), "two members"),
    "names that differ by case": (zipped({"A.py": b"1", "a.py": b"2"}), "two members"),
    "names that differ by normalisation": (zipped({"\u00e9.py": b"1", "e\u0301.py": b"2"}), "two members"),
    "a file with a file's name as folder": (zipped({"a": b"1", "a/b": b"2"}), "share a name"),
    "a file with a folder's name": (zipped({"a": b"1", "a/": b""}), "share a name"),
    "a file with a folder's name in capitals": (zipped({"A/b": b"1", "a": b"2"}), "share a name"),
    "an encrypted member": (encrypted(zipped({"secret.py": b"abc"})), "encrypted"),
    "too many files": (zipped({f"{index}.py": b"" for index in range(21)}), "more than the 20 members"),
    "too many bytes": (zipped({"big.bin": bytes(LIMIT + 1)}), f"{LIMIT} bytes"),
    "too many bytes together": (zipped({"a": bytes(LIMIT), "b": b"1"}), f"{LIMIT} bytes"),
    "a bomb": (zipped({"bomb.bin": bytes(50 * LIMIT)}), f"{LIMIT} bytes"),
    "a bomb that claims little": (lying_about_size(bytes(50 * LIMIT), 10), f"{LIMIT} bytes"),
    "a bomb with a false checksum": (lying_about_size_and_checksum(bytes(50 * LIMIT), 10), f"{LIMIT} bytes"),
    "a member that claims less": (lying_about_size(bytes(100), 10), "its header says 10"),
    "a member that claims more": (lying_about_size(bytes(100), 200), "its header says 200"),
    "overlapping members": (overlapping(3, b"abc" * 20), "overlaps"),
    "an overlapping bomb": (overlapping(20, bytes(LIMIT)), "overlaps"),
    "a member quoted in another": (quoted(b"inner content"), "overlaps"),
    "nothing": (b"", "no readable zip"),
    "no archive": (b"just some text, and no archive at all", "no readable zip"),
    "a program": (b"\x7fELF" + bytes(5000), "no readable zip"),
    "only an end": (END, "no readable zip"),
    "a prefix": (b"#!/bin/sh\n" + GOOD, "before the first member"),
    "another archive before it": (zipped({"a.py": b"1"}) + GOOD, "before the first member"),
    "a suffix": (GOOD + b"<script>", "no readable zip"),
    "a suffix of zeros": (GOOD + bytes(1000), "no readable zip"),
    "more bytes around than in": (bytes(10 * LIMIT + 300_000) + GOOD, "larger than the format"),
    "a name that is no UTF-8": (renamed("aaaa.py", b"\xff\xfeaa.py", utf8=True), "UTF-8"),
    "a name in a code page": (renamed("aaaa.py", b"\xe4\xf6aa.py"), "UTF-8"),
    "bzip2": (both(GOOD, 8, 10, struct.pack("<H", 12)), "stored and deflated"),
    "lzma": (both(GOOD, 8, 10, struct.pack("<H", 14)), "stored and deflated"),
    "an unknown compression": (both(GOOD, 8, 10, struct.pack("<H", 99)), "stored and deflated"),
    "a wrong checksum": (both(GOOD, 14, 16, b"\1\2\3\4"), "cannot be read"),
    "strong encryption": (both(GOOD, 6, 8, b"\x40\0"), "cannot be read"),
    "patched data": (both(GOOD, 6, 8, b"\x20\0"), "cannot be read"),
    "two names for one member": (patched(zipped({"a.py": b"1"}), LOCAL, 30, b"b.py"), "cannot be read"),
    "no local header": (patched(GOOD, LOCAL, 0, b"XXXX"), "cannot be read"),
    "an offset beyond the end": (patched(GOOD, CENTRAL, 42, b"\xff\xff\xff\x7f"), "before the first member"),
    "a directory beyond the end": (patched(GOOD, END, 16, b"\xff\xff\xff\x7f"), "no readable zip"),
    "a giant directory": (patched(GOOD, END, 12, b"\xff\xff\xff\x7f"), "no readable zip"),
    "a later version": (patched(GOOD, CENTRAL, 6, b"\xff\0"), "no readable zip"),
    "several disks": (patched(GOOD, END, 4, b"\2\0\2\0"), "several disks"),
    "a member on another disk": (patched(GOOD, CENTRAL, 34, b"\1\0"), "several disks"),
    "a giant size in the zip64 field": (zip64_size(1 << 62), "its header says"),
    "a missing zip64 field": (without_zip64_extra(), "its header says"),
    "zip64 on several disks": (zip64_end(2), "no readable zip"),
}


def refused(path: Path, allowed: EntryFormat = FORMAT) -> str:
    """The one line by which an entry is refused; nothing may be left beside it."""
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(EntryError) as caught:
        open_entry(path, allowed)
    message = str(caught.value)
    assert sorted(path.parent.rglob("*")) == before
    assert message.isprintable()
    assert path.name in message or not path.name.isprintable()
    return message


def written(tmp_path: Path, content: bytes, name: str = "entry.zip") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused_with_one_line(tmp_path: Path, case: str) -> None:
    content, rule = HOSTILE[case]
    assert rule in refused(written(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "member"),
    [(LINK, "'member.py'"), (zipped({"../b.py": b""}), "'../b.py'"), (lying_about_size(bytes(99999), 1), "'bomb.bin'")],
)
def test_the_line_names_the_member(tmp_path: Path, content: bytes, member: str) -> None:
    assert f"member {member}: " in refused(written(tmp_path, content))


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "entry.zip"
    for length in range(len(GOOD)):
        path.write_bytes(GOOD[:length])
        refused(path)


def test_a_giant_directory_does_not_fill_the_memory(tmp_path: Path) -> None:
    directory = central(b"a", 0, 0, 0, 0) * 400_000
    path = written(tmp_path, ended(b"", directory, 0xFFFF))
    tracemalloc.start()
    assert "larger than the format allows" in refused(path, EntryFormat("attack", max_files=20, max_bytes=100 << 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def zip64_ended(directory: bytes, count: int) -> bytes:
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(directory), 1)
    return directory + record + locator + struct.pack("<4s4H2LH", END, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)


CROWD = central(b"a", 0, 0, 0, 0) * 400_000


@pytest.mark.parametrize("count", [400_000, 65_535, 1, 0])
@pytest.mark.parametrize("zip64", [False, True])
def test_a_crowd_of_members_is_counted_before_it_is_listed(tmp_path: Path, zip64: bool, count: int) -> None:
    """Whatever the archive's end says of their number: a list of 19 MB fits 20 000 members of long names."""
    path = written(tmp_path, zip64_ended(CROWD, count) if zip64 else ended(b"", CROWD, min(count, 0xFFFF)))
    tracemalloc.start()
    assert "more than the 20000 members" in refused(path, EntryFormat("attack", max_files=20_000, max_bytes=LIMIT))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * len(CROWD)


def test_a_bomb_is_not_held_in_memory(tmp_path: Path) -> None:
    path = written(tmp_path, zipped({"bomb.bin": bytes(60 << 20)}))
    tracemalloc.start()
    refused(path, EntryFormat("attack", max_bytes=50 << 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_an_archive_inside_an_archive_is_just_bytes(tmp_path: Path) -> None:
    entry = open_entry(written(tmp_path, zipped({"inner.zip": HOSTILE["a step up"][0]})), FORMAT)
    assert entry.read("inner.zip") == HOSTILE["a step up"][0]


def test_exactly_the_limits_are_allowed(tmp_path: Path) -> None:
    members = {f"{index}.bin": bytes(LIMIT // 20) for index in range(20)}
    assert len(open_entry(written(tmp_path, zipped(members)), FORMAT).members) == 20


def test_what_desktops_leave_behind_is_left_out(tmp_path: Path) -> None:
    content = zipped({"__MACOSX/._a.py": b"x", "a.py": b"1", ".DS_Store": b"x", "b/": b"", "b/__pycache__/c.pyc": b"x"})
    assert open_entry(written(tmp_path, content), FORMAT).members == ("a.py",)


def test_an_archive_with_a_comment_or_zip64_records_is_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = b"made by a friend"
        with archive.open("a.py", "w", force_zip64=True) as member:
            member.write(b"abc")
    assert open_entry(written(tmp_path, buffer.getvalue()), FORMAT).read("a.py") == b"abc"
    assert open_entry(written(tmp_path, zip64_end(1)), FORMAT).read("a.py") == b"abc"


def test_a_member_that_is_not_there_is_named(tmp_path: Path) -> None:
    for entry in (
        open_entry(written(tmp_path, GOOD), FORMAT),
        open_entry(written(tmp_path, b"x = 1", "a.py"), FORMAT),
        open_entry(unpacked(tmp_path, MEMBERS), FORMAT),
    ):
        with pytest.raises(EntryError, match=r"lacks 'missing\.py'"):
            entry.read("missing.py")


@pytest.mark.parametrize("name", ["bad\nname.zip", "\x1b[31m.zip"])
def test_a_hostile_file_name_stays_on_one_line(tmp_path: Path, name: str) -> None:
    refused(written(tmp_path, b"", name))


def test_other_file_types_and_missing_files_are_refused(tmp_path: Path) -> None:
    assert "type .zip, .py" in refused(written(tmp_path, GOOD, "entry.tar"))
    assert "no such file" in refused(tmp_path / "missing.zip")
    os.mkfifo(tmp_path / "pipe.zip")
    assert "no such file" in refused(tmp_path / "pipe.zip")


def test_members_outside_the_format_are_refused(tmp_path: Path) -> None:
    masks = EntryFormat("masks", members=("images/*.png",), required=("images/a.png",))
    assert "allows only images/*.png" in refused(written(tmp_path, GOOD), masks)
    assert "lacks images/a.png" in refused(written(tmp_path, zipped({"images/b.png": b""})), masks)


def unpacked(tmp_path: Path, members: dict[str, bytes], name: str = "folder") -> Path:
    folder = tmp_path / name
    for member, content in members.items():
        (folder / member).parent.mkdir(parents=True, exist_ok=True)
        (folder / member).write_bytes(content)
    return folder


def test_a_folder_and_its_archive_hold_the_same(tmp_path: Path) -> None:
    from_folder = open_entry(unpacked(tmp_path, MEMBERS), FORMAT)
    from_zip = open_entry(written(tmp_path, GOOD), FORMAT)
    assert dict(from_folder.source.contents()) == dict(from_zip.source.contents()) == MEMBERS


@pytest.mark.parametrize("target", ["/etc/passwd", "a.py", "/etc", "nowhere"])
def test_a_link_in_a_folder_is_refused(tmp_path: Path, target: str) -> None:
    folder = unpacked(tmp_path, {"a.py": b"1"})
    (folder / "link").symlink_to(target)
    assert "'link': only regular files" in refused(folder)


def test_a_pipe_in_a_folder_is_refused(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, {"a.py": b"1"})
    os.mkfifo(folder / "pipe")
    assert "'pipe': only regular files" in refused(folder)


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({f"{index}": b"" for index in range(21)}, "more than the 20 files"),
        ({"big": bytes(LIMIT + 1)}, "more bytes"),
        ({"a": bytes(LIMIT), "b": b"1"}, "'b': more bytes"),
        ({"a\nb": b""}, "control"),
        ({"a\\b": b""}, "backslashes"),
        ({"A": b"", "a": b""}, "two members"),
        ({"\u00e9": b"", "e\u0301": b""}, "two members"),
        ({"C:x": b""}, "relative"),
    ],
)
def test_a_folder_that_breaks_a_rule_is_refused(tmp_path: Path, members: dict[str, bytes], rule: str) -> None:
    assert rule in refused(unpacked(tmp_path, members))


def test_a_file_name_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, {"a.py": b"1"})
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe")).write_bytes(b"")
    assert "'\\udcff\\udcfe'" in refused(folder)


def test_the_folder_one_stands_in_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(unpacked(tmp_path, MEMBERS))
    assert open_entry(Path(), FORMAT).name == "folder"


def test_a_single_file_is_bounded_and_named(tmp_path: Path) -> None:
    assert open_entry(written(tmp_path, b"x = 1", "a.py"), FORMAT).read("a.py") == b"x = 1"
    assert "more bytes" in refused(written(tmp_path, bytes(LIMIT + 1), "b.py"))
    assert "control" in refused(written(tmp_path, b"", "c\n.py"))


def test_an_archive_changed_after_the_check_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    entry = open_entry(path, FORMAT)
    path.write_bytes(zipped({**MEMBERS, "notes.txt": b"\0\xfe" * 40}))
    with pytest.raises(EntryError, match=r"'notes\.txt'"):
        entry.read("notes.txt")
    with pytest.raises(EntryError, match="changed since"):
        entry.keep(kept_in(tmp_path))


@pytest.mark.parametrize("content", [b"", b"PK", GOOD[:200], LINK])
def test_an_archive_replaced_after_the_check_is_an_entry_error(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, GOOD)
    entry = open_entry(path, FORMAT)
    path.write_bytes(content)
    with pytest.raises(EntryError):
        entry.read("notes.txt")


def swapped_for_other(file: Path) -> None:
    file.write_bytes(b"changed")


def swapped_for_link(file: Path) -> None:
    content = file.read_bytes()
    file.unlink()
    other = file.parent.parent / "outside"
    other.write_bytes(content)
    file.symlink_to(other)


def swapped_for_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("swap", [swapped_for_other, swapped_for_link, swapped_for_pipe, Path.unlink])
def test_a_file_changed_after_the_check_is_noticed(tmp_path: Path, swap: Callable[[Path], None]) -> None:
    folder = unpacked(tmp_path, {"a.py": b"1"})
    entry = open_entry(folder, FORMAT)
    swap(folder / "a.py")
    with pytest.raises(EntryError, match=r"'a\.py'"):
        entry.read("a.py")


def kept_in(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir(exist_ok=True)
    return folder


def test_the_kept_copy_has_the_digest_of_the_entry(tmp_path: Path) -> None:
    entries = [
        open_entry(written(tmp_path, GOOD), FORMAT),
        open_entry(unpacked(tmp_path, MEMBERS), FORMAT),
        open_entry(written(tmp_path, b"x = 1", "a.py"), FORMAT),
        text_entry("pgd", FORMAT, member="attacker.py", content=b"x = 2"),
    ]
    for number, entry in enumerate(entries):
        folder = tmp_path / f"kept{number}"
        folder.mkdir()
        assert digest_of(entry.keep(folder)) == entry.digest


def test_an_entry_travels_to_another_process(tmp_path: Path) -> None:
    entry = open_entry(written(tmp_path, GOOD), FORMAT)
    assert pickle.loads(pickle.dumps(entry)).read("notes.txt") == MEMBERS["notes.txt"]


def test_two_folders_have_one_digest_only_if_they_hold_the_same(tmp_path: Path) -> None:
    both = unpacked(tmp_path, {"x": b"1", "y": b"2"}, "both")
    digest = digest_of(both / "y")
    merged = unpacked(tmp_path, {f"x\n{digest} y": b"1"}, "merged")
    assert digest_of(both) != digest_of(merged)


def test_many_members_are_unpacked_in_one_pass(tmp_path: Path) -> None:
    members = {f"{index:04d}.py": b"x" for index in range(2000)}
    many = EntryFormat("attack", max_files=2000)
    path = tmp_path / "entry.zip"
    write_zip(path, members)
    entry = open_entry(path, many)
    entry.unpack(tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 2000


component = st.text(
    st.characters(codec="utf-8", exclude_categories=("C",), exclude_characters="/\\:"), min_size=1, max_size=12
)
names = st.lists(component.filter(lambda part: part not in (".", "..")), min_size=1, max_size=3).map("/".join)


@FUZZ
@given(members=st.dictionaries(names, st.binary(max_size=60), min_size=1, max_size=5))
def test_members_survive_the_round_trip(tmp_path: Path, members: dict[str, bytes]) -> None:
    try:
        for name in members:
            check_name(name, "")
        check_distinct(members, "")
    except EntryError:
        return
    path = tmp_path / "entry.zip"
    write_zip(path, members)
    entry = open_entry(path, FORMAT)
    found = dict(entry.source.contents())
    assert found == {name: content for name, content in members.items() if name in found}
    assert {name: entry.read(name) for name in found} == found


def check_opened_or_refused(path: Path) -> None:
    try:
        entry = open_entry(path, FORMAT)
    except EntryError as error:
        refusal = str(error)
    else:
        refusal = "none"
        assert sum(len(entry.read(name)) for name in entry.members) <= LIMIT
        assert all(check_name(name, "") == name for name in entry.members)
    assert refusal.isprintable()


@FUZZ
@given(content=st.binary(max_size=400))
def test_any_bytes_are_an_entry_or_an_entry_error(tmp_path: Path, content: bytes) -> None:
    check_opened_or_refused(written(tmp_path, content))


SEEDS = [GOOD, zipped({}), zip64_end(1), zip64_size(10), zipped({"a/": b"", "a/\u00e9.py": bytes(500)})]
edits = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=6)


@settings(FUZZ, max_examples=600)
@given(seed=st.sampled_from(SEEDS), edits=edits, cut=st.integers(0, 60) | st.just(0))
def test_a_damaged_archive_is_an_entry_or_an_entry_error(
    tmp_path: Path, seed: bytes, edits: list[tuple[int, int]], cut: int
) -> None:
    damaged = bytearray(seed)
    for place, value in edits:
        damaged[place % len(damaged)] = value
    check_opened_or_refused(written(tmp_path, bytes(damaged[: len(damaged) - cut])))


class TestSingleMembers:
    MEMBERS_OF_TWO_SIZES = {"images/a.png": b"a" * 100, "images/b.png": b"b" * 900, "images/c.png": b"c" * 900}

    @pytest.fixture(params=["zip", "folder"])
    def path(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
        if request.param == "zip":
            (tmp_path / "masks.zip").write_bytes(zipped(self.MEMBERS_OF_TWO_SIZES))
            return tmp_path / "masks.zip"
        for name, content in self.MEMBERS_OF_TWO_SIZES.items():
            (tmp_path / "masks" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "masks" / name).write_bytes(content)
        return tmp_path / "masks"

    def test_some_members_are_read_in_the_order_asked_for(self, path: Path) -> None:
        entry = open_entry(path, EntryFormat("masks"))
        assert list(entry.contents(["images/c.png", "images/a.png"])) == [
            ("images/c.png", b"c" * 900), ("images/a.png", b"a" * 100)
        ]  # fmt: skip

    def test_a_member_that_is_not_there_is_named(self, path: Path) -> None:
        with pytest.raises(EntryError, match=r"lacks 'images/d\.png'"):
            open_entry(path, EntryFormat("masks")).contents(["images/a.png", "images/d.png"])

    def test_a_member_above_the_bound_of_one_is_refused(self, path: Path) -> None:
        with pytest.raises(EntryError, match=r"member 'images/b\.png': more "):
            open_entry(path, EntryFormat("masks", max_member_bytes=500))
        assert open_entry(path, EntryFormat("masks", max_member_bytes=900)).members
