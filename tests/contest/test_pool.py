"""Pool files: every error names the file and the field in one line."""

from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tiltyard.contest.budget import Budget
from tiltyard.contest.pool import PoolSpec, read_pool
from tiltyard.errors import TiltyardError

GOOD = """
name = "two"
seconds = 60
[data.cifar]
reference = "cifar"
items = 10
size = [32, 32]
[[models]]
name = "one"
reference = "net.py:model"
data = "cifar"
eps = "8/255"
range = [0, 255]
forwards = 2.5
[[models]]
name = "other"
architecture = "digits-cnn"
weights = "other.safetensors"
data = "cifar"
eps = 0.5
norm = "l2"
"""
FUZZ = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pool_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pool.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(TiltyardError) as caught:
        read_pool(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def test_a_pool_is_read(tmp_path: Path) -> None:
    pool = read_pool(pool_file(tmp_path, GOOD))
    one, other = pool.models
    assert (one.threat.norm, one.threat.eps) == ("linf", pytest.approx(8))
    assert one.budget(10) == Budget(25, 1000)
    assert (other.threat.norm, other.threat.eps, other.range) == ("l2", 0.5, (0, 1))
    assert (pool.data["cifar"].items, pool.data["cifar"].size) == (10, (32, 32))


@pytest.mark.parametrize("name", ["digits", "cvpr2021"])
def test_the_shipped_pools_are_read(name: str) -> None:
    pool = read_pool(Path(str(files("tiltyard.defences"))) / "pools" / f"{name}.toml")
    assert pool.name == name


def test_the_contest_of_2021_has_its_fifteen_models() -> None:
    pool = read_pool(Path(str(files("tiltyard.defences"))) / "pools" / "cvpr2021.toml")
    assert len(pool.models) == 15
    assert sum(model.data == "imagenet" for model in pool.models) == 2
    assert {(model.forwards, model.gradients) for model in pool.models} == {(200, 100)}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('name = "two"', "", "name: "),
        ('name = "two"', 'name = "../two"', "name: "),
        ('name = "two"', 'name = "two\\n"', "name: "),
        ('name = "two"', 'name = "two"\ncolour = "red"', "colour: "),
        ("seconds = 60", "seconds = 0", "seconds: "),
        ("seconds = 60", "seconds = inf", "seconds: "),
        ("seconds = 60", "seconds = 1e300", "seconds: "),
        ("seconds = 60", "call_seconds = 31622401", "call_seconds: "),
        ("items = 10", "items = 0", "data.cifar.items: "),
        ("items = 10", "items = 1.5", "data.cifar.items: "),
        ("size = [32, 32]", "size = [0, 32]", "data.cifar.size.0: "),
        ("size = [32, 32]", "size = [32]", "data.cifar.size"),
        ("size = [32, 32]", "size = [32, 100000]", "data.cifar.size.1: "),
        ("size = [32, 32]", "crop = 0", "data.cifar.crop: "),
        ("[data.cifar]", "[data.\"a\\nb\"]\n[data.cifar]", "data.a b"),
        ('eps = "8/255"', 'eps = "eight"', "models.0.eps: 'eight' is no number"),
        ('eps = "8/255"', 'eps = "8/0"', "models.0.eps: "),
        ('eps = "8/255"', 'eps = "1e999"', "models.0.eps: "),
        ('eps = "8/255"', 'eps = "1e-999999999/x"', "models.0.eps: "),
        ('eps = "8/255"', 'eps = "nan"', "models.0.eps: "),
        ('eps = "8/255"', "eps = -1", "models.0.eps: "),
        ('eps = "8/255"', "eps = []", "models.0.eps: "),
        ("range = [0, 255]", "range = [1, 1]", "models.0: range"),
        ("range = [0, 255]", "range = [-inf, 0]", "models.0.range.0: "),
        ("forwards = 2.5", "forwards = inf", "models.0.forwards: "),
        ("forwards = 2.5", "forwards = -1", "models.0.forwards: "),
        ("forwards = 2.5", "batch_size = 0", "models.0.batch_size: "),
        ('norm = "l2"', 'norm = "l1"', "models.1.norm: "),
        ('reference = "net.py:model"', "", "models.0: give either reference"),
        ('weights = "other.safetensors"', "", "models.1: architecture and weights"),
        ('reference = "net.py:model"', 'reference = "a"\narchitecture = "b"\nweights = "c"', "models.0: give either"),
        ('data = "cifar"', 'data = "mnist"', "the file: model one names data 'mnist'"),
        ('name = "other"', 'name = "one"', "the file: two models have one name"),
        ('name = "other"', 'name = "a/b"', "models.1.name: "),
        ('name = "two"', 'name = "two', "no valid TOML"),
        ('name = "two"', f"name = {'[' * 5000}", "no valid TOML"),
    ],
)  # fmt: skip
def test_an_error_names_the_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in GOOD
    path = pool_file(tmp_path, GOOD.replace(old, new, 1))
    assert refusal(path).startswith(f"{path}: {field}")


def test_a_pool_needs_a_model(tmp_path: Path) -> None:
    assert ": models: " in refusal(pool_file(tmp_path, 'name = "none"\nmodels = []\n[data]'))


def test_what_is_no_text_or_no_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pool.toml"
    assert "cannot be read" in refusal(path)
    path.write_bytes(b"\xff\xfe")
    assert "no valid TOML" in refusal(path)
    assert "cannot be read" in refusal(tmp_path)


@FUZZ
@given(text=st.text(max_size=200), cut=st.integers(0, len(GOOD)))
def test_any_text_is_a_pool_or_one_line(tmp_path: Path, text: str, cut: int) -> None:
    path = pool_file(tmp_path, GOOD[:cut] + text.encode("utf-8", "ignore").decode())
    try:
        assert isinstance(read_pool(path), PoolSpec)
    except TiltyardError:
        refusal(path)
