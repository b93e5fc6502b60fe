"""A small convolutional auto-encoder with a stride of 8: what re-synthesis sends a window through."""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from tiltyard.forensics.picture import Pixels

STRIDE = 8
LATENTS = 16
WIDTHS = (32, 96)
"""Channels at a stride of 4 and of 8."""
WEIGHTS = Path(__file__).parent / "weights" / "autoencoder.safetensors"

Latents = NDArray[np.float64]
"""(16, h / 8, w / 8), about unit variance."""


class Residual(nn.Module):
    """One convolution beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.relu(self.convolution(x))


class Autoencoder(nn.Module):
    """(n, 3, h, w) in [-1, 1] to (n, 16, h/8, w/8) and back; sides are multiples of 8. About 300 000 parameters.

    The decoder's transposed convolutions leave the periodic traces of a generator.
    """

    def __init__(self) -> None:
        super().__init__()
        narrow, wide = WIDTHS
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(48, narrow, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(narrow, wide, 3, stride=2, padding=1),
            nn.ReLU(),
            Residual(wide),
            nn.Conv2d(wide, LATENTS, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(LATENTS, wide, 3, padding=1),
            nn.ReLU(),
            Residual(wide),
            nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1),
            nn.ReLU(),
            Residual(narrow),
            nn.ConvTranspose2d(narrow, 24, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(24, 3, 4, stride=2, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        decoded: Tensor = self.decoder(self.encoder(x))
        return decoded


@cache
def shipped() -> Autoencoder:
    """The package's weights, in double precision.

    In single precision the order of a sum, hence the number of threads, shows in a pixel now and then; in double
    precision the differences are far below what rounding to 8 bits lets through.
    """
    return with_weights(WEIGHTS)


def with_weights(path: Path) -> Autoencoder:
    """A network in double precision, ready to use, with the weights of a safetensors file."""
    network = Autoencoder()
    network.load_state_dict(load_file(path))
    return network.double().eval().requires_grad_(False)


def encode(network: Autoencoder, pixels: Pixels) -> Latents:
    """The latents of (h, w, 3) pixels; a window whose sides are no multiples of 8 is continued by its mirror image."""
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0)), mode="symmetric")
    with torch.no_grad():
        return np.asarray(network.encoder(as_tensor(padded)[None].double())[0].numpy())


def decode(network: Autoencoder, latents: Latents, *, height: int, width: int) -> Pixels:
    """(height, width, 3) pixels of latents."""
    with torch.no_grad():
        decoded = network.decoder(torch.from_numpy(latents)[None])[0].numpy()
    values = np.rint((decoded[:, :height, :width] + 1) * 127.5).clip(0, 255)
    return np.ascontiguousarray(values.transpose(1, 2, 0).astype(np.uint8))


def as_tensor(pixels: Pixels) -> Tensor:
    """(..., 3, h, w) float32 in [-1, 1] for (..., h, w, 3) pixels."""
    return torch.from_numpy(pixels).movedim(-1, -3).float() / 127.5 - 1
