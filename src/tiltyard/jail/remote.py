"""The defended model as the guest sees it: a torch function with a gradient, answered by the oracle."""

import socket
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from tiltyard.jail.wire import HEADER, Kind, Layout, Memory, Message

Floats = NDArray[np.float32]


class QueryRefused(RuntimeError):
    """The oracle did not answer: the budget does not cover the call."""


class RemoteOracle:
    """Sends queries and waits for answers; one at a time, whatever threads ask."""

    def __init__(self, connection: socket.socket, request: Memory, reply: Memory, layout: Layout) -> None:
        self._connection = connection
        self._request = request
        self._reply = reply
        self.layout = layout
        self._lock = Lock()

    def logits(self, images: Floats, *, keep: bool) -> tuple[Floats, int]:
        """Logits (n, classes) and a ticket, for n up to the layout's capacity."""
        with self._lock:
            self.layout.images(self._request, len(images))[:] = images
            answer = self._ask(Message(Kind.LOGITS, images=len(images), keep=keep))
            return self.layout.per_class(self._reply, len(images)).copy(), answer.number

    def vjp(self, ticket: int, images: Floats, vector: Floats) -> Floats:
        """The vector–Jacobian product (n, c, h, w); asks again with the images where the ticket is spent."""
        with self._lock:
            self.layout.per_class(self._request, len(images))[:] = vector
            answer = self._ask(Message(Kind.VJP, number=ticket, images=len(images)))
            if answer.kind is Kind.EVICTED:
                self.layout.images(self._request, len(images))[:] = images
                self._ask(Message(Kind.VJP_AT, images=len(images)))
            return self.layout.images(self._reply, len(images)).copy()

    def _ask(self, message: Message) -> Message:
        self._connection.send(message.pack())
        packet = self._connection.recv(HEADER.size)
        if not packet:
            raise SystemExit("the oracle is gone")
        answer = Message.unpack(packet)
        if answer.kind is Kind.REFUSED:
            raise QueryRefused(self._reply.read_text(answer.size).decode())
        return answer


class Query(torch.autograd.Function):
    """One metered call: forward asks for logits, backward for the product."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, oracle: RemoteOracle) -> Tensor:
        floats = images.detach().cpu().contiguous().numpy()
        answer, ctx.ticket = oracle.logits(floats, keep=ctx.needs_input_grad[0])
        ctx.oracle = oracle
        ctx.save_for_backward(images)
        return torch.from_numpy(answer)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, vector: Tensor) -> tuple[Tensor, None]:
        (images,) = ctx.saved_tensors
        floats = images.detach().contiguous().numpy()
        product = ctx.oracle.vjp(ctx.ticket, floats, vector.to(torch.float32).contiguous().numpy())
        return torch.from_numpy(product), None


class RemoteModel(nn.Module):
    """What an attack gets: `logits`, its gradient, and the model's declared facts; no weights, no features.

    `logits(xs)` and calling the model are the same. Tensors (n, c, h, w) in [x_min, x_max] give logits (n, classes)
    that carry a gradient to `xs`; numpy arrays give numpy arrays. Larger n than the oracle takes at once is split,
    which costs the same.
    """

    def __init__(self, oracle: RemoteOracle, *, x_min: float, x_max: float, batch_size: int) -> None:
        super().__init__()
        self._oracle = oracle
        self.x_min, self.x_max, self.batch_size = x_min, x_max, batch_size
        self.x_shape = oracle.layout.x_shape
        self.num_classes = self.n_class = oracle.layout.classes
        self.x_dtype, self.y_dtype = np.float32, np.int64
        self.place = nn.Parameter(torch.zeros(()), requires_grad=False)
        """Tells libraries that look for a parameter which device the model is on."""
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        self._check(tuple(images.shape))
        floats = images.to(torch.float32)
        if not torch.is_grad_enabled():
            floats = floats.detach()  # a Function is told only that the images want a gradient
        if not len(floats):
            return floats.new_zeros((0, self.num_classes))
        parts = torch.split(floats, self._oracle.layout.capacity)
        answers = [Query.apply(part, self._oracle) for part in parts]  # type: ignore[no-untyped-call]
        return answers[0] if len(answers) == 1 else torch.cat(answers)

    def logits(self, xs: Any) -> Any:
        """Logits of images: a tensor for a tensor, an array for an array."""
        if isinstance(xs, Tensor):
            return self(xs)
        with torch.no_grad():
            return self(torch.from_numpy(np.ascontiguousarray(xs, dtype=np.float32))).numpy()

    def labels(self, xs: Any) -> Any:
        """Predicted labels, at the price of `logits`."""
        return self.logits(xs).argmax(1)

    def logits_and_labels(self, xs: Any) -> tuple[Any, Any]:
        """Both, for the price of one."""
        logits = self.logits(xs)
        return logits, logits.argmax(1)

    def vjp(self, xs: Any) -> tuple[Any, Callable[[Any], Any]]:
        """For numpy code: logits of `xs`, and a function from (n, classes) to the product with the Jacobian at `xs`.

        Logits and one call of the function cost n forwards and n backwards, as a gradient does.
        """
        images = torch.from_numpy(np.array(xs, dtype=np.float32)).requires_grad_()
        logits = self(images)

        def pull_back(vectors: Any) -> Any:
            weights = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32))
            return torch.autograd.grad(logits, images, weights, retain_graph=True)[0].numpy()

        return logits.detach().numpy(), pull_back

    def _check(self, shape: tuple[int, ...]) -> None:
        if shape[1:] != tuple(self.x_shape):
            raise ValueError(f"the model takes images of shape (n, {', '.join(map(str, self.x_shape))}), not {shape}")
