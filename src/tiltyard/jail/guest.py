"""The program that runs in the jail: imports the stranger's Attacker and feeds it batches.

Started as `python -m tiltyard.jail.guest SOCKET REQUEST REPLY CODE`; nothing here is trusted by the other side.
"""

import importlib
import json
import random
import socket
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tiltyard.jail.remote import RemoteModel, RemoteOracle
from tiltyard.jail.wire import HEADER, Kind, Layout, Memory, Message

MESSAGE_CHARACTERS = 200
"""The reason has room for the place too."""


def main(arguments: list[str]) -> None:
    """Serves until the oracle says END; every failure is told in one line, its traceback printed."""
    descriptors, code = [int(text) for text in arguments[:3]], arguments[3]
    connection = socket.socket(fileno=descriptors[0])
    request, reply = Memory(descriptors[1], writable=True), Memory(descriptors[2], writable=False)
    try:
        _serve(connection, request, reply, code)
    except Exception as error:  # the stranger's code may raise anything; it is reported, not hidden
        traceback.print_exc()
        size = request.write_text(_told(error, code).encode(errors="replace"))
        connection.send(Message(Kind.FAILED, size=size).pack())


def _serve(connection: socket.socket, request: Memory, reply: Memory, code: str) -> None:
    settings = json.loads(reply.read_text(_received(connection).size))
    layout = Layout(settings["capacity"], tuple(settings["x_shape"]), settings["classes"])
    attacker = _build(settings, RemoteOracle(connection, request, reply, layout), code)
    connection.send(Message(Kind.READY).pack())
    while (message := _received(connection)).kind is Kind.BATCH:
        images = layout.images(reply, message.images).copy()
        labels = layout.labels(reply, message.images).copy()
        targets = None if (labels[:, 1] < 0).all() else labels[:, 1].copy()
        result = _result(attacker.batch_attack(images, labels[:, 0].copy(), targets), images.shape)
        layout.images(request, message.images)[:] = result
        connection.send(Message(Kind.DONE, number=message.number, images=message.images).pack())


def _received(connection: socket.socket) -> Message:
    packet = connection.recv(HEADER.size)
    return Message.unpack(packet) if packet else Message(Kind.END)


def _build(settings: Mapping[str, Any], oracle: RemoteOracle, code: str) -> Any:
    _seed(settings["seed"])
    sys.path.insert(0, code)
    model = RemoteModel(oracle, x_min=settings["x_min"], x_max=settings["x_max"], batch_size=settings["batch_size"])
    for fact in ("norm", "forwards_per_image", "gradients_per_image"):
        setattr(model, fact, settings.get(fact))
    attacker = _attacker_class()(model, settings["batch_size"], settings["dataset"], None)
    attacker.config(magnitude=settings["magnitude"])
    return attacker


def _attacker_class() -> Any:
    module = importlib.import_module("attacker")
    if not hasattr(module, "Attacker") and hasattr(module, "__path__"):
        module = importlib.import_module("attacker.attacker")
    return module.Attacker


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % (1 << 32))
    torch.manual_seed(seed)


def _result(returned: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(returned, torch.Tensor):
        returned = returned.detach().cpu().numpy()
    array = np.asarray(returned)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"batch_attack returned an array of {array.dtype}, not of numbers")
    if array.shape != shape:
        raise ValueError(f"batch_attack returned shape {array.shape}, expected {shape}")
    return array.astype(np.float32)


def _told(error: Exception, code: str) -> str:
    """The error, cut where it is long, and the entry's own line that raised it."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(code)]
    at = f" (line {frames[-1].lineno} of {Path(frames[-1].filename).relative_to(code)})" if frames else ""
    return f"{type(error).__name__}: {str(error)[:MESSAGE_CHARACTERS]}{at}"


if __name__ == "__main__":
    main(sys.argv[1:])
