"""The oracle's books are exact, its products are autograd's, and it tells what is odd about a model."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from tiltyard.contest.budget import Budget, Meter, OverBudget
from tiltyard.errors import TiltyardError
from tiltyard.jail.oracle import Oracle, same_answers
from tiltyard.vision.classifier import Classifier

SHAPE = (2, 4, 4)
CLASSES = 5


@dataclass
class Counted:
    """Images that went through a network, forwards and backwards, counted inside it."""

    forwards: int = 0
    backwards: int = 0

    @classmethod
    def hooked_to(cls, network: nn.Module) -> "Counted":
        counted = cls()

        def forward(module: nn.Module, given: tuple[Tensor, ...]) -> None:
            counted.forwards += len(given[0])

        def backward(module: nn.Module, wanted: tuple[Tensor | None, ...], given: tuple[Tensor, ...]) -> None:
            counted.backwards += len(given[0])

        network.register_forward_pre_hook(forward)
        network.register_full_backward_hook(backward)  # type: ignore[arg-type]
        return counted


def network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(96, CLASSES), nn.Identity()
    ).eval()


def images(count: int, seed: int = 0) -> Tensor:
    return torch.rand((count, *SHAPE), generator=torch.Generator().manual_seed(seed))


def vector(count: int, seed: int = 9) -> Tensor:
    return torch.randn((count, CLASSES), generator=torch.Generator().manual_seed(seed))


def oracle(module: nn.Module | None = None, *, budget: Budget | None = None, **options: int) -> Oracle:
    return Oracle(Classifier(module or network()), Meter(budget), sample=images(6), **options)  # type: ignore[arg-type]


def product(module: nn.Module, points: Tensor, weights: Tensor) -> Tensor:
    inputs = points.clone().requires_grad_()
    return torch.autograd.grad(module(inputs), inputs, weights)[0]


class TestBooks:
    @pytest.fixture
    def counted(self) -> tuple[Oracle, Counted]:
        module = network()
        made = oracle(module)
        return made, Counted.hooked_to(module)

    def test_what_is_charged_is_what_went_through_the_model(self, counted: tuple[Oracle, Counted]) -> None:
        asked, inside = counted
        asked.logits(images(3), keep=False)
        _, ticket = asked.logits(images(4), keep=True)
        asked.vjp(ticket, vector(4))
        assert asked.vjp(ticket, vector(4)) is None
        asked.vjp_at(images(4), vector(4))
        asked.logits(images(2), keep=True)
        assert asked.meter.spent == Budget(inside.forwards, inside.backwards) == Budget(13, 8)

    def test_a_look_and_a_verdict_are_at_the_houses_expense(self) -> None:
        module = network()
        inside = Counted.hooked_to(module)
        asked = oracle(module)
        asked.judge(images(5))
        assert asked.meter.spent == Budget(0, 0)
        assert asked.own_forwards == inside.forwards > 5
        assert inside.backwards == 0

    def test_the_first_product_on_a_ticket_costs_backwards_alone(self) -> None:
        asked = oracle()
        _, ticket = asked.logits(images(7), keep=True)
        before = asked.meter.spent
        assert asked.vjp(ticket, vector(7)) is not None
        assert (before, asked.meter.spent) == (Budget(7, 0), Budget(7, 7))

    def test_a_spent_ticket_is_free_to_ask_about_and_gives_nothing(self) -> None:
        asked = oracle()
        _, ticket = asked.logits(images(2), keep=True)
        first = asked.vjp(ticket, vector(2))
        assert asked.vjp(ticket, vector(2)) is None
        assert asked.meter.spent == Budget(2, 2)
        assert torch.equal(asked.vjp_at(images(2), vector(2)), first)  # type: ignore[arg-type]
        assert asked.meter.spent == Budget(4, 4)

    @pytest.mark.parametrize("ticket", [0, 2, 2**64 - 1])
    def test_a_ticket_that_was_never_given_gives_nothing(self, ticket: int) -> None:
        asked = oracle()
        asked.logits(images(2), keep=True)
        assert asked.vjp(ticket, vector(2)) is None
        assert asked.meter.spent == Budget(2, 0)

    def test_a_ticket_for_another_number_of_images_gives_nothing_and_stays(self) -> None:
        asked = oracle()
        _, ticket = asked.logits(images(3), keep=True)
        assert asked.vjp(ticket, vector(2)) is None
        assert asked.vjp(ticket, vector(3)) is not None


class TestBudget:
    def test_exactly_the_limit_is_allowed(self) -> None:
        asked = oracle(budget=Budget(6, 3))
        _, ticket = asked.logits(images(3), keep=True)
        asked.vjp(ticket, vector(3))
        asked.logits(images(3), keep=False)
        assert asked.meter.spent == Budget(6, 3)
        assert not asked.meter.exceeded

    def test_over_budget_nothing_is_computed_and_nothing_booked(self) -> None:
        module = network()
        asked = oracle(module, budget=Budget(5, 2))
        inside = Counted.hooked_to(module)
        _, ticket = asked.logits(images(3), keep=True)
        for call in (
            lambda: asked.logits(images(3), keep=False),
            lambda: asked.logits(images(3), keep=True),
            lambda: asked.vjp(ticket, vector(3)),
            lambda: asked.vjp_at(images(3), vector(3)),
        ):
            with pytest.raises(OverBudget, match="exceeds the budget of 5 and 2"):
                call()
        assert asked.meter.exceeded
        assert asked.meter.spent == Budget(inside.forwards, inside.backwards) == Budget(3, 0)

    def test_after_a_refusal_smaller_calls_are_answered_and_the_mark_stays(self) -> None:
        asked = oracle(budget=Budget(2, 0))
        with pytest.raises(OverBudget):
            asked.logits(images(3), keep=False)
        asked.logits(images(2), keep=False)
        assert asked.meter.spent == Budget(2, 0)
        assert asked.meter.exceeded


class TestEviction:
    def test_graphs_are_kept_up_to_their_bytes_the_oldest_go_first(self) -> None:
        an_image = oracle().traits.graph_bytes_per_image
        asked = oracle(graph_bytes=5 * an_image)
        tickets = [asked.logits(images(2, seed), keep=True)[1] for seed in range(4)]
        assert [asked.vjp(ticket, vector(2)) is not None for ticket in tickets] == [False, False, True, True]

    def test_an_evicted_ticket_costs_both_again_for_the_same_product(self) -> None:
        asked = oracle(graph_bytes=1)
        _, ticket = asked.logits(images(2), keep=True)
        asked.logits(images(2, 1), keep=True)
        assert asked.vjp(ticket, vector(2)) is None
        found = asked.vjp_at(images(2), vector(2))
        assert torch.equal(found, product(network(), images(2), vector(2)))
        assert asked.meter.spent == Budget(6, 2)

    def test_the_latest_graph_is_kept_however_large(self) -> None:
        asked = oracle(graph_bytes=1)
        _, ticket = asked.logits(images(6), keep=True)
        assert asked.vjp(ticket, vector(6)) is not None

    def test_used_graphs_make_room(self) -> None:
        asked = oracle(graph_bytes=3 * oracle().traits.graph_bytes_per_image)
        _, kept = asked.logits(images(1), keep=True)
        for seed in range(20):
            _, ticket = asked.logits(images(2, seed), keep=True)
            assert asked.vjp(ticket, vector(2)) is not None
        assert asked.vjp(kept, vector(1)) is not None

    def test_what_a_graph_holds_is_counted(self) -> None:
        """The activation after tanh and the flattened one are saved; a conv saves its input too."""
        assert oracle().traits.graph_bytes_per_image >= 4 * (6 * 16 + 2 * 16)


class TestAnswers:
    def test_logits_are_the_models(self) -> None:
        module, asked = network(), oracle()
        for keep in (False, True):
            assert torch.equal(asked.logits(images(4), keep=keep)[0], module(images(4)).detach())

    def test_products_are_autograds(self) -> None:
        asked = oracle()
        for seed in range(3):
            _, ticket = asked.logits(images(4, seed), keep=True)
            expected = product(network(), images(4, seed), vector(4, seed))
            assert torch.equal(asked.vjp(ticket, vector(4, seed)), expected)  # type: ignore[arg-type]
            assert torch.equal(asked.vjp_at(images(4, seed), vector(4, seed)), expected)

    def test_products_are_given_inside_no_grad_too(self) -> None:
        asked = oracle()
        with torch.no_grad():
            _, ticket = asked.logits(images(2), keep=True)
            found = asked.vjp(ticket, vector(2))
        assert torch.equal(found, product(network(), images(2), vector(2)))  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "module",
        [
            pytest.param(lambda x: torch.ones(len(x), CLASSES), id="constant"),
            pytest.param(lambda x: nn.functional.one_hot(x.flatten(1).argmax(1), 40)[:, :CLASSES].float(), id="steps"),
            pytest.param(lambda x: torch.ones(len(x), CLASSES).requires_grad_() * 2, id="another-graph"),
        ],
    )
    def test_logits_that_do_not_depend_on_the_input_have_a_gradient_of_zero_at_the_usual_price(
        self, module: object
    ) -> None:
        asked = oracle(Plain(module))
        _, ticket = asked.logits(images(3), keep=True)
        assert torch.equal(asked.vjp(ticket, vector(3)), torch.zeros(3, *SHAPE))  # type: ignore[arg-type]
        assert torch.equal(asked.vjp_at(images(3), vector(3)), torch.zeros(3, *SHAPE))
        assert asked.meter.spent == Budget(6, 6)

    def test_the_models_own_parameters_gather_no_gradient(self) -> None:
        module = network()
        asked = oracle(module)
        _, ticket = asked.logits(images(2), keep=True)
        asked.vjp(ticket, vector(2))
        assert all(parameter.grad is None and not parameter.requires_grad for parameter in module.parameters())


class Plain(nn.Module):
    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function
        self.eval()

    def forward(self, points: Tensor) -> Tensor:
        return self.function(points)  # type: ignore[operator, no-any-return]


class TestTraits:
    def test_a_model_in_training_mode_is_refused_and_the_place_named(self) -> None:
        module = network()
        module[1].train()
        with pytest.raises(TiltyardError, match=r"model is in training mode \(in 1\): call \.eval\(\)"):
            oracle(module)
        with pytest.raises(TiltyardError, match="model is in training mode: call"):
            oracle(network().train())

    def test_an_ordinary_model_is_neither_batch_dependent_nor_random(self) -> None:
        traits = oracle().traits
        assert (traits.classes, traits.deterministic, traits.batch_dependent) == (CLASSES, True, False)

    def test_statistics_of_the_batch_in_eval_mode_are_noticed(self) -> None:
        traits = oracle(
            Plain(lambda x: ((x - x.mean(0)) / (x.std(0, correction=0) + 1)).flatten(1)[:, :CLASSES])
        ).traits
        assert traits.batch_dependent
        assert traits.deterministic

    def test_batch_normalisation_without_running_statistics_is_noticed(self) -> None:
        norm = nn.BatchNorm2d(2, track_running_stats=False)
        assert oracle(nn.Sequential(norm, nn.Flatten(), nn.Linear(32, CLASSES)).eval()).traits.batch_dependent

    def test_a_randomised_model_is_noticed_and_not_taken_for_batch_dependent(self) -> None:
        traits = oracle(Plain(lambda x: (x + 0.1 * torch.randn_like(x)).flatten(1)[:, :CLASSES])).traits
        assert not traits.deterministic
        assert not traits.batch_dependent

    @pytest.mark.parametrize("cover", ["offset", "sacrificed"])
    def test_a_loud_constant_hides_neither_chance_nor_a_batch(self, cover: str) -> None:
        loud = torch.zeros(CLASSES)
        loud[slice(None) if cover == "offset" else slice(4, None)] = 1e5 if cover == "offset" else -1e6
        noisy = oracle(Plain(lambda x: (x + torch.randn_like(x)).flatten(1)[:, :CLASSES] + loud)).traits
        mixed = oracle(Plain(lambda x: (x - x.mean(0)).flatten(1)[:, :CLASSES] + loud)).traits
        assert (noisy.deterministic, mixed.deterministic, mixed.batch_dependent) == (False, True, True)


def drawn(rows: int = 200) -> Tensor:
    return 5 * torch.randn((rows, 10), generator=torch.Generator().manual_seed(1))


def loud_row(logits: Tensor) -> Tensor:
    logits[0, 0] = 1e6
    return logits


def without_last_class(logits: Tensor) -> Tensor:
    logits[:, 9] = -1e6
    return logits


class TestSameAnswers:
    @pytest.mark.parametrize("cover", [lambda x: x, lambda x: x + 1e5, loud_row, without_last_class])
    def test_another_class_is_another_answer_whatever_is_loud(self, cover: Callable[[Tensor], Tensor]) -> None:
        honest, lies = cover(drawn()), cover(torch.eye(10)[[3]].repeat(200, 1))
        agreeing = honest.argmax(1) == lies.argmax(1)
        assert torch.equal(same_answers(honest, lies, tolerance=1e-3) | agreeing, agreeing)

    @pytest.mark.parametrize("cover", [lambda x: x + 1e5, loud_row, without_last_class])
    def test_other_logits_of_the_same_class_are_another_answer(self, cover: Callable[[Tensor], Tensor]) -> None:
        flat = torch.nn.functional.one_hot(drawn().argmax(1), 10) * 5.0
        assert int(same_answers(cover(drawn()), cover(flat), tolerance=1e-3).sum()) <= 1

    @pytest.mark.parametrize("last", [nn.Identity(), nn.Softmax(1), nn.LogSoftmax(1)])
    @pytest.mark.parametrize("scale", [0.001, 1.0, 100.0])
    def test_noise_of_another_batch_size_is_no_other_answer(self, last: nn.Module, scale: float) -> None:
        module, points = network(), images(300)
        module[3].weight.data *= scale
        module.append(last)
        with torch.no_grad():
            together, apart = module(points), torch.cat([module(part) for part in points.split(7)])
            single = torch.cat([module(part) for part in points.split(1)])
        assert bool(same_answers(together, apart, tolerance=1e-4).all())
        assert bool(same_answers(together, single, tolerance=1e-4).all())

    def test_the_same_constant_is_one_answer_and_nothing_is_none(self) -> None:
        assert bool(same_answers(torch.ones(3, 4), torch.ones(3, 4), tolerance=1e-3).all())
        assert bool(same_answers(torch.ones(3, 1), torch.ones(3, 1), tolerance=1e-3).all())
        assert same_answers(torch.empty(0, 4), torch.empty(0, 4), tolerance=1e-3).shape == (0,)
