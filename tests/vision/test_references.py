"""Model references in all their forms, and files that fail, mislead or mean harm."""

import json
import os
import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tiltyard.errors import ReferenceFailed, TiltyardError
from tiltyard.vision.classifier import Classifier
from tiltyard.vision.references import load_model

NET = """
import torch
from torch import nn

class Net(nn.Module):
    x_min, x_max = 0.0, 255.0
    def forward(self, images):
        return images.flatten(1)[:, :3]

def model():
    return Net().eval()

def training():
    return nn.Sequential(Net().eval(), nn.Dropout()).eval().append(nn.Dropout())

def number():
    return 7

def broken():
    raise RuntimeError("first line\\nsecond line")

def quits():
    raise SystemExit(3)

ready = Net().eval()
text = "no function"
"""
IMAGES = torch.rand(2, 1, 2, 2)


def source(tmp_path: Path, text: str = NET, name: str = "net.py") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refusal(reference: str) -> str:
    with pytest.raises(ReferenceFailed) as caught:
        load_model(reference)
    message = str(caught.value)
    assert "\n" not in message
    return message


class TestFiles:
    @pytest.mark.parametrize("function", ["model", "ready", "Net"])
    def test_a_function_a_module_or_a_class_is_taken(self, tmp_path: Path, function: str) -> None:
        path = source(tmp_path)
        (tmp_path / "weights.pt").write_bytes(b"")
        found = load_model(f"{path}:{function}")
        assert found(IMAGES).shape == (2, 3)
        assert (found.low, found.high) == (0, 255)
        assert found.files == (path, tmp_path / "weights.pt")

    @pytest.mark.parametrize(
        ("function", "reason"),
        [
            ("missing", "has no missing"),
            ("number", "returned int, expected a torch.nn.Module"),
            ("text", "TypeError: 'str' object is not callable"),
            ("broken", "RuntimeError: first line"),
            ("quits", "SystemExit: 3"),
        ],
    )
    def test_a_function_that_gives_no_model_says_why(self, tmp_path: Path, function: str, reason: str) -> None:
        assert reason in refusal(f"{source(tmp_path)}:{function}")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("raise ValueError('on import')", "ValueError: on import"),
            ("def model(:", "SyntaxError"),
            ("import no_such_package", "No module named 'no_such_package'"),
            ("import sys; sys.exit('gone')", "SystemExit: gone"),
            ("\0", ""),
        ],
    )
    def test_a_file_that_fails_on_import_says_why_and_leaves_nothing(
        self, tmp_path: Path, text: str, reason: str
    ) -> None:
        modules, path = set(sys.modules), list(sys.path)
        assert reason in refusal(f"{source(tmp_path, text)}:model")
        assert sys.path == path
        assert not [name for name in set(sys.modules) - modules if name.startswith("tiltyard_model")]

    def test_a_model_in_training_mode_is_refused_when_it_is_frozen(self, tmp_path: Path) -> None:
        found = load_model(f"{source(tmp_path)}:training")
        with pytest.raises(TiltyardError, match="is in training mode"):
            found.frozen()

    def test_what_lies_beside_a_file_can_be_imported_at_once_and_later(self, tmp_path: Path) -> None:
        source(tmp_path, "SCALE = 2", "beside.py")
        source(tmp_path, "SCALE = 3", "later.py")
        path = source(tmp_path, NET + "import beside\ndef lazy():\n    import later\n    return model()\n")
        assert load_model(f"{path}:lazy")(IMAGES).shape == (2, 3)

    def test_two_folders_may_name_their_modules_alike(self, tmp_path: Path) -> None:
        text = NET + "from helper import SCALE\nready.x_max = SCALE\n"
        for number in (2, 3):
            source(tmp_path, f"SCALE = {number}", f"{number}/helper.py")
            path = source(tmp_path, text, f"{number}/net.py")
            assert load_model(f"{path}:ready").high == number

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        assert "no such file" in refusal(f"{tmp_path}/missing.py:model")


class TestModules:
    def test_a_function_of_an_installed_package_is_taken(self) -> None:
        found = load_model("torch.nn:Identity")
        assert found(IMAGES).equal(IMAGES)

    @pytest.mark.parametrize(
        ("reference", "reason"),
        [
            ("no_such_package.models:net", "no module named 'no_such_package'"),
            ("torch.nn:NoSuchLayer", "has no NoSuchLayer"),
            ("torch.nn:Linear", "TypeError"),
            ("math:pi", "TypeError"),
            (":model", "ValueError"),
            ("..:model", ""),
            ("a\nb:model", "control characters"),
        ],
    )
    def test_what_is_not_there_is_named(self, reference: str, reason: str) -> None:
        assert reason in refusal(reference)

    @pytest.mark.parametrize("reference", ["", "resnet50", "pool:", "a.pth", "net.py"])
    def test_what_is_no_reference_is_answered_with_the_forms(self, reference: str) -> None:
        with pytest.raises(ReferenceFailed, match=r"write file\.py:function"):
            load_model(reference)

    @pytest.mark.parametrize(("scheme", "package"), [("timm", "timm"), ("hf", "transformers")])
    def test_an_absent_package_is_named_with_its_extra(
        self, scheme: str, package: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, package, None)
        assert f"{package} is not installed: pip install 'tiltyard[{scheme}]'" in refusal(f"{scheme}:resnet50")

    def test_a_model_of_a_shipped_pool_is_taken(self) -> None:
        found = load_model("pool:digits/undefended").frozen()
        assert found(torch.rand(2, 1, 8, 8)).shape == (2, 10)

    @pytest.mark.parametrize("rest", ["digits", "digits/missing", "missing/undefended", "/", "../x"])
    def test_a_model_no_pool_has_is_refused(self, rest: str) -> None:
        refusal(f"pool:{rest}")


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Linear(4, 3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.weights(torch.relu(images.flatten(1)))
        return logits


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tensor]:
    """An exported program with an open batch size, and what it answers."""
    path = tmp_path_factory.mktemp("exported") / "tiny.pt2"
    network = Tiny().eval()
    program = torch.export.export(network, (IMAGES,), dynamic_shapes=({0: torch.export.Dim("batch", max=512)},))
    torch.export.save(program, path)
    return path, network(IMAGES)


Members = dict[str, bytes]


def tampered(exported: Path, tmp_path: Path, change: Callable[[Members], object]) -> Path:
    """The program with members changed."""
    with zipfile.ZipFile(exported) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    path = tmp_path / "tiny.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def replaced(end: str, content: bytes) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        name = next(name for name in members if name.endswith(end))
        members[name] = content

    return change


def described(old: str, new: str) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        name = next(name for name in members if name.endswith("model.json"))
        assert old.encode() in members[name]
        members[name] = members[name].replace(old.encode(), new.encode())

    return change


class Trap:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.place}",)


class TestExportedPrograms:
    def test_a_program_answers_as_the_network_did(self, exported: tuple[Path, Tensor]) -> None:
        path, logits = exported
        found = load_model(str(path)).frozen()
        assert torch.allclose(found(IMAGES), logits)
        assert found(torch.rand(7, 1, 2, 2)).shape == (7, 3)
        assert found.files == (path,)

    @pytest.mark.parametrize("content", [b"", b"PK", b"not a program", pickle.dumps({"a": 1})])
    def test_what_is_no_program_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "tiny.pt2"
        path.write_bytes(content)
        refusal(str(path))

    def test_truncated_programs_are_refused(self, tmp_path: Path, exported: tuple[Path, Tensor]) -> None:
        content = exported[0].read_bytes()
        path = tmp_path / "tiny.pt2"
        for length in range(0, len(content), len(content) // 20):
            path.write_bytes(content[:length])
            refusal(str(path))

    def test_a_pickle_inside_is_not_run(self, tmp_path: Path, exported: tuple[Path, Tensor]) -> None:
        trap = tmp_path / "sprung"
        torch.save(Trap(trap), tmp_path / "inputs.pt")
        path = tampered(
            exported[0], tmp_path, replaced("sample_inputs/model.pt", (tmp_path / "inputs.pt").read_bytes())
        )
        refusal(str(path))
        assert not trap.exists()
        assert "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("torch.ops.aten.relu.default", "torch.os.system"),
            ("torch.ops.aten.relu.default", "torch.ops.load_library"),
            ("torch.ops.aten.relu.default", "torch.hub.load"),
            ("torch.ops.aten.relu.default", "_operator.methodcaller"),
            ("positive=True", "positive=__import__('os').system('touch sprung')"),
            ("positive=True", "positive=exec(chr(97))"),
            ('"guards_code": []', "\"guards_code\": [\"__import__('os').system('touch sprung')\"]"),
            ('"guards_code": []', '"guards_code": ["exec(L)"]'),
            ('"guards_code": []', '"guards_code": ["L.__class__"]'),
        ],
    )
    def test_code_in_the_description_is_not_run(
        self, tmp_path: Path, exported: tuple[Path, Tensor], monkeypatch: pytest.MonkeyPatch, old: str, new: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        if old not in description(exported[0]):
            pytest.skip(f"this torch writes no {old}")
        path = tampered(exported[0], tmp_path, described(old, json.dumps(new)[1:-1] if "guards" not in old else new))
        assert "no tensor operator" in refusal(str(path))
        assert not (tmp_path / "sprung").exists()

    @pytest.mark.parametrize(
        "name", ["tiny/data/aotinductor/model/a.so", "tiny/data/constants/custom_obj_0", "tiny/x.so"]
    )
    def test_a_library_inside_is_not_loaded(self, tmp_path: Path, exported: tuple[Path, Tensor], name: str) -> None:
        path = tampered(exported[0], tmp_path, lambda members: members.update({name: b"\x7fELF"}))
        assert "holds code" in refusal(str(path))

    def test_a_missing_program_is_named(self) -> None:
        assert "no such file" in refusal("missing.pt2")


def description(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("model.json"))).decode()


def with_node(path: Path, tmp_path: Path, target: str, *inputs: tuple[str, dict[str, Any]]) -> Path:
    """The program with one more operator in front, that gives a tensor."""

    def change(members: Members) -> None:
        name = next(name for name in members if name.endswith("model.json"))
        program = json.loads(members[name])
        graph = program["graph_module"]["graph"]
        graph["tensor_values"]["made"] = graph["tensor_values"]["images"]
        graph["nodes"].insert(
            0,
            {
                "target": target,
                "inputs": [{"name": name, "arg": value, "kind": 1} for name, value in inputs],
                "outputs": [{"as_tensor": {"name": "made"}}],
                "metadata": {},
                "is_hop_single_tensor_return": None,
            },
        )
        members[name] = json.dumps(program).encode()

    return tampered(path, tmp_path, change)


class TestOperators:
    def test_a_file_cannot_be_mapped_to_be_overwritten(self, tmp_path: Path, exported: tuple[Path, Tensor]) -> None:
        victim = tmp_path / "victim"
        victim.write_bytes(b"A" * 64)
        path = with_node(
            exported[0],
            tmp_path,
            "torch.ops.aten.from_file.default",
            ("filename", {"as_string": str(victim)}),
            ("shared", {"as_bool": True}),
            ("size", {"as_int": 16}),
        )
        assert "names 'torch.ops.aten.from_file.default', which is no tensor operator" in refusal(str(path))
        assert victim.read_bytes() == b"A" * 64

    @pytest.mark.parametrize(
        "target",
        [
            "torch.ops.aten.save.default",
            "torch.ops.aten._print.default",
            "torch.ops.aten.warn.default",
            "torch.ops.aten.record_stream.default",
            "torch.ops.aten.set_.source_Storage",
            "torch.ops.aten.relu.missing",
            "torch.ops.aten.missing.default",
            "torch.ops.aten.relu",
            "torch.ops.higher_order.print",
            "torch.ops.higher_order.call_torchbind",
            "torch.ops.quantized.conv2d.new",
            "_operator.__setattr__",
            "math.__setattr__",
        ],
    )
    def test_what_takes_more_than_tensors_and_numbers_is_refused(
        self, tmp_path: Path, exported: tuple[Path, Tensor], target: str
    ) -> None:
        path = with_node(exported[0], tmp_path, target, ("self", {"as_tensor": {"name": "images"}}))
        assert f"names '{target}', which is no tensor operator" in refusal(str(path))

    @pytest.mark.parametrize("network", ["convolutions", "attention", "modes"])
    def test_ordinary_networks_are_taken(self, tmp_path: Path, network: str) -> None:
        torch.manual_seed(0)
        module, points = ORDINARY[network]().eval(), torch.rand(3, 1, 8, 8)
        with torch.no_grad():
            expected = module(points)
        batch = torch.export.Dim("batch", min=1, max=64)
        torch.export.save(
            torch.export.export(module, (points,), dynamic_shapes=({0: batch},)), tmp_path / "ordinary.pt2"
        )
        with torch.no_grad():
            assert torch.allclose(load_model(str(tmp_path / "ordinary.pt2"))(points), expected, atol=1e-6)


class Convolutions(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(1, 4, 3, padding="same", padding_mode="reflect"),
            nn.BatchNorm2d(4), nn.GELU(approximate="tanh"), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, groups=2),
            nn.GroupNorm(2, 4), nn.SiLU(), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(),
            nn.Linear(4, 3), nn.Softmax(1),
        )  # fmt: skip


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 4, stride=4)
        self.first = nn.Parameter(torch.rand(1, 1, 8))
        self.before, self.after = nn.LayerNorm(8), nn.LayerNorm(8)
        self.mixed, self.head = nn.Linear(8, 24), nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patches(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.first.expand(images.shape[0], -1, -1), patches], 1)
        queries, keys, values = (
            part.view(images.shape[0], -1, 2, 4).transpose(1, 2)
            for part in self.mixed(self.before(tokens)).chunk(3, -1)
        )
        seen = nn.functional.scaled_dot_product_attention(queries, keys, values).transpose(1, 2).flatten(2)
        logits: Tensor = self.head(self.after(tokens + nn.functional.gelu(seen))[:, 0])
        return logits


class Modes(nn.Module):
    """Operators that take text, and what `no_grad`, `autocast` and the batch size leave behind."""

    def forward(self, images: Tensor) -> Tensor:
        with torch.no_grad():
            steps = torch.div(images * 8, 1, rounding_mode="floor")
        with torch.autocast("cpu", enabled=False):
            rows = torch.einsum("nchw,nchw->nh", images, steps)
        places = torch.zeros(rows.shape, dtype=torch.long)
        best = torch.zeros_like(rows).scatter_reduce(1, places, rows, reduce="amax")
        return (nn.functional.pad(rows, (1, 1)) + best[:, :1] / (images.shape[0] * 2 - images.shape[0]))[:, :3]


ORDINARY: dict[str, Callable[[], nn.Module]] = {
    "convolutions": Convolutions, "attention": Attention, "modes": Modes,
}  # fmt: skip


class TestClassifier:
    def test_images_are_brought_to_the_models_range(self) -> None:
        classifier = Classifier(nn.Identity().eval(), -1.0, 1.0)
        assert classifier.to_range(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1, 1]
        assert classifier.span == 2

    def test_the_part_in_training_mode_is_named(self) -> None:
        network: Any = nn.Sequential(nn.Identity(), nn.Dropout()).eval()
        network[1].train()
        with pytest.raises(TiltyardError, match=r"is in training mode \(in 1\): call \.eval\(\)"):
            Classifier(network).frozen()
