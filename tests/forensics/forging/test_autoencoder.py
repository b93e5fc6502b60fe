"""The shipped auto-encoder: there with its card, small, exact, and better than shrinking."""

import numpy as np
import pytest
import torch
from safetensors import safe_open
from toy_retouched import page, texture

from tiltyard.forensics.forging.autoencoder import LATENTS, WEIGHTS, decode, encode, shipped
from tiltyard.forensics.forging.autoencoder_card import held_out_psnr, shrunk_psnr


def rebuilt(pixels: np.ndarray) -> np.ndarray:
    network = shipped()
    return decode(network, encode(network, pixels), height=pixels.shape[0], width=pixels.shape[1])


def test_weights_card_and_curve_lie_in_the_package() -> None:
    assert WEIGHTS.stat().st_size <= 1_000_000
    with safe_open(WEIGHTS, "pt") as file:
        assert all(str(file.get_slice(name).get_dtype()) == "F16" for name in file.keys())  # noqa: SIM118
    card = WEIGHTS.with_suffix(".md").read_text(encoding="utf-8")
    for word in ("data", "training", "seed", "PSNR", "cores"):
        assert word in card
    assert WEIGHTS.with_suffix(".csv").is_file()
    assert WEIGHTS.with_suffix(".svg").is_file()


def test_it_reconstructs_better_than_shrinking_and_enlarging() -> None:
    pages = [page(seed).pixels for seed in range(4)]
    assert held_out_psnr(shipped(), pages) > shrunk_psnr(pages) + 1


@pytest.mark.parametrize("size", [(1, 1), (9, 17), (64, 40)])
def test_any_size_comes_back_in_its_size(size: tuple[int, int]) -> None:
    pixels = texture(0, width=size[0], height=size[1]).pixels
    assert rebuilt(pixels).shape == pixels.shape
    assert encode(shipped(), pixels).shape == (LATENTS, -(-size[1] // 8), -(-size[0] // 8))


def test_the_number_of_threads_does_not_show_in_the_pixels() -> None:
    pixels, before, results = page(1).pixels[:96, :208], torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append(rebuilt(pixels))
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])
    assert not np.array_equal(results[0], pixels)


def test_the_decoder_leaves_a_trace_of_its_stride() -> None:
    latents = encode(shipped(), page(1).pixels[:128, :128])
    noisy = latents + 0.2 * np.random.default_rng(0).standard_normal(latents.shape)
    decoded = decode(shipped(), noisy, height=128, width=128)[..., 1].astype(float)
    steps = np.abs(np.diff(decoded, axis=1))[:, : 15 * 8].reshape(128, 15, 8).mean((0, 1))
    assert steps.max() > 1.1 * steps.min()
