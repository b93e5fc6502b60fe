import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tiltyard.defences.architectures import ARCHITECTURES, build
from tiltyard.defences.architectures.madry_wideresnet import ConvSame, MadryWideResNet
from tiltyard.defences.architectures.mmc_resnet import MMCResNet, simplex
from tiltyard.defences.architectures.normalise import CIFAR10, IMAGENET, SYMMETRIC, StandardisePerImage
from tiltyard.defences.architectures.preact_resnet import PreActResNet
from tiltyard.defences.architectures.resnet50 import ResNet
from tiltyard.defences.architectures.wideresnet import WideResNet
from tiltyard.errors import ReferenceFailed

BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
PARAMETERS = {  # millions of parameters, as the papers and model zoos give them
    "madry-wideresnet-32-10": 45.9,
    "wideresnet-28-10/awp": 36.5,
    "wideresnet-34-10/robust-overfitting": 46.2,
    "preact-resnet-18/fast-at": 11.2,
    "resnet-50/imagenet": 25.6,
}


def scramble(module: nn.Module, seed: int = 0) -> nn.Module:
    """Random weights and statistics, so that no batch norm is the identity."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.randn(tensor.shape, generator=draw) * 0.3)
                if name.endswith("running_var") or (tensor.ndim == 1 and name.endswith("weight")):
                    tensor.abs_().add_(0.5)
    return module.eval()


def images(shape: tuple[int, ...] = (2, 3, 32, 32)) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1))


def assert_near(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)


def norm(state: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    mean, var, weight, bias = (state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(x, mean, var, weight, bias, eps=1e-5)


def names_on_meta(name: str) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {key: tuple(value.shape) for key, value in build(name).state_dict().items()}


def wide_resnet_names(*, blocks: int, extra: bool, bias: bool) -> set[str]:
    names = {"conv1.weight", "fc.weight", *(f"bn1.{part}" for part in BATCH_NORM)}
    names |= {"fc.bias"} if bias else set()
    for stage in ("block1", "block2", "block3", *(["sub_block1"] if extra else [])):
        names.add(f"{stage}.layer.0.convShortcut.weight")
        for block in range(blocks):
            scope = f"{stage}.layer.{block}"
            names |= {f"{scope}.{bn}.{part}" for bn in ("bn1", "bn2") for part in BATCH_NORM}
            names |= {f"{scope}.conv1.weight", f"{scope}.conv2.weight"}
    return names


def test_an_unknown_architecture_is_refused_with_the_known_names() -> None:
    with pytest.raises(ReferenceFailed) as refused:
        build("wideresnet-99")
    assert "\n" not in str(refused.value)
    assert all(name in str(refused.value) for name in ARCHITECTURES)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_architecture_is_built_in_evaluation_mode(name: str) -> None:
    with torch.device("meta"):
        module = build(name)
    assert not any(part.training for part in module.modules())
    if name in PARAMETERS:
        count = sum(parameter.numel() for parameter in module.parameters())
        assert count / 1e6 == pytest.approx(PARAMETERS[name], abs=0.06)


@pytest.mark.parametrize(
    ("name", "blocks", "extra", "bias"),
    [
        ("wideresnet-34-10/trades", 5, True, True),
        ("wideresnet-34-10/label-smoothing", 5, True, True),
        ("wideresnet-34-10/at-he", 5, True, False),
        ("wideresnet-34-10/robust-overfitting", 5, False, True),
        ("wideresnet-28-10/rst", 4, True, True),
        ("wideresnet-28-10/hydra", 4, True, True),
        ("wideresnet-28-10/awp", 4, False, True),
        ("wideresnet-28-10/feature-scatter", 4, False, True),
        ("wideresnet-28-10/pre-training", 4, False, True),
    ],
)
def test_a_wide_resnet_has_the_published_names(name: str, blocks: int, extra: bool, bias: bool) -> None:
    shapes = names_on_meta(name)
    assert set(shapes) == wide_resnet_names(blocks=blocks, extra=extra, bias=bias)
    assert shapes["block1.layer.0.conv1.weight"] == (160, 16, 3, 3)
    assert shapes["fc.weight"] == (10, 640)


def test_the_preact_resnet_has_the_published_names() -> None:
    shapes = names_on_meta("preact-resnet-18/fast-at")
    names = {"conv1.weight", "linear.weight", "linear.bias", *(f"bn.{part}" for part in BATCH_NORM)}
    for layer in range(1, 5):
        for block in range(2):
            scope = f"layer{layer}.{block}"
            names |= {f"{scope}.{bn}.{part}" for bn in ("bn1", "bn2") for part in BATCH_NORM}
            names |= {f"{scope}.conv1.weight", f"{scope}.conv2.weight"}
        names |= {f"layer{layer}.0.shortcut.0.weight"} if layer > 1 else set()
    assert set(shapes) == names
    assert shapes["layer4.0.shortcut.0.weight"] == (512, 256, 1, 1)


def test_resnet50_has_torchvisions_names() -> None:
    shapes = names_on_meta("resnet-50/imagenet")
    names = {"conv1.weight", "fc.weight", "fc.bias", *(f"bn1.{part}" for part in BATCH_NORM)}
    for layer, blocks in enumerate((3, 4, 6, 3), start=1):
        names |= {
            f"layer{layer}.0.downsample.0.weight",
            *(f"layer{layer}.0.downsample.1.{part}" for part in BATCH_NORM),
        }
        for block in range(blocks):
            for place in (1, 2, 3):
                scope = f"layer{layer}.{block}"
                names |= {f"{scope}.conv{place}.weight", *(f"{scope}.bn{place}.{part}" for part in BATCH_NORM)}
    assert set(shapes) == names
    assert shapes["layer1.0.downsample.0.weight"] == (256, 64, 1, 1)
    assert shapes["fc.weight"] == (1000, 2048)


def test_madrys_table_names_every_tensor_once() -> None:
    with torch.device("meta"):
        module = MadryWideResNet()
    table = module.published_names()
    assert sorted(table.values()) == sorted(name for name in module.state_dict() if "num_batches" not in name)
    assert len(set(table.values())) == len(table) == 7 + 15 * 10
    assert table["unit_1_0/shared_activation/BatchNorm/gamma"] == "units.unit_1_0.bn1.weight"
    assert table["unit_3_4/sub2/conv2/DW"] == "units.unit_3_4.conv2.weight"
    assert {name.split("/")[0] for name in table} == {
        "input", "logit", "unit_last", *(f"unit_{stage}_{unit}" for stage in (1, 2, 3) for unit in range(5))
    }  # fmt: skip


def test_mmcs_table_names_every_tensor_once() -> None:
    with torch.device("meta"):
        module = MMCResNet()
    table = module.published_names()
    assert sorted(table.values()) == sorted(name for name in module.state_dict() if "num_batches" not in name)
    assert sum(bool(re.fullmatch(r"conv2d\.\d+\.kernel", name)) for name in table) == 1 + 15 * 3 + 3
    assert sum(bool(re.fullmatch(r"batch_normalization\.\d+\.gamma", name)) for name in table) == 1 + 15 * 3 - 1 + 1
    assert table["dense.0.kernel"] == "dense.weight"


def test_a_wide_resnet_computes_what_its_state_dict_says() -> None:
    module = scramble(WideResNet(depth=16, width=1, classes=5, statistics=CIFAR10, unused_stage=True))
    state, x = module.state_dict(), images()
    out = (x - torch.tensor(CIFAR10[0]).view(3, 1, 1)) / torch.tensor(CIFAR10[1]).view(3, 1, 1)
    out = F.conv2d(out, state["conv1.weight"], padding=1)
    for stage, stride in (("block1", 1), ("block2", 2), ("block3", 2)):
        for block in range(2):
            scope, step = f"{stage}.layer.{block}", stride if block == 0 else 1
            active = norm(state, f"{scope}.bn1", out).relu()
            short = state.get(f"{scope}.convShortcut.weight")
            branch = F.conv2d(active, state[f"{scope}.conv1.weight"], stride=step, padding=1)
            branch = F.conv2d(norm(state, f"{scope}.bn2", branch).relu(), state[f"{scope}.conv2.weight"], padding=1)
            out = branch + (out if short is None else F.conv2d(active, short, stride=step))
    out = F.avg_pool2d(norm(state, "bn1", out).relu(), 8).flatten(1)
    assert_near(module(x), F.linear(out, state["fc.weight"], state["fc.bias"]))


def test_the_preact_resnet_computes_what_its_state_dict_says() -> None:
    module = scramble(PreActResNet(width=4, classes=5))
    state, x = module.state_dict(), images()
    out = (x - torch.tensor(CIFAR10[0]).view(3, 1, 1)) / torch.tensor(CIFAR10[1]).view(3, 1, 1)
    out = F.conv2d(out, state["conv1.weight"], padding=1)
    for layer in range(1, 5):
        for block in range(2):
            scope, step = f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
            short = state.get(f"{scope}.shortcut.0.weight")
            branch = F.conv2d(norm(state, f"{scope}.bn1", out).relu(), state[f"{scope}.conv1.weight"], None, step, 1)
            branch = F.conv2d(norm(state, f"{scope}.bn2", branch).relu(), state[f"{scope}.conv2.weight"], padding=1)
            out = branch + (out if short is None else F.conv2d(out, short, stride=step))
    out = F.avg_pool2d(norm(state, "bn", out).relu(), 4).flatten(1)
    torch.testing.assert_close(
        module(x), F.linear(out, state["linear.weight"], state["linear.bias"]), rtol=1e-4, atol=1e-3
    )


def test_resnet50_computes_what_its_state_dict_says() -> None:
    module = scramble(ResNet(width=4, blocks=(1, 2, 1, 1), classes=5))
    state, x = module.state_dict(), images((2, 3, 64, 64))
    out = (x - torch.tensor(IMAGENET[0]).view(3, 1, 1)) / torch.tensor(IMAGENET[1]).view(3, 1, 1)
    out = norm(state, "bn1", F.conv2d(out, state["conv1.weight"], stride=2, padding=3)).relu()
    out = F.max_pool2d(out, 3, 2, 1)
    for layer, blocks in enumerate((1, 2, 1, 1), start=1):
        for block in range(blocks):
            scope, step = f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
            weights = [state[f"{scope}.conv{place}.weight"] for place in (1, 2, 3)]
            branch = norm(state, f"{scope}.bn1", F.conv2d(out, weights[0])).relu()
            branch = norm(state, f"{scope}.bn2", F.conv2d(branch, weights[1], stride=step, padding=1)).relu()
            branch = norm(state, f"{scope}.bn3", F.conv2d(branch, weights[2]))
            if block == 0:
                short = F.conv2d(out, state[f"{scope}.downsample.0.weight"], stride=step)
                out = norm(state, f"{scope}.downsample.1", short)
            out = (branch + out).relu()
    torch.testing.assert_close(
        module(x), F.linear(out.mean((2, 3)), state["fc.weight"], state["fc.bias"]), rtol=1e-4, atol=1e-3
    )


def test_the_symmetric_normalisation_is_twice_the_image_minus_one() -> None:
    plain, symmetric = (scramble(WideResNet(depth=10, width=1, statistics=s)) for s in (None, SYMMETRIC))
    assert_near(symmetric(images()), plain(2 * images() - 1))


def test_cosine_logits_stay_between_minus_one_and_one_whatever_the_weights_scale() -> None:
    module = scramble(WideResNet(depth=10, width=1, cosine=True))
    before = module(images())
    with torch.no_grad():
        module.state_dict()["fc.weight"].mul_(7)
    assert before.abs().max() <= 1 + 1e-6
    torch.testing.assert_close(module(images()), before)


def test_a_depth_that_no_wide_resnet_has_is_refused() -> None:
    with pytest.raises(ValueError, match="depth"):
        WideResNet(depth=29, width=1)


def test_images_are_standardised_one_by_one_and_flat_ones_do_not_blow_up() -> None:
    x = torch.cat([255 * images(), torch.full((1, 3, 32, 32), 7.0)])
    out = StandardisePerImage()(x)
    torch.testing.assert_close(out[:2].mean((1, 2, 3)), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(out[:2].std((1, 2, 3), correction=0), torch.ones(2))
    assert torch.equal(out[2], torch.zeros(3, 32, 32))


def test_a_stride_of_two_pads_right_and_bottom_only() -> None:
    conv = ConvSame(1, 1, 2)
    nn.init.ones_(conv.weight)
    out = conv(torch.arange(16.0).view(1, 1, 4, 4))
    assert out.flatten().tolist() == [45.0, 39.0, 66.0, 50.0]


def test_the_centres_form_a_regular_simplex() -> None:
    inner = simplex(10, 256) @ simplex(10, 256).T
    torch.testing.assert_close(inner, torch.eye(10) * 10 / 9 - 1 / 9, atol=1e-6, rtol=0)
    with pytest.raises(ValueError, match="centres"):
        simplex(10, 9)


def test_mmc_logits_are_distances_to_the_centres() -> None:
    module = scramble(MMCResNet(width=2, blocks=1, features=6, classes=4, size=8))
    assert isinstance(module, MMCResNet)
    x = images((2, 3, 8, 8))
    expected = -(torch.cdist(module.features(x), 10 * simplex(4, 6)) ** 2)
    assert_near(module(x), expected)


def test_mmc_computes_what_keras_computes() -> None:
    """The numbers are Keras 3.15's for the same weights, drawn in the order of the layers' creation."""
    module = MMCResNet(width=4, blocks=2, features=6, classes=4, size=8).eval()
    draw, table, state = np.random.default_rng(3), module.published_names(), module.state_dict()
    for theirs, ours in table.items():
        if theirs == "mean":
            continue
        shape = [state[ours].shape[axis] for axis in {4: (2, 3, 1, 0), 2: (1, 0)}.get(state[ours].ndim, (0,))]
        array = draw.normal(size=shape).astype(np.float32) * np.float32(0.3)
        if theirs.endswith(("gamma", "moving_variance")):
            array = np.abs(array) + np.float32(0.5)
        state[ours].copy_(torch.from_numpy(array.transpose({4: (3, 2, 0, 1), 2: (1, 0)}.get(array.ndim, (0,)))))
    x = torch.from_numpy((np.arange(2 * 8 * 8 * 3).reshape(2, 8, 8, 3) * 37 % 256 / 255).astype(np.float32))
    expected = [
        [-20.092924, 58.06837, 6.041396, 51.08466, -135.90012, -67.18647],
        [-7.060159, 59.21713, 0.8581122, 29.241533, -109.27704, -68.09607],
    ]
    with torch.no_grad():
        found = module.features(x.permute(0, 3, 1, 2))
    assert_near(found, torch.tensor(expected))


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (WideResNet(depth=10, width=1, classes=7), (2, 3, 32, 32)),
        (PreActResNet(width=4, blocks=(1, 1, 1, 1), classes=7), (2, 3, 32, 32)),
        (ResNet(width=4, blocks=(1, 1, 1, 1), classes=7), (2, 3, 288, 288)),
        (MadryWideResNet(filters=(2, 4, 6, 8), depth=1, classes=7), (2, 3, 32, 32)),
        (MMCResNet(width=2, blocks=1, features=8, classes=7), (2, 3, 32, 32)),
    ],
)
def test_logits_have_a_finite_gradient_for_the_images(module: nn.Module, shape: tuple[int, ...]) -> None:
    x = images(shape).requires_grad_()
    logits = module.eval()(x)
    assert logits.shape == (2, 7)
    assert logits.dtype == torch.float32
    (gradient,) = torch.autograd.grad(logits.sum(), x)
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0
