"""The program that runs in the jail and holds a stranger's model: loads it, and answers what it is asked.

Started as `python -m tiltyard.jail.server SOCKET ANSWERS QUESTIONS MODEL`. The wire is the attacks', with the roles
swapped: here the trusted side asks. Nothing on this side is trusted by the other.
"""

import json
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tiltyard.contest.budget import Meter
from tiltyard.errors import TiltyardError
from tiltyard.jail.guest import MESSAGE_CHARACTERS, _received
from tiltyard.jail.oracle import Oracle
from tiltyard.jail.wire import Kind, Layout, Memory, Message
from tiltyard.vision.classifier import Classifier
from tiltyard.vision.references import load_model

SAMPLE = 4


def main(arguments: list[str], load: Callable[[str], Classifier] = load_model) -> None:
    """Serves until END; every failure is told in one line, its traceback printed."""
    descriptors, place = [int(text) for text in arguments[:3]], arguments[3]
    connection = socket.socket(fileno=descriptors[0])
    answers, questions = Memory(descriptors[1], writable=True), Memory(descriptors[2], writable=False)
    try:
        settings = json.loads(questions.read_text(_received(connection).size))
        server = _Server(settings, replace(load(place), name=Path(place).name), questions, answers)
        connection.send(Message(Kind.READY).pack())
        while (message := _received(connection)).kind is not Kind.END:
            connection.send(server.answer(message).pack())
    except Exception as error:  # a stranger's program may raise anything; it is reported, not hidden
        traceback.print_exc()
        size = answers.write_text(_told(error).encode(errors="replace"))
        connection.send(Message(Kind.FAILED, size=size).pack())


class _Server:
    """The model behind an oracle without a budget: the meter that counts is on the trusted side."""

    def __init__(self, settings: Mapping[str, Any], model: Classifier, questions: Memory, answers: Memory) -> None:
        self.layout = Layout(settings["capacity"], tuple(settings["x_shape"]), settings["classes"])
        self.questions, self.answers = questions, answers
        grey = torch.full((SAMPLE, *self.layout.x_shape), (settings["x_min"] + settings["x_max"]) / 2)
        self.oracle = Oracle(model, Meter(), sample=grey, graph_bytes=settings["graph_bytes"])

    def answer(self, message: Message) -> Message:
        if message.kind is Kind.LOGITS:
            logits, ticket = self.oracle.logits(self._images(message.images), keep=message.keep)
            return self._logits(logits, ticket, message.images)
        vector = torch.from_numpy(self.layout.per_class(self.questions, message.images).copy())
        if message.kind is Kind.VJP:
            product = self.oracle.vjp(message.number, vector)
        else:
            product = self.oracle.vjp_at(self._images(message.images), vector)
        if product is None:
            return Message(Kind.EVICTED)
        self.layout.images(self.answers, message.images)[:] = product.numpy()
        return Message(Kind.GRADIENT_IS, images=message.images)

    def _images(self, count: int) -> Tensor:
        return torch.from_numpy(self.layout.images(self.questions, count).copy())

    def _logits(self, logits: Tensor, ticket: int, count: int) -> Message:
        expected = (count, self.layout.classes)
        if tuple(logits.shape) != expected:
            raise TiltyardError(f"the model answers shape {tuple(logits.shape)} where {expected} is expected")
        self.layout.per_class(self.answers, count)[:] = logits.numpy()
        return Message(Kind.LOGITS_ARE, number=ticket, images=count)


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())[:MESSAGE_CHARACTERS]
    return text if isinstance(error, TiltyardError) else f"{type(error).__name__}: {text}"


if __name__ == "__main__":
    main(sys.argv[1:])
