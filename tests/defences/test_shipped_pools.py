"""What ships: every model loads, fits its limits, and does what its card says."""

from pathlib import Path

import pytest
import torch

from tiltyard.contest.pool import ModelSpec
from tiltyard.defences.cards import accuracies
from tiltyard.defences.pool import Pool, load_pool, shipped_pools
from tiltyard.errors import ReferenceFailed

POOLS = {name: load_pool(name) for name in ("digits", "cifar10")}
MODELS = [(pool, model) for pool in POOLS.values() for model in pool.spec.models]
NAMES = [f"{pool.spec.name}/{model.name}" for pool, model in MODELS]


def card(pool: Pool, model: ModelSpec) -> dict[str, str]:
    path = pool.files_of(model)[0].with_suffix(".md")
    lines = (line.removeprefix("- ").partition(": ") for line in path.read_text(encoding="utf-8").splitlines())
    return {key: value for key, _, value in lines}


@pytest.mark.parametrize(("pool", "model"), MODELS, ids=NAMES)
def test_a_model_loads_in_evaluation_mode_as_single_precision(pool: Pool, model: ModelSpec) -> None:
    module = pool.classifier(model).module
    assert not any(part.training for part in module.modules())
    assert {parameter.dtype for parameter in module.parameters()} == {torch.float32}
    count = sum(parameter.numel() for parameter in module.parameters())
    assert count <= 500_000
    assert card(pool, model)["parameters"] == str(count)


@pytest.mark.parametrize(("pool", "model"), MODELS, ids=NAMES)
def test_a_card_says_where_the_model_comes_from_and_what_it_withstands(pool: Pool, model: ModelSpec) -> None:
    wanted = {"recipe", "paper", "data", "training", "threat model", "epochs", "seed", "parameters", "not for"}
    assert wanted <= card(pool, model).keys()
    assert card(pool, model)["threat model"].startswith(f"linf, eps {model.eps:.4g}")


@pytest.mark.parametrize("model", POOLS["digits"].spec.models, ids=lambda model: model.name)
def test_a_digits_model_is_as_accurate_as_its_card_says(model: ModelSpec) -> None:
    pool = POOLS["digits"]
    module = pool.classifier(model).frozen().module
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = accuracies(module, pool.images(model.data), model.threat)
    written = card(pool, model)
    assert float(written["clean accuracy on 500 test images"]) == pytest.approx(found["clean"], abs=0.0051)
    assert float(written["accuracy under the contest's PGD-10 baseline"]) == pytest.approx(found["baseline"], abs=0.02)


@pytest.mark.parametrize("model", POOLS["cifar10"].spec.models, ids=lambda model: model.name)
def test_a_cifar10_model_is_as_accurate_as_its_card_says(whitebox_data: Path, model: ModelSpec) -> None:
    pool = load_pool("cifar10", folder=whitebox_data / "cifar10_test_first500.npz")
    data = pool.images(model.data)
    module = pool.classifier(model).frozen().module
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        clean = (module(data.tensor()).argmax(1) == torch.from_numpy(data.labels)).float().mean().item()
    assert float(card(pool, model)["clean accuracy on 500 test images"]) == pytest.approx(clean, abs=0.0051)


def test_the_weights_of_the_digits_pool_stay_small() -> None:
    pool = POOLS["digits"]
    assert len(pool.spec.models) >= 10
    assert sum(pool.files_of(model)[0].stat().st_size for model in pool.spec.models) < 3_000_000


def test_the_small_choice_is_part_of_the_whole() -> None:
    small, whole = load_pool("digits-small"), POOLS["digits"]
    assert "digits-small" in shipped_pools()
    assert len(small.spec.models) == 3
    assert all(model == whole.model(model.name) for model in small.spec.models)


def test_without_its_images_the_cifar10_pool_says_what_to_bring(tmp_path: Path) -> None:
    pool = load_pool("cifar10", folder=tmp_path)
    assert pool.classifier(pool.model("pgd_at")).files[0].is_file()
    with pytest.raises(ReferenceFailed, match=rf"pool cifar10 looks for it below {tmp_path} \(--files\)"):
        pool.images("cifar10")


def test_cifar10_images_come_from_a_folder_or_from_their_file(tmp_path: Path) -> None:
    batch = tmp_path / "cifar10" / "test_batch.bin"
    batch.parent.mkdir()
    batch.write_bytes((bytes([3]) + bytes(3072)) * 2)
    for place in (tmp_path, batch):
        assert load_pool("cifar10", folder=place).images("cifar10").labels.tolist() == [3, 3]


def test_weights_below_the_given_folder_go_before_the_shipped_ones(tmp_path: Path) -> None:
    shipped = POOLS["digits"].files_of(POOLS["digits"].model("undefended"))[0]
    own = tmp_path / "digits" / "undefended.safetensors"
    own.parent.mkdir()
    own.write_bytes(shipped.read_bytes())
    pool = load_pool("digits", folder=tmp_path)
    assert pool.files_of(pool.model("undefended")) == (own,)
    assert pool.files_of(pool.model("pgd_at")) == (shipped.with_name("pgd_at.safetensors"),)
