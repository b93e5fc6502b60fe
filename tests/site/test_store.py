"""The store: files under their SHA-256, each once, here and over HTTP with the workers' token."""

import hashlib
import io
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from tiltyard.errors import TiltyardError
from tiltyard.site.api.machines import _token
from tiltyard.site.models import StoredFile
from tiltyard.site.places import Places, places
from tiltyard.site.secret_files import made_once
from tiltyard.site.serving.token import TOKEN_NAME, read_token, workers_token
from tiltyard.site.storing.files import keep_all, keep_bytes, keep_file
from tiltyard.site.storing.folder import FolderStore
from tiltyard.site.storing.remote import HttpStore
from tiltyard.site.storing.store import store
from tiltyard.site.storing.unpacking import name_on_disk, named, unpacked

NONE = "0" * 64


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def kept(tmp_path: Path) -> FolderStore:
    (tmp_path / "files").mkdir()
    return FolderStore(tmp_path / "files")


class TestFolder:
    def test_a_file_is_kept_once_under_its_digest(self, kept: FolderStore, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"same")
        assert kept.put(tmp_path / "a") == kept.put_bytes(b"same") == sha(b"same")
        assert (kept.read(sha(b"same")), kept.size(sha(b"same"))) == (b"same", 4)
        assert len(files_of(kept)) == 1

    def test_nobody_can_change_it_by_mistake(self, kept: FolderStore) -> None:
        assert kept.path(kept.put_bytes(b"x")).stat().st_mode & 0o777 == 0o400

    def test_what_is_not_there_or_no_digest_says_so(self, kept: FolderStore) -> None:
        with pytest.raises(TiltyardError, match="is missing"):
            kept.path(NONE)
        for name in ("../../etc/passwd", "A" * 64, "0" * 63):
            with pytest.raises(TiltyardError, match="no SHA-256"):
                kept.path(name)

    def test_damage_is_noticed(self, kept: FolderStore) -> None:
        path = kept.path(kept.put_bytes(b"right"))
        path.chmod(0o600)
        path.write_bytes(b"wrong")
        with pytest.raises(TiltyardError, match="damaged on the disk"):
            kept.read(sha(b"right"))

    def test_what_arrives_damaged_or_too_large_leaves_nothing(self, kept: FolderStore) -> None:
        with pytest.raises(TiltyardError, match="damaged on the way"):
            kept.take(io.BytesIO(b"other"), expected=NONE)
        with pytest.raises(TiltyardError, match="more than 3 bytes"):
            kept.take(io.BytesIO(b"four"), most=3)
        assert files_of(kept) == []

    def test_a_link_to_no_file_is_not_taken(self, kept: FolderStore, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="no regular file"):
            kept.put(tmp_path)

    def test_many_at_once_keep_one_whole_file(self, kept: FolderStore) -> None:
        content = os.urandom(3 << 20)
        threads = [threading.Thread(target=kept.put_bytes, args=(content,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert kept.read(sha(content)) == content
        assert len(files_of(kept)) == 1

    def test_only_old_files_that_nobody_names_are_removed(self, kept: FolderStore) -> None:
        old, named_, again, new = (kept.put_bytes(content) for content in (b"old", b"named", b"again", b"new"))
        for digest in (old, named_, again):
            os.utime(kept.path(digest), (1, 1))
        kept.put_bytes(b"again")
        assert kept.remove_older(time.time() - 60, keep={named_}) == [old]
        assert [path.name for path in files_of(kept)] == sorted([named_, again, new])


def files_of(kept: FolderStore) -> list[Path]:
    return sorted((path for path in kept.folder.glob("*/*") if path.is_file()), key=lambda path: path.name)


@pytest.mark.django_db
class TestRows:
    def test_a_kept_file_has_one_row(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"content of a row")
        row = keep_file(tmp_path / "a")
        assert row == keep_bytes(b"content of a row")
        assert (row.digest, row.size) == (sha(b"content of a row"), 16)

    def test_a_folder_is_kept_file_by_file(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        for name in ("a", "sub/b", "sub/c"):
            (tmp_path / name).write_bytes(b"c" if name.endswith("c") else b"ab")
        found = keep_all(tmp_path)
        assert found == {"a": sha(b"ab"), "sub/b": sha(b"ab"), "sub/c": sha(b"c")}
        assert StoredFile.objects.count() == 2
        folder = unpacked(found)
        assert {name: (folder / name).read_bytes() for name in found} == {"a": b"ab", "sub/b": b"ab", "sub/c": b"c"}
        assert unpacked(found) == folder

    def test_a_manifest_that_leads_out_of_its_folder_is_refused(self) -> None:
        digest = keep_bytes(b"x").digest
        with pytest.raises(TiltyardError, match="must not contain"):
            unpacked({"../x": digest})

    @pytest.mark.parametrize(
        ("name", "plain"),
        [
            ("result.csv", "result.csv"),
            ("../../a b\n.zip", "a-b-.zip"),
            (".zip", "zip"),
            ("…", "entry"),
            ("-.csv", "entry.csv"),
            ("().csv", "entry.csv"),
            ("😀.zip", "entry.zip"),
            ("+.py", "entry.py"),
            ("x" * 300 + ".csv", "x" * 100 + ".csv"),
            ("结果.csv", "结果.csv"),
        ],
    )
    def test_a_strangers_file_name_becomes_a_plain_one(self, name: str, plain: str) -> None:
        assert name_on_disk(name) == plain
        assert named(keep_bytes(b"y").digest, name).read_bytes() == b"y"


@pytest.fixture
def remote(live_server: LiveServer, tmp_path: Path) -> HttpStore:
    return HttpStore(live_server.url, workers_token(places().folder), tmp_path / "cache")


class TestOverHttp:
    def test_files_are_fetched_once_and_verified(self, remote: HttpStore) -> None:
        digest = keep_bytes(b"from the site").digest
        assert remote.read(digest) == b"from the site"
        kept = store()
        assert isinstance(kept, FolderStore)
        kept.path(digest).unlink()
        assert remote.read(digest) == b"from the site", "from the cache"

    def test_files_are_put_and_have_a_row(self, remote: HttpStore, tmp_path: Path) -> None:
        content = os.urandom(5 << 20)
        (tmp_path / "made").write_bytes(content)
        digest = remote.put(tmp_path / "made")
        assert store().read(digest) == content
        assert StoredFile.objects.get(digest=digest).size == len(content)
        assert remote.put_bytes(content) == digest

    def test_what_the_site_lacks_says_so(self, remote: HttpStore) -> None:
        remote.check()
        with pytest.raises(TiltyardError, match="no such file"):
            remote.path(NONE)

    def test_a_wrong_token_is_refused(self, live_server: LiveServer, tmp_path: Path) -> None:
        stranger = HttpStore(live_server.url, "guessed", tmp_path / "cache")
        with pytest.raises(TiltyardError, match="the token is not the site's"):
            stranger.check()
        with pytest.raises(TiltyardError, match="the token is not the site's"):
            stranger.put_bytes(b"planted")
        assert not StoredFile.objects.exists()

    def test_a_site_that_is_away_is_one_line_after_some_tries(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tiltyard.site.storing.remote.PAUSES", (0.01, 0.01))
        with pytest.raises(TiltyardError, match=r"^http://127.0.0.1:1: cannot be reached"):
            HttpStore("http://127.0.0.1:1", "x", tmp_path / "cache").check()
        with pytest.raises(TiltyardError, match="write https://HOST"):
            HttpStore("file:///etc", "x", tmp_path / "cache")


@pytest.mark.django_db
class TestRights:
    def ask(self, client: Client, method: str, digest: str, token: str = "", content: bytes = b"") -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.generic(method, f"/api/files/{digest}", content, headers=headers).status_code

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
    def test_without_the_token_nothing_is_told(self, method: str, client: Client) -> None:
        there = keep_bytes(b"there").digest
        for digest in (there, NONE):
            for token in ("", "wrong", workers_token(places().folder)[:-1]):
                assert self.ask(client, method, digest, token, b"there") == 401

    def test_with_it_files_alone_and_no_other_path(self, client: Client) -> None:
        token, there = workers_token(places().folder), keep_bytes(b"there").digest
        assert self.ask(client, "GET", there, token) == 200
        assert self.ask(client, "HEAD", there, token) == 200
        assert self.ask(client, "GET", NONE, token) == 404
        assert self.ask(client, "GET", "../secret.key", token) == 404
        assert self.ask(client, "DELETE", there, token) == 405

    def test_what_is_put_under_a_wrong_digest_or_is_too_large_is_not_kept(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = workers_token(places().folder)
        assert self.ask(client, "PUT", NONE, token, b"something else") == 400
        monkeypatch.setattr("tiltyard.site.api.machines.MOST_BYTES", 10)
        large = b"more than ten bytes"
        assert self.ask(client, "PUT", sha(large), token, large) == 400
        assert self.ask(client, "GET", sha(large), token) == 404
        assert not StoredFile.objects.exists()

    def test_an_empty_token_lets_nobody_in(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tiltyard.site.api.machines._token", lambda folder: "")
        for header in ("Bearer", "Bearer "):
            answer = client.get(f"/api/files/{NONE}", headers={"Authorization": header})
            assert answer.status_code == 401

    @pytest.mark.parametrize("content", ["", "\n", "ÄÖÜ", None])
    def test_a_token_that_cannot_be_read_is_refused_and_logged(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, content: str | None
    ) -> None:
        path = places().folder / TOKEN_NAME
        path.unlink(missing_ok=True)
        if content is None:
            path.mkdir()
        else:
            path.write_text(content)
        _token.cache_clear()
        answer = client.get(f"/api/files/{NONE}", headers={"Authorization": "Bearer wrong"})
        assert (answer.status_code, answer.text) == (503, "the site cannot read its worker.token: see its log\n")
        assert "worker.token: " in caplog.text
        assert "remove it and start again" in caplog.text
        assert client.get(f"/api/files/{NONE}").status_code == 401
        path.rmdir() if content is None else path.unlink()
        assert self.ask(client, "GET", NONE, workers_token(places().folder)) == 404

    def test_the_token_is_its_users_alone(self) -> None:
        workers_token(places().folder)
        assert (places().folder / TOKEN_NAME).stat().st_mode & 0o777 == 0o600


class TestSecrets:
    def test_one_is_made_once_whole_and_for_its_user_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "made.key"
        made = made_once(path)
        assert len(made) >= 48
        assert made_once(path) == path.read_text() == made
        assert path.stat().st_mode & 0o777 == 0o600
        assert list(tmp_path.iterdir()) == [path]

    def test_who_is_cut_short_while_making_one_leaves_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cut_short(size: int) -> str:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("tiltyard.site.secret_files.secrets.token_urlsafe", cut_short)
            with pytest.raises(KeyboardInterrupt):
                made_once(tmp_path / "made.key")
        assert list(tmp_path.iterdir()) == []
        assert made_once(tmp_path / "made.key")

    def test_many_at_once_have_the_same(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(made_once, [tmp_path / "made.key"] * 8))) == 1

    def test_one_that_cannot_be_made_is_told_in_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(TiltyardError, match=r"made.key: cannot be made \(Not a directory\)"):
            made_once(tmp_path / "file" / "made.key")

    @pytest.mark.parametrize("content", ["", "\n"])
    def test_an_empty_one_is_refused_with_what_to_do(self, tmp_path: Path, content: str) -> None:
        for name in (TOKEN_NAME, "secret.key"):
            (tmp_path / name).write_text(content)
        for secret, name in ((lambda: workers_token(tmp_path), TOKEN_NAME), (Places(tmp_path).secret, "secret.key")):
            with pytest.raises(TiltyardError, match=rf"{name}: is empty: .*remove it"):
                secret()
        with pytest.raises(TiltyardError, match=r"worker.token: is empty: copy worker.token from the site's"):
            read_token(tmp_path / TOKEN_NAME)
