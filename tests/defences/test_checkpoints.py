import pickle
import sys
import time
import tomllib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import tiltyard.defences
from tiltyard.defences import tf_bundle, torch_file
from tiltyard.defences.architectures import ARCHITECTURES
from tiltyard.defences.architectures.madry_wideresnet import MadryWideResNet
from tiltyard.defences.architectures.mmc_resnet import MMCResNet
from tiltyard.defences.architectures.preact_resnet import PreActResNet
from tiltyard.defences.architectures.wideresnet import WideResNet
from tiltyard.defences.checkpoints import load_safetensors, load_weights, weight_files
from tiltyard.defences.keras_h5 import places
from tiltyard.defences.tf_bundle import TensorBundle, bundle_prefix, read_index
from tiltyard.errors import ReferenceFailed

TINY = Path(__file__).parent / "fixtures" / "madry-tiny"
INDEX = (TINY / "checkpoint-70.index").read_bytes()
DATA = (TINY / "checkpoint-70.data-00000-of-00001").read_bytes()


class Ballast:
    """Something that only a full unpickler would restore."""


def wide(**settings: Any) -> WideResNet:
    return WideResNet(depth=10, width=1, **settings).eval()


def madry() -> MadryWideResNet:
    return MadryWideResNet(filters=(2, 4, 6, 8), depth=2, classes=3).eval()


def prefixed(module: nn.Module, prefix: str) -> "OrderedDict[str, Tensor]":
    return OrderedDict((prefix + name, tensor) for name, tensor in module.state_dict().items())


def same(one: nn.Module, other: nn.Module) -> bool:
    theirs = other.state_dict()
    return all(torch.equal(tensor, theirs[name]) for name, tensor in one.state_dict().items())


def refusal(module: nn.Module, path: Path, **renames: Any) -> str:
    with pytest.raises(ReferenceFailed) as refused:
        load_weights(module, path, **renames)
    message = str(refused.value)
    assert "\n" not in message
    assert path.name in message
    return message


def write_bundle(folder: Path, name: str = "checkpoint-70", index: bytes = INDEX, data: bytes = DATA) -> Path:
    (folder / f"{name}.index").write_bytes(index)
    (folder / f"{name}.data-00000-of-00001").write_bytes(data)
    return folder / name


@pytest.mark.parametrize(
    ("file", "settings", "wrap"),
    [
        ("model_cifar_wrn.pt", {"unused_stage": True}, lambda m: prefixed(m, "")),
        ("checkpoint-199-ipot", {}, lambda m: {"net": prefixed(m, "module.basic_net."), "acc": 90.0, "epoch": 199}),
        ("cifar10_wide10_linf_eps8.pth", {}, lambda m: prefixed(m, "module.")),
        ("rst_adv.pt.ckpt", {"unused_stage": True}, lambda m: {"state_dict": prefixed(m, "module."), "epoch": 199}),
        ("pgdHE.pt", {"unused_stage": True, "cosine": True}, lambda m: {"state_dict": prefixed(m, "module.")}),
        ("model_best_dense.pth.tar", {"unused_stage": True}, lambda m: {"state_dict": prefixed(m, "module.")}),
        ("model_best.pth", {"unused_stage": True}, lambda m: {"state_dict": prefixed(m, "module."), "test_acc": 0.8}),
        ("wrapped.ckpt", {}, lambda m: {"model": {"model_state_dict": prefixed(m, "module.model.")}}),
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_files_nested_and_wrapped_as_their_authors_do_are_loaded(
    tmp_path: Path, file: str, settings: dict[str, Any], wrap: Callable[[nn.Module], object], zipped: bool
) -> None:
    published, module = wide(**settings), wide(**settings)
    torch.save(wrap(published), tmp_path / file, _use_new_zipfile_serialization=zipped)
    load_weights(module, tmp_path / file)
    assert same(module, published)


def test_an_imagenet_training_checkpoint_with_its_optimizer_is_loaded(tmp_path: Path) -> None:
    published, module = wide(), wide()
    optimizer = torch.optim.SGD(published.parameters(), lr=0.1, momentum=0.9)
    published(torch.rand(2, 3, 32, 32)).sum().backward()
    optimizer.step()
    state = {"epoch": 9, "arch": "resnet50", "state_dict": prefixed(published, "module."), "best_prec1": torch.ones(1)}
    torch.save({**state, "optimizer": optimizer.state_dict()}, tmp_path / "model_best.pth.tar")
    load_weights(module, tmp_path / "model_best.pth.tar")
    assert same(module, published)


def test_half_precision_weights_become_float32(tmp_path: Path) -> None:
    published, module = PreActResNet(width=2).half(), PreActResNet(width=2)
    torch.save(published.state_dict(), tmp_path / "half.pth")
    load_weights(module, tmp_path / "half.pth")
    assert module.conv1.weight.dtype == torch.float32
    assert torch.equal(module.conv1.weight, published.conv1.weight.float())


def test_safetensors_are_loaded(tmp_path: Path) -> None:
    published, module = wide(), wide()
    safetensors.torch.save_file(prefixed(published, "module."), tmp_path / "awp.safetensors")
    load_weights(module, tmp_path / "awp.safetensors")
    assert same(module, published)


def test_a_name_that_is_one_prefix_after_another_takes_no_time() -> None:
    began = time.process_time()
    (name,) = torch_file.unwrap({"net." * 2_000_000 + "x": torch.zeros(1)})
    assert time.process_time() - began < 1
    assert name.endswith("net.x")


def test_what_must_be_safetensors_is_read_as_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))
    with pytest.raises(ReferenceFailed, match="not a readable safetensors file"):
        load_safetensors(nn.Linear(2, 2), tmp_path / "model.safetensors")


@pytest.mark.parametrize("below", ["", "model_weights/"])
def test_a_keras_file_leads_to_no_other_file(below: str, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    (tmp_path / "secret").write_bytes(b"nobody's")
    for target in (h5py.ExternalLink(str(tmp_path / "secret"), "/"), h5py.SoftLink("/elsewhere")):
        with h5py.File(tmp_path / "model.180.h5", "w") as file:
            file[f"{below}conv2d_1"] = target
        told = refusal(MMCResNet(width=2, blocks=1, features=12, size=8), tmp_path / "model.180.h5")
        assert "is a link to another place, which is not followed" in told


def test_an_unused_stage_in_the_file_is_left_out(tmp_path: Path) -> None:
    published, module = wide(unused_stage=True), wide()
    torch.save(published.state_dict(), tmp_path / "RST-AWP.pt")
    load_weights(module, tmp_path / "RST-AWP.pt")
    assert same(module, published)


def test_files_older_than_the_batch_counter_are_loaded(tmp_path: Path) -> None:
    published, module = wide(), wide()
    state = {name: tensor for name, tensor in published.state_dict().items() if "num_batches" not in name}
    torch.save(state, tmp_path / "old.pt")
    load_weights(module, tmp_path / "old.pt")
    assert same(module, published)


def test_renames_map_names_in_the_file_to_names_in_the_network(tmp_path: Path) -> None:
    published, module = wide(), wide()
    state = published.state_dict()
    state["head.weight"] = state.pop("fc.weight")
    torch.save(state, tmp_path / "renamed.pt")
    load_weights(module, tmp_path / "renamed.pt", renames={"head.weight": "fc.weight"})
    assert same(module, published)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "no such file" in refusal(wide(), tmp_path / "missing.pt")


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    assert "without a TensorFlow checkpoint" in refusal(wide(), tmp_path)


def test_missing_and_unexpected_names_are_listed(tmp_path: Path) -> None:
    state = wide().state_dict()
    state["extra"] = state.pop("fc.bias")
    torch.save(state, tmp_path / "other.pt")
    message = refusal(wide(), tmp_path / "other.pt")
    assert "1 ('fc.bias') missing" in message
    assert "1 ('extra') unexpected" in message


def test_another_number_of_classes_is_told_by_the_shapes_and_leaves_the_network_alone(tmp_path: Path) -> None:
    module = wide()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    torch.save(wide(classes=7).state_dict(), tmp_path / "seven.pt")
    assert "fc.weight is torch.float32 [7, 64], the network's is [10, 64]" in refusal(module, tmp_path / "seven.pt")
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_with_code_is_refused_with_the_way_out(tmp_path: Path, zipped: bool) -> None:
    torch.save(
        {"net": wide().state_dict(), "args": Ballast()}, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped
    )
    message = refusal(wide(), tmp_path / "x.pt")
    assert "Ballast" in message
    assert "safetensors.torch.save_file" in message


def test_a_file_without_a_state_dict_is_refused(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "net": {"net": {"net": {"net": {"net": {}}}}}}, tmp_path / "none.pt")
    assert "no state dict" in refusal(wide(), tmp_path / "none.pt")


@pytest.mark.parametrize("name", ["x.pt", "x.safetensors", "x", "x.tar"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04" + bytes(40), bytes(200), b"\x80\x02}q\x00." * 9])
def test_garbage_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    refusal(wide(), tmp_path / name)


@pytest.mark.parametrize("name", ["x.pt", "x.safetensors"])
def test_truncated_files_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "x.pt":
        torch.save(wide().state_dict(), path)
    else:
        safetensors.torch.save_file(wide().state_dict(), path)
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        refusal(wide(), path)


def test_a_file_that_would_unpack_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(wide().state_dict(), tmp_path / "bomb.pt")
    monkeypatch.setattr(torch_file, "MAX_BYTES", 1000)
    assert "unpack" in refusal(wide(), tmp_path / "bomb.pt")


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=300), suffix=st.sampled_from(["", ".pt", ".safetensors", ".h5"]))
def test_any_bytes_are_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / f"w{suffix}"
    path.write_bytes(content)
    refusal(wide(), path)


def test_madrys_network_gives_tensorflows_logits_from_tensorflows_checkpoint() -> None:
    """The numbers and the files are TensorFlow 2.21's, from a v1 graph with the authors' variable names."""
    module = madry()
    load_weights(module, TINY)
    x = torch.from_numpy((np.arange(2 * 8 * 8 * 3).reshape(2, 8, 8, 3) * 37 % 256).astype(np.float32))
    with torch.no_grad():
        logits = module(x.permute(0, 3, 1, 2))
    expected = torch.tensor([[21.186314, -215.86911, -919.7214], [-1025.8782, -289.66238, -1295.2157]])
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-2)


def test_convolutions_and_matrices_are_turned_to_pytorchs_order() -> None:
    module = madry()
    load_weights(module, TINY / "checkpoint-70")
    bundle = TensorBundle.open(TINY / "checkpoint-70")
    theirs = bundle.read("unit_2_0/sub1/conv1/DW")
    assert theirs[2, 1, 3, 0] == module.state_dict()["units.unit_2_0.conv1.weight"][0, 3, 2, 1]
    assert np.array_equal(bundle.read("logit/DW").T, module.fc.weight.detach().numpy())
    assert "logit/DW/Momentum" in bundle.entries
    assert "global_step" not in bundle.entries


@pytest.mark.parametrize("name", ["checkpoint-70", "checkpoint-70.index", ""])
def test_a_checkpoint_is_found_by_its_name_its_index_or_its_folder(name: str) -> None:
    assert bundle_prefix(TINY / name) == TINY / "checkpoint-70"


def test_among_several_checkpoints_the_file_checkpoint_decides(tmp_path: Path) -> None:
    write_bundle(tmp_path, "a")
    write_bundle(tmp_path, "b")
    assert "several checkpoints (a, b)" in refusal(madry(), tmp_path)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/home/they/b"\n')
    assert bundle_prefix(tmp_path) == tmp_path / "b"


def test_a_network_of_another_depth_is_refused_both_ways() -> None:
    shallow = MadryWideResNet(filters=(2, 4, 6, 8), depth=1, classes=3)
    deep = MadryWideResNet(filters=(2, 4, 6, 8), depth=3, classes=3)
    assert "30 ('unit_1_1/residual_only_activation/BatchNorm/beta'" in refusal(shallow, TINY)
    assert "30 ('units.unit_1_2.bn1.weight'" in refusal(deep, TINY)


def test_a_truncated_data_file_is_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path, data=DATA[:-9])
    assert "truncated" in refusal(madry(), path)


def test_a_missing_data_file_is_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path)
    (tmp_path / "checkpoint-70.data-00000-of-00001").unlink()
    assert "No such file" in refusal(madry(), path)


def test_a_flipped_bit_in_the_index_is_noticed(tmp_path: Path) -> None:
    damaged = bytearray(INDEX)
    damaged[100] ^= 1
    assert "checksum" in refusal(madry(), write_bundle(tmp_path, index=bytes(damaged)))


def test_a_checkpoint_under_one_scope_is_read_without_it(tmp_path: Path) -> None:
    """ARES converts free_at so: every variable below `free_at/`."""
    shards, entries = read_index(INDEX)
    records = [(b"", protobuf((1, shards)))]
    for name, entry in sorted(entries.items()):
        shape = b"".join(protobuf((2, protobuf((1, side)))) for side in entry.shape)
        body = protobuf((1, 1), (2, shape), (4, entry.offset), (5, entry.size))
        records.append((b"free_at/" + name.encode(), body))
    path = write_bundle(tmp_path, "free_at.ckpt", index=table(records))
    module, plain = madry(), madry()
    load_weights(module, path)
    load_weights(plain, TINY)
    assert same(module, plain)


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=400))
def test_any_bytes_before_the_mark_are_an_index_or_a_value_error(content: bytes) -> None:
    quietly(content + tf_bundle.MAGIC)


@settings(max_examples=200, deadline=None)
@given(
    records=st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=40)), max_size=8),
    in_order=st.booleans(),
)
def test_any_records_behind_true_checksums_are_an_index_or_a_value_error(
    records: list[tuple[bytes, bytes]], in_order: bool
) -> None:
    quietly(table(sorted(set(records)) if in_order else records))


@settings(max_examples=150, deadline=None)
@given(body=st.binary(max_size=120))
def test_any_block_behind_a_true_checksum_is_an_index_or_a_value_error(body: bytes) -> None:
    quietly(assemble(body))


@settings(max_examples=150, deadline=None)
@given(
    sides=st.lists(st.integers(0, 2**64 - 1), max_size=10),
    offset=st.integers(0, 2**64 - 1),
    size=st.integers(0, 2**64 - 1),
    shard=st.integers(0, 2**64 - 1),
)
def test_no_claimed_size_leads_to_a_large_read(
    tmp_path_factory: pytest.TempPathFactory, sides: list[int], offset: int, size: int, shard: int
) -> None:
    shape = b"".join(protobuf((2, protobuf((1, side)))) for side in sides)
    record = protobuf((1, 1), (2, shape), (3, shard), (4, offset), (5, size))
    path = write_bundle(tmp_path_factory.mktemp("claims"), index=table([(b"", b""), (b"w", record)]))
    with suppress(ReferenceFailed):
        assert TensorBundle.open(path).read("w").nbytes <= len(DATA)


def test_a_tensor_claimed_beyond_the_end_is_refused(tmp_path: Path) -> None:
    shape = protobuf((2, protobuf((1, 2**28))))
    record = protobuf((1, 1), (2, shape), (4, 0), (5, 2**30))
    path = write_bundle(tmp_path, index=table([(b"", b""), (b"w", record)]))
    with pytest.raises(ReferenceFailed, match="truncated"):
        TensorBundle.open(path).read("w")


def test_an_index_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = write_bundle(tmp_path)
    with (tmp_path / "checkpoint-70.index").open("r+b") as file:
        file.truncate(tf_bundle.MAX_INDEX_BYTES + 1)
    assert "MiB" in refusal(madry(), path)


def test_every_file_that_is_read_is_named(tmp_path: Path) -> None:
    bundle = [f"checkpoint-70.{part}" for part in ("index", "data-00000-of-00001")]
    assert [path.name for path in weight_files(TINY)] == bundle
    assert [path.name for path in weight_files(TINY / "checkpoint-70")] == bundle
    (tmp_path / "model.180.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    (tmp_path / "mean.npy").touch()
    assert weight_files(tmp_path / "model.180.h5") == (tmp_path / "model.180.h5", tmp_path / "mean.npy")
    assert weight_files(tmp_path / "mean.npy") == (tmp_path / "mean.npy",)
    with pytest.raises(ReferenceFailed, match="no such file"):
        weight_files(tmp_path / "wrn.pt")


def test_keras_layers_are_placed_by_number_wherever_the_numbers_start() -> None:
    found = places(["conv2d_10", "conv2d_9", "conv2d_11", "dense", "dense_1", "batch_normalization_3"])
    assert found == {
        "conv2d_9": "conv2d.0", "conv2d_10": "conv2d.1", "conv2d_11": "conv2d.2",
        "dense": "dense.0", "dense_1": "dense.1", "batch_normalization_3": "batch_normalization.0",
    }  # fmt: skip


def test_a_keras_file_without_h5py_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "model.180.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert "pip install h5py" in refusal(MMCResNet(width=2, blocks=1, features=12, size=8), tmp_path / "model.180.h5")


def write_keras(path: Path, module: MMCResNet, *, first: int = 1) -> None:
    h5py = pytest.importorskip("h5py")
    state = module.state_dict()
    with h5py.File(path, "w") as file:
        for theirs, ours in module.published_names().items():
            if theirs == "mean":
                continue
            kind, place, weight = theirs.split(".")
            array = state[ours].numpy()
            array = array.transpose({4: (2, 3, 1, 0), 2: (1, 0)}.get(array.ndim, (0,)))
            layer = f"{kind}_{int(place) + first}"
            file[f"{layer}/{layer}/{weight}:0"] = array
        file.create_group("activation_1")
    np.save(path.with_name("mean.npy"), state["mean"].numpy().transpose(1, 2, 0))


def test_a_keras_file_and_its_mean_image_are_loaded(tmp_path: Path) -> None:
    published, module = (MMCResNet(width=2, blocks=2, features=12, size=8) for _ in range(2))
    published.mean.uniform_()
    write_keras(tmp_path / "model.180.h5", published, first=9)
    load_weights(module, tmp_path / "model.180.h5")
    assert same(module, published)


def test_a_keras_file_of_another_depth_is_refused(tmp_path: Path) -> None:
    write_keras(tmp_path / "model.180.h5", MMCResNet(width=2, blocks=2, features=12, size=8))
    refusal(MMCResNet(width=2, blocks=1, features=12, size=8), tmp_path / "model.180.h5")
    refusal(MMCResNet(width=2, blocks=3, features=12, size=8), tmp_path / "model.180.h5")


def test_a_keras_file_without_its_mean_image_is_refused(tmp_path: Path) -> None:
    module = MMCResNet(width=2, blocks=1, features=12, size=8)
    write_keras(tmp_path / "model.180.h5", module)
    (tmp_path / "mean.npy").unlink()
    with pytest.raises(ReferenceFailed, match=r"mean\.npy: missing"):
        load_weights(module, tmp_path / "model.180.h5")
    (tmp_path / "mean.npy").write_bytes(b"\x93NUMPY garbage")
    with pytest.raises(ReferenceFailed, match=r"mean\.npy: not a readable"):
        load_weights(module, tmp_path / "model.180.h5")
    (tmp_path / "mean.npy").write_bytes(pickle.dumps({}))
    with pytest.raises(ReferenceFailed, match=r"\(it holds pickled objects, which are never read\)"):
        load_weights(module, tmp_path / "model.180.h5")


def test_a_damaged_keras_file_is_refused(tmp_path: Path) -> None:
    module = MMCResNet(width=2, blocks=1, features=12, size=8)
    write_keras(tmp_path / "model.180.h5", module)
    whole = (tmp_path / "model.180.h5").read_bytes()
    (tmp_path / "model.180.h5").write_bytes(whole[: len(whole) // 2])
    assert "HDF5" in refusal(module, tmp_path / "model.180.h5")


def test_the_contests_pool_names_known_architectures_and_data() -> None:
    folder = Path(tiltyard.defences.__file__).parent / "pools"
    pool = tomllib.loads((folder / "cvpr2021.toml").read_text())
    models = pool["models"]
    assert len({model["name"] for model in models}) == len(models) == 15
    assert sum(model["data"] == "cifar10" for model in models) == 13
    for model in models:
        assert model["architecture"] in ARCHITECTURES
        assert model["data"] in pool["data"]
        assert not Path(model["weights"]).is_absolute()
        assert Fraction(model["eps"]) == Fraction(8 if model["data"] == "cifar10" else 4, 255)
        assert model["range"] == [0, 255 if model["name"] in {"pgd_at", "free_at"} else 1]
        assert (model["forwards"], model["gradients"]) == (200, 100)


def quietly(index: bytes) -> None:
    try:
        shards, entries = read_index(index)
    except ValueError:
        return
    assert shards >= 1
    assert len(entries) <= len(index)


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def protobuf(*fields: tuple[int, int | bytes]) -> bytes:
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def crc32c(data: bytes) -> int:
    """Bit by bit, apart from the table that is tested; masked as LevelDB masks it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def block(records: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in records)
    return body + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")


def assemble(body: bytes) -> bytes:
    """A whole index around the body of its one data block."""
    handle = varint(0) + varint(len(body))
    index = block([(b"\xff", handle)])
    out = b""
    for part in (body, index):
        out += part + b"\0" + crc32c(part + b"\0").to_bytes(4, "little")
    footer = varint(0) + varint(0) + varint(len(body) + 5) + varint(len(index))
    return out + footer.ljust(40, b"\0") + tf_bundle.MAGIC


def table(records: list[tuple[bytes, bytes]]) -> bytes:
    return assemble(block(records))
