"""`Track.load`: data below the challenge's folder, or what the package ships, and nothing else."""

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_forgery import write_truth
from tiltyard.contest.loading import below, needed
from tiltyard.contest.registry import find_track, track_names
from tiltyard.defences.pool import load_pool
from tiltyard.errors import TiltyardError
from tiltyard.tracks.defence_challenge import load_challenge

POOL = """
name = "mine"
[data.digits]
reference = "digits"
items = 30
[[models]]
name = "one"
architecture = "digits-cnn"
weights = "weights/one.safetensors"
data = "digits"
eps = "0.15"
"""
DEFENCE = 'name = "mine"\neps = "0.15"\nclasses = 10\nfloor = 0.5\n[data]\nreference = "digits"\nitems = 30\n'


def load(track: str, where: str, folder: Path, **settings: Any) -> Any:
    return find_track(track).load(where, folder, settings)


def write_pool(folder: Path, weights: Path) -> None:
    from tiltyard.defences.pool import shipped_pools

    (folder / "pool.toml").write_text(POOL)
    (weights / "weights").mkdir(parents=True)
    source = shipped_pools()["digits"].parent / "digits" / "undefended.safetensors"
    (weights / "weights" / "one.safetensors").write_bytes(source.read_bytes())


class TestBelow:
    @pytest.mark.parametrize("where", ["../data", "a/../../data", "/etc", "", ".", "a\n", ".."])
    def test_a_path_that_may_lead_out_is_refused(self, tmp_path: Path, where: str) -> None:
        with pytest.raises(TiltyardError, match="write a path below the challenge's folder"):
            below(tmp_path, where)

    @pytest.mark.parametrize("there", [True, False])
    @pytest.mark.parametrize("where", ["__pycache__", "a/.git/b", "./.DS_Store", "Thumbs.db", "__MACOSX//b"])
    def test_so_is_one_that_a_challenge_is_kept_without(self, tmp_path: Path, where: str, there: bool) -> None:
        if there:
            (tmp_path / where).mkdir(parents=True)
        with pytest.raises(TiltyardError, match=r"is left out of a challenge, as __MACOSX, .*: put it elsewhere$"):
            below(tmp_path, where)

    def test_but_a_challenge_may_itself_lie_in_such_a_place(self, tmp_path: Path) -> None:
        (tmp_path / ".git" / "data").mkdir(parents=True)
        assert below(tmp_path / ".git", "data") == tmp_path / ".git" / "data"

    def test_a_link_out_is_refused_but_not_one_inside(self, tmp_path: Path) -> None:
        folder = tmp_path / "challenge"
        (folder / "data").mkdir(parents=True)
        (folder / "inside").symlink_to(folder / "data")
        (folder / "outside").symlink_to(tmp_path)
        assert below(folder, "inside") == folder / "inside"
        with pytest.raises(TiltyardError, match="leads out"):
            below(folder, "outside")

    def test_a_challenges_folder_may_itself_be_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real" / "data").mkdir(parents=True)
        (tmp_path / "link").symlink_to(tmp_path / "real")
        assert below(tmp_path / "link", "data") == tmp_path / "link" / "data"

    def test_what_is_not_there_is_nothing_or_an_error_that_says_what_to_do(self, tmp_path: Path) -> None:
        assert below(tmp_path, "data") is None
        with pytest.raises(TiltyardError, match=r"'data': nothing lies there below .*: put the contest's data there$"):
            needed(tmp_path, "data")
        with pytest.raises(TiltyardError, match=r"or name what the package ships: digits$"):
            needed(tmp_path, "data", shipped=["digits"])


@pytest.mark.parametrize("track", track_names())
class TestEveryTrack:
    def test_an_unknown_setting_is_named_with_the_known_ones(self, tmp_path: Path, track: str) -> None:
        with pytest.raises(TiltyardError, match=rf"^track {track}: no setting is called 'colour': there are \w+"):
            load(track, "data", tmp_path, colour="red")

    def test_data_that_is_not_there_is_an_error(self, tmp_path: Path, track: str) -> None:
        with pytest.raises(TiltyardError, match="'data': nothing lies there"):
            load(track, "data", tmp_path)

    @pytest.mark.parametrize("where", ["../data", "/data"])
    def test_no_path_leads_out_of_the_folder(self, tmp_path: Path, track: str, where: str) -> None:
        folder = tmp_path / "challenge"
        folder.mkdir()
        (tmp_path / "data").mkdir()
        with pytest.raises(TiltyardError, match="write a path below"):
            load(track, where, folder)


class TestWhiteBox:
    @pytest.mark.parametrize("name", ["digits", "digits-small"])
    def test_a_shipped_pool_by_name(self, tmp_path: Path, name: str) -> None:
        pool = load("whitebox", name, tmp_path, items=10)
        assert pool.spec.name == name
        assert pool.name == f"{name} (first 10)"
        assert len(pool.images("digits")) == 10

    def test_a_pool_of_the_folder_goes_before_a_shipped_one(self, tmp_path: Path) -> None:
        (tmp_path / "digits").mkdir()
        write_pool(tmp_path / "digits", tmp_path / "digits")
        pool = load("whitebox", "digits", tmp_path)
        assert pool.name == "mine"
        assert load("whitebox", "digits/pool.toml", tmp_path).version == pool.version

    def test_weights_may_lie_elsewhere_in_the_folder(self, tmp_path: Path) -> None:
        write_pool(tmp_path, tmp_path / "data")
        assert len(load("whitebox", "pool.toml", tmp_path, files="data").version) == 64
        with pytest.raises(TiltyardError, match="model one"):
            load("whitebox", "pool.toml", tmp_path)
        with pytest.raises(TiltyardError, match="write a path below"):
            load("whitebox", "pool.toml", tmp_path, files="../data")

    @pytest.mark.parametrize("items", [0, -1, "many", 1.5])
    def test_a_setting_that_does_not_fit_is_named(self, tmp_path: Path, items: object) -> None:
        with pytest.raises(TiltyardError, match=r"^track whitebox: setting items: "):
            load("whitebox", "digits", tmp_path, items=items)


class TestDefence:
    def test_the_shipped_one_by_name_and_one_of_the_folder(self, tmp_path: Path) -> None:
        assert len(load("defence", "digits", tmp_path, items=20).images) == 20
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "defence.toml").write_text(DEFENCE)
        own = load("defence", "data", tmp_path)
        assert (own.name, len(own.images)) == ("mine", 30)


class TestForgery:
    @pytest.mark.parametrize("track", ["forgery", "forgery_maps"])
    def test_the_truth_with_its_pictures_under_the_rule_that_is_set(self, tmp_path: Path, track: str) -> None:
        write_truth(tmp_path / "data", 4, pictures=True)
        truth = load(track, "data", tmp_path)
        assert (len(truth.items), len(truth.pictures), truth.settings.empty) == (4, 4, "iou")
        other = load(track, "data", tmp_path, empty="both")
        assert other.settings.empty == "both"
        assert other.version != truth.version

    def test_a_rule_that_there_is_not(self, tmp_path: Path) -> None:
        write_truth(tmp_path / "data", 2)
        with pytest.raises(TiltyardError, match=r"^track forgery: setting empty: "):
            load("forgery", "data", tmp_path, empty="maybe")


class TestCredential:
    @pytest.mark.parametrize("where", ["data", "data/truth.csv"])
    def test_the_truth_with_its_threshold(self, tmp_path: Path, where: str) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "truth.csv").write_text('Path,Polygon\na.jpg,"[[[0,0],[9,0],[9,9]]]"\nb.jpg,[]\n')
        assert load("credential", where, tmp_path).settings.iou == 0.5
        strict = load("credential", where, tmp_path, iou=0.7)
        assert (strict.settings.iou, strict.name) == (0.7, "data")
        with pytest.raises(TiltyardError, match=r"^track credential: setting iou: "):
            load("credential", where, tmp_path, iou=1.5)


@pytest.mark.parametrize("track", track_names())
def test_what_is_loaded_survives_pickling(tmp_path: Path, track: str) -> None:
    write_truth(tmp_path / "data", 3, pictures=True)
    (tmp_path / "data" / "truth.csv").write_text("Path,Polygon\n0001.jpg,[]\n")
    data = load(track, "digits" if track in ("whitebox", "defence") else "data", tmp_path)
    again = pickle.loads(pickle.dumps(data))
    assert (again.name, again.version) == (data.name, data.version)


LEADING_OUT = ["../secret.npz", "{outside}/secret.npz", "link.npz"]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with somebody else's images; beside it a challenge's folder, in which a link leads to them."""
    place = tmp_path / "other"
    for folder in (place, tmp_path / "challenge" / "data"):
        folder.mkdir(parents=True)
    np.savez(place / "secret.npz", images=np.zeros((30, 1, 8, 8), np.float32), labels=np.arange(30) % 10)
    shutil.copy(place / "secret.npz", tmp_path / "challenge" / "secret.npz")
    (tmp_path / "challenge" / "data" / "link.npz").symlink_to(place / "secret.npz")
    return place


@pytest.mark.parametrize("path", LEADING_OUT)
class TestPathsOfAChallengesFiles:
    """Images of another challenge are not read, whatever a file of this one names."""

    def test_images_of_a_defence(self, outside: Path, path: str) -> None:
        data = outside.parent / "challenge" / "data"
        (data / "defence.toml").write_text(DEFENCE.replace('"digits"', f'"{path.format(outside=outside)}"'))
        with pytest.raises(TiltyardError, match=r"write a path below|leads out"):
            load("defence", "data", outside.parent / "challenge")
        assert len(load_challenge(str(data / "defence.toml"), items=3).images) == 3

    def test_images_of_a_pool(self, outside: Path, path: str) -> None:
        data = outside.parent / "challenge" / "data"
        write_pool(data, data)
        (data / "pool.toml").write_text(POOL.replace('"digits"\nitems', f'"{path.format(outside=outside)}"\nitems'))
        with pytest.raises(TiltyardError, match=r"write a path below|leads out"):
            load("whitebox", "data", outside.parent / "challenge")
        assert len(load_pool(str(data / "pool.toml")).images("digits")) == 30

    def test_weights_of_a_pool(self, outside: Path, path: str) -> None:
        data = outside.parent / "challenge" / "data"
        (data / "pool.toml").write_text(POOL.replace("weights/one.safetensors", path.format(outside=outside)))
        with pytest.raises(TiltyardError, match=r"write a path below|leads out"):
            load("whitebox", "data", outside.parent / "challenge")

    def test_stored_attacks_of_a_defence(self, outside: Path, path: str) -> None:
        data = outside.parent / "challenge" / "data"
        attack = f'[[attacks]]\nlabel = "a"\nentry = "{path.format(outside=outside)}"\n'
        (data / "defence.toml").write_text(DEFENCE + attack)
        with pytest.raises(TiltyardError, match=r"write a path below|leads out"):
            load("defence", "data", outside.parent / "challenge")


class TestFilesThatAChallengeIsKeptWithout:
    """On the site they would be missing; who uses a pool or a defence alone may call files as they like."""

    PLACE = "__pycache__/some.npz"

    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        """The data of a challenge, with images in such a place."""
        found = tmp_path / "data" / self.PLACE
        found.parent.mkdir(parents=True)
        np.savez(found, images=np.zeros((30, 1, 8, 8), np.float32), labels=np.arange(30) % 10)
        return tmp_path / "data"

    def refused(self, track: str, data: Path) -> None:
        with pytest.raises(TiltyardError, match=r"'__pycache__/\S+': is left out of a challenge"):
            load(track, "data", data.parent)

    def test_images_of_a_pool(self, data: Path) -> None:
        write_pool(data, data)
        (data / "pool.toml").write_text(POOL.replace('"digits"\nitems', f'"{self.PLACE}"\nitems'))
        self.refused("whitebox", data)
        assert len(load_pool(str(data / "pool.toml")).images("digits")) == 30

    @pytest.mark.parametrize("origin", ["weights", "reference"])
    def test_models_of_a_pool(self, data: Path, origin: str) -> None:
        named = {
            "weights": POOL.replace("weights/one", "__pycache__/one"),
            "reference": POOL.replace('architecture = "digits-cnn"\nweights', "reference").replace(
                "weights/one.safetensors", "__pycache__/one.py:made"
            ),
        }
        (data / "pool.toml").write_text(named[origin])
        self.refused("whitebox", data)

    def test_images_of_a_defence(self, data: Path) -> None:
        (data / "defence.toml").write_text(DEFENCE.replace('"digits"', f'"{self.PLACE}"'))
        self.refused("defence", data)
        assert len(load_challenge(str(data / "defence.toml")).images) == 30

    def test_stored_attacks_of_a_defence(self, data: Path) -> None:
        attack = '[[attacks]]\nlabel = "a"\nentry = "__pycache__/attack.zip"\n'
        (data / "defence.toml").write_text(DEFENCE + attack)
        self.refused("defence", data)


@pytest.mark.parametrize(
    "reference",
    [
        "../model.py:make",
        "/model.py:make",
        "/model.pt2",
        "/a:model.pt2",
        "pool:/other/pool.toml/one",
        "hf:/other",
        "timm:local-dir:../x",
    ],
)
def test_a_model_of_a_challenges_pool_is_not_taken_from_elsewhere(tmp_path: Path, reference: str) -> None:
    origin = 'architecture = "digits-cnn"\nweights = "weights/one.safetensors"'
    (tmp_path / "pool.toml").write_text(POOL.replace(origin, f'reference = "{reference}"'))
    with pytest.raises(TiltyardError, match=r"write a path below|a file below the folder"):
        load("whitebox", "pool.toml", tmp_path)


@pytest.mark.parametrize(("track", "name"), [("whitebox", "pool.toml"), ("defence", "defence.toml")])
def test_the_file_itself_is_no_link_out(tmp_path: Path, track: str, name: str) -> None:
    (tmp_path / name).write_text(POOL if track == "whitebox" else DEFENCE)
    (tmp_path / "challenge" / "data").mkdir(parents=True)
    (tmp_path / "challenge" / "data" / name).symlink_to(tmp_path / name)
    with pytest.raises(TiltyardError, match="leads out"):
        load(track, "data", tmp_path / "challenge")
