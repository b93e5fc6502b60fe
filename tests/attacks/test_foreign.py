"""Attacks of Foolbox, torchattacks and ART in our shape do what the libraries do when they are called directly."""

import importlib.util

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tiltyard.attacks import Threat
from tiltyard.attacks.catalogue import LIBRARIES, find_attack, is_attack_name
from tiltyard.attacks.metered import MeteredModel
from tiltyard.contest.budget import Budget, Meter
from tiltyard.errors import ReferenceFailed

EPS = 0.1


def needs(library: str) -> pytest.MarkDecorator:
    absent = importlib.util.find_spec(library) is None
    return pytest.mark.skipif(absent, reason=f"{library} is not installed: pip install 'tiltyard[{library}]'")


EACH = [
    pytest.param("foolbox:LinfPGD", marks=needs("foolbox")),
    pytest.param("torchattacks:PGD", marks=needs("torchattacks")),
    pytest.param("art:ProjectedGradientDescentPyTorch", marks=needs("art")),
]


def network() -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 4)).eval().requires_grad_(False)


def images(count: int = 24) -> Tensor:
    return torch.rand((count, 3, 2, 2), generator=torch.Generator().manual_seed(0))


def labels() -> Tensor:
    return network()(images()).argmax(1)


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.network = network()
        self.eval()

    def forward(self, points: Tensor) -> Tensor:
        logits: Tensor = self.network(points / 255)
        return logits


@needs("foolbox")
def test_foolbox_in_our_shape_is_foolbox() -> None:
    import foolbox

    found = find_attack("foolbox:LinfPGD")(network(), images(), labels(), Threat("linf", EPS), seed=4)
    model, y = foolbox.PyTorchModel(network(), bounds=(0, 1), device="cpu"), labels()
    torch.manual_seed(4)
    direct = foolbox.attacks.LinfPGD()(model, images(), y, epsilons=EPS)[1]
    torch.testing.assert_close(found.images, direct, rtol=0, atol=1e-6)


@needs("torchattacks")
def test_torchattacks_in_our_shape_is_torchattacks() -> None:
    import torchattacks

    found = find_attack("torchattacks:PGD")(network(), images(), labels(), Threat("linf", EPS), seed=4)
    model, y = network(), labels()
    torch.manual_seed(4)
    direct = torchattacks.PGD(model, eps=EPS)(images(), y)
    torch.testing.assert_close(found.images, direct, rtol=0, atol=1e-6)


@needs("art")
def test_art_in_our_shape_is_art() -> None:
    from art.attacks.evasion import ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    found = find_attack("art:ProjectedGradientDescentPyTorch")(
        network(), images(), labels(), Threat("linf", EPS), seed=4
    )
    loss = nn.CrossEntropyLoss()
    estimator = PyTorchClassifier(network(), loss, (3, 2, 2), 4, clip_values=(0.0, 1.0), device_type="cpu")
    attack = ProjectedGradientDescentPyTorch(estimator, norm=np.inf, eps=EPS, eps_step=EPS / 4, verbose=False)
    direct = torch.from_numpy(attack.generate(x=images().numpy(), y=labels().numpy()))
    torch.testing.assert_close(found.images, direct, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", EACH)
class TestEveryLibrary:
    def test_it_stays_in_ball_and_range_and_is_the_same_for_the_same_seed(self, name: str) -> None:
        x = images()
        first, second = (
            find_attack(name)(network(), x, labels(), Threat("linf", EPS), seed=1, batch_size=10).images
            for _ in range(2)
        )
        assert torch.equal(first, second)
        assert float((first - x).abs().max()) <= EPS + 1e-6
        assert float(first.min()) >= 0
        assert float(first.max()) <= 1
        assert (network()(first).argmax(1) != labels()).any()

    def test_over_0_to_255_it_finds_the_same_as_over_0_to_1(self, name: str) -> None:
        unit = find_attack(name)(network(), images(), labels(), Threat("linf", EPS), seed=1)
        scaled = find_attack(name)(
            Scaled(), images() * 255, labels(), Threat("linf", EPS * 255), bounds=(0.0, 255.0), seed=1
        )
        verdicts = [network()(points).argmax(1) for points in (unit.images, scaled.images / 255)]
        assert torch.equal(*verdicts)
        torch.testing.assert_close(scaled.images / 255, unit.images, rtol=0, atol=1e-3)

    def test_targeted_it_goes_for_the_target(self, name: str) -> None:
        targets = (labels() + 1) % 4
        found = find_attack(name)(network(), images(), targets, Threat("linf", 0.6, targeted=True), seed=1)
        reached = (network()(found.images).argmax(1) == targets).float().mean()
        assert reached > (network()(images()).argmax(1) == targets).float().mean()

    def test_where_the_meter_refuses_the_rest_stays_as_it_was(self, name: str) -> None:
        meter = Meter(Budget(120 * 8, 100 * 8))
        x = images()
        found = find_attack(name)(
            MeteredModel(network(), meter), x, labels(), Threat("linf", EPS), batch_size=8, budget=meter.budget
        )
        assert (found.images[:8] != x[:8]).any()
        assert found.images.shape == x.shape
        if meter.exceeded:
            assert torch.equal(found.images[-8:], x[-8:])


class TestNames:
    def test_unknown_attacks_are_refused_with_what_is_known(self) -> None:
        with pytest.raises(ReferenceFailed, match=r"known are lance, pgd, baseline, .*autoattack_rand, foolbox:NAME"):
            find_attack("nonsense")
        with pytest.raises(ReferenceFailed, match="no attack named 'cleverhans:PGD'"):
            find_attack("cleverhans:PGD")

    @pytest.mark.parametrize("library", LIBRARIES)
    def test_an_unknown_attack_of_a_library_or_a_library_that_is_absent_is_named(self, library: str) -> None:
        with pytest.raises(ReferenceFailed, match=f"{library} (has no attack named Nonsense|is not installed)"):
            find_attack(f"{library}:Nonsense")

    def test_a_library_that_is_not_installed_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def absent(name: str) -> None:
            raise ModuleNotFoundError("No module named 'art'", name="art")

        monkeypatch.setattr("tiltyard.attacks.catalogue.import_module", absent)
        with pytest.raises(ReferenceFailed, match=r"pip install 'tiltyard\[art\]'"):
            find_attack("art:FastGradientMethod")

    def test_names_are_told_from_files(self) -> None:
        assert all(map(is_attack_name, ("pgd", "foolbox:LinfPGD", "art:X")))
        assert not any(map(is_attack_name, ("mine.zip", "attacker.py", "c:folder", "other")))
