"""What a user hands in for a measurement: a model, images and labels of every usual kind, brought to one form."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tiltyard.errors import TiltyardError
from tiltyard.vision.classifier import Classifier, declared_range
from tiltyard.vision.references import load_model

Images = NDArray[Any] | Tensor
Labels = NDArray[Any] | Tensor | Sequence[int]


def as_classifier(model: str | Classifier | nn.Module) -> Classifier:
    """A reference is loaded, a module gets the range that it declares."""
    if isinstance(model, str):
        return load_model(model)
    if isinstance(model, Classifier):
        return model
    if isinstance(model, nn.Module):
        return Classifier(model, *declared_range(model), type(model).__name__)
    raise TiltyardError(f"the model is {type(model).__name__}: give a model reference, a Classifier or a torch module")


def as_inputs(images: Images, model: Classifier) -> Tensor:
    """Float32 in the model's range; integers other than uint8 have no agreed scale."""
    given = images if isinstance(images, Tensor) else torch.from_numpy(np.ascontiguousarray(images))
    if given.dtype == torch.uint8:
        return model.to_range(given)
    if not given.is_floating_point():
        raise TiltyardError(f"images are {given.dtype}: give uint8 in 0–255, or floats in the model's range")
    if not bool(torch.isfinite(given).all()):
        raise TiltyardError("images hold NaN or infinite values")
    return given.detach().float()


def as_labels(labels: Labels) -> Tensor:
    """Integers (n,) from 0."""
    given = labels if isinstance(labels, Tensor) else torch.from_numpy(np.array(labels))
    if given.dim() != 1 or given.is_floating_point() or given.is_complex() or given.dtype == torch.bool:
        raise TiltyardError(f"labels are {given.dtype} of shape {tuple(given.shape)}: give one integer an image")
    if len(given) and int(given.min()) < 0:
        raise TiltyardError("labels must be integers from 0")
    return given.long()


@contextmanager
def gradient_flags_kept(module: nn.Module) -> Iterator[None]:
    """Measuring freezes the parameters; the caller's model is given back as it came."""
    wanted = [parameter for parameter in module.parameters() if parameter.requires_grad]
    try:
        yield
    finally:
        for parameter in wanted:
            parameter.requires_grad_(True)
