"""The side that holds the defended model: logits, vector–Jacobian products, and the meter."""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from tiltyard.contest.budget import Meter
from tiltyard.vision.classifier import Classifier

GRAPH_BYTES = 2 << 30
SAME = 1e-4
"""Tolerance up to which two evaluations of one image count as equal (kernels differ with batch size)."""


@dataclass(frozen=True)
class Traits:
    """What a look at the model before the first query showed."""

    classes: int
    deterministic: bool
    batch_dependent: bool
    graph_bytes_per_image: int


@dataclass(frozen=True)
class _Graph:
    inputs: Tensor
    logits: Tensor
    size: int


class Oracle:
    """Answers queries on one model and charges them.

    `logits` costs n forwards and keeps its graph under a ticket; the first `vjp` on a ticket costs n backwards; a
    ticket that was used or evicted (graphs are bounded by bytes) is answered by `vjp_at`, for n of each. OverBudget is
    raised, and nothing computed, where the meter does not cover a call. `own_forwards` counts what the house itself
    asks, which nobody is charged for.
    """

    def __init__(
        self,
        classifier: Classifier,
        meter: Meter,
        *,
        sample: Tensor,
        labels: Tensor | None = None,
        device: str = "cpu",
        graph_bytes: int = GRAPH_BYTES,
    ) -> None:
        self.classifier = classifier.frozen(device)
        self.meter = meter
        self.device = device
        self.classifier.check_fits(sample[:1].to(device), labels)
        self.own_forwards = 1
        self._bytes_allowed = graph_bytes
        self._bytes_kept = 0
        self._graphs: OrderedDict[int, _Graph] = OrderedDict()
        self._tickets = 0
        self.traits = self._look(sample)

    def logits(self, images: Tensor, *, keep: bool) -> tuple[Tensor, int]:
        """Logits (n, classes) and the ticket of their graph, 0 without `keep`."""
        self.meter.charge(forwards=len(images))
        if not keep:
            with torch.no_grad():
                return self.classifier(images.to(self.device)).cpu(), 0
        graph = self._graph(images)
        self._tickets += 1
        self._graphs[self._tickets] = graph
        self._bytes_kept += graph.size
        self._evict()
        return graph.logits.detach().cpu(), self._tickets

    def vjp(self, ticket: int, vector: Tensor) -> Tensor | None:
        """The product of `vector` (n, classes) with the Jacobian at the ticket's images; None if its graph is gone."""
        graph = self._graphs.get(ticket)
        if graph is None or len(graph.logits) != len(vector):
            return None
        self.meter.charge(backwards=len(vector))
        del self._graphs[ticket]
        self._bytes_kept -= graph.size
        return self._product(graph, vector)

    def vjp_at(self, images: Tensor, vector: Tensor) -> Tensor:
        """The same at given images, forward pass included."""
        self.meter.charge(forwards=len(images), backwards=len(images))
        return self._product(self._graph(images), vector)

    def judge(self, images: Tensor) -> Tensor:
        """Predicted labels (n,), at the house's own expense."""
        self.own_forwards += len(images)
        with torch.no_grad():
            return self.classifier(images.to(self.device)).argmax(1).cpu()

    def _graph(self, images: Tensor) -> _Graph:
        inputs = images.to(self.device).requires_grad_()
        with torch.enable_grad():
            logits = self.classifier(inputs)
        return _Graph(inputs, logits, self.traits.graph_bytes_per_image * len(images))

    def _product(self, graph: _Graph, vector: Tensor) -> Tensor:
        if not graph.logits.requires_grad:
            return torch.zeros_like(graph.inputs).cpu()
        (gradient,) = torch.autograd.grad(graph.logits, graph.inputs, vector.to(self.device), allow_unused=True)
        return (torch.zeros_like(graph.inputs) if gradient is None else gradient).cpu()

    def _evict(self) -> None:
        while len(self._graphs) > 1 and self._bytes_kept > self._bytes_allowed:
            _, oldest = self._graphs.popitem(last=False)
            self._bytes_kept -= oldest.size

    def _look(self, sample: Tensor) -> Traits:
        few = sample[:4].to(self.device)
        saved = 0

        def count(tensor: Tensor) -> Tensor:
            nonlocal saved
            saved += tensor.numel() * tensor.element_size()
            return tensor

        with saved_tensors_hooks(count, lambda tensor: tensor), torch.enable_grad():
            first = self.classifier(few.clone().requires_grad_()).detach()
        with torch.no_grad():
            again, alone = self.classifier(few), self.classifier(few[:1])
        self.own_forwards += 2 * len(few) + 1
        deterministic = _close(first, again)
        return Traits(
            classes=first.shape[1],
            deterministic=deterministic,
            batch_dependent=deterministic and not _close(first[:1], alone),
            graph_bytes_per_image=saved // len(few) + few[0].numel() * 4,
        )


def same_answers(first: Tensor, second: Tensor, *, tolerance: float) -> Tensor:
    """For two evaluations (k, classes) of the same images, whether each pair of rows is one answer, (k,) bool.

    The predicted classes must be equal, also where the two largest logits are close: any slack there could be bought
    with a large constant or one huge logit. Beyond that, each logit's distance from its row's median may differ by
    `tolerance` times itself or times what an ordinary row spans, whichever is larger. A row spans the median distance
    from its median, or its lead of the first class over the second; ordinary is the median row. No constant, no single
    row and no single class can raise that.
    """
    if not len(first):
        return torch.zeros(0, dtype=torch.bool)
    first, second = first.detach().cpu(), second.detach().cpu()
    before, after = _centred(first), _centred(second)
    ordinary = _spans(torch.cat([before, after])).quantile(0.5)
    allowed = tolerance * torch.minimum(before.abs(), after.abs()).clamp_min(ordinary)
    alike = ((before - after).abs() <= allowed).all(1)
    return alike & (first.argmax(1) == second.argmax(1))


def _spans(centred: Tensor) -> Tensor:
    leading = centred.topk(min(2, centred.shape[1]), dim=1).values
    return torch.maximum(centred.abs().quantile(0.5, dim=1), leading[:, 0] - leading[:, -1])


def _centred(logits: Tensor) -> Tensor:
    exact = logits.double()
    return exact - exact.quantile(0.5, dim=1, keepdim=True)


def _close(one: Tensor, other: Tensor) -> bool:
    return bool(same_answers(one, other, tolerance=SAME).all())
