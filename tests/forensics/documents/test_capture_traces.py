"""The physical traces that a detector may rely on: noise, interpolation, light."""

import numpy as np
import pytest

from tiltyard.forensics.documents.camera import Sensor, a_sensor, exposed, interpolated
from tiltyard.forensics.documents.capture import PHOTO, SCAN, captured_by
from tiltyard.forensics.documents.noise import gaussian
from tiltyard.forensics.documents.scanner import scanned
from tiltyard.forensics.picture import Picture

CELLS = (((0, 1), (1, 2)), ((2, 1), (1, 0)), ((1, 0), (2, 1)), ((1, 2), (0, 1)))
SENSOR = Sensor(shot=4e-4, dark=0.002, cell=CELLS[0], response=(0.6, 1.0, 0.55), edge_aware=False)


def _grey(value: int, side: int = 256) -> np.ndarray:
    return np.full((side, side, 3), value, np.uint8)


def _light_of(value: int) -> float:
    return ((value / 255 + 0.055) / 1.055) ** 2.4


def _interpolation_peak(pixels: np.ndarray) -> float:
    """How far the second derivative of green repeats with a period of two pixels (Gallagher and Chen 2008)."""
    green = pixels[..., 1].astype(float)
    bent = np.minimum(np.abs(np.diff(green, 2, axis=1)), 12)
    along = np.array([np.diagonal(bent, offset).mean() for offset in range(-150, 150)])
    spectrum = np.abs(np.fft.rfft(along - along.mean()))
    return float(spectrum[-1] / np.median(spectrum[len(spectrum) // 2 :]))


def test_noise_is_normal_and_never_repeats():
    noise = gaussian(np.random.default_rng(2), (512, 512))
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 1) < 0.01
    assert abs((noise**4).mean() - 3) < 0.1
    spectrum = np.fft.fft2(noise)
    correlation = np.fft.ifft2(np.abs(spectrum) ** 2).real / noise.size
    assert abs(correlation).flatten()[1:].max() < 6.5 / 512


def test_a_scanners_noise_never_repeats():
    values = scanned(_grey(180, 512), np.random.default_rng(2), noise=3.0, streaks=0.0)[..., 1].astype(float) - 180
    correlation = np.fft.ifft2(np.abs(np.fft.fft2(values - values.mean())) ** 2).real / values.var() / values.size
    assert abs(correlation).flatten()[1:].max() < 6.5 / 512
    assert abs(values.std() - 3.0 * (0.35 + 0.65 * np.sqrt(180 / 255))) < 0.1


def test_a_scanner_streaks_along_its_way_only():
    values = scanned(_grey(180), np.random.default_rng(2), noise=1.0, streaks=2.0)[..., 1].astype(float)
    assert values.mean(0).std() > 1.5
    assert values.mean(1).std() < 0.3


@pytest.mark.parametrize("value", [40, 120, 230])
def test_the_variance_of_a_sensors_noise_grows_with_the_light(value):
    light = np.ones((256, 256), np.float32)
    greens = exposed(_grey(value), light, np.random.default_rng(4), sensor=SENSOR)[0::2, 1::2]
    expected = SENSOR.shot * _light_of(value) + SENSOR.dark**2
    assert abs(greens.mean() - _light_of(value)) < 0.002
    assert abs(greens.var() / expected - 1) < 0.05


def test_amplified_colours_are_the_noisier_ones():
    light = np.ones((256, 256), np.float32)
    mosaic = exposed(_grey(200), light, np.random.default_rng(4), sensor=SENSOR)
    red, green = mosaic[0::2, 0::2] / SENSOR.response[0], mosaic[0::2, 1::2]
    assert abs(red.mean() / green.mean() - 1) < 0.01
    assert red.var() > 1.3 * green.var()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("edge_aware", [False, True])
def test_interpolation_puts_every_colour_where_its_filter_was(cell, edge_aware):
    sensor = Sensor(1e-9, 1e-6, cell, (1.0, 1.0, 1.0), edge_aware)
    colour = (200, 120, 40)
    mosaic = np.zeros((64, 64), np.uint8)
    for row in (0, 1):
        for column in (0, 1):
            mosaic[row::2, column::2] = colour[cell[row][column]]
    assert np.array_equal(interpolated(mosaic, sensor=sensor)[8:-8, 8:-8], np.full((48, 48, 3), colour))
    assert cell in {a_sensor(np.random.default_rng(seed)).cell for seed in range(40)}


def test_a_photograph_keeps_the_periodic_trace_of_interpolation_and_a_scan_has_none():
    page = Picture(np.full((876, 620, 3), 225, np.uint8), source="invoice/plain")

    def peaks(path: str) -> list[float]:
        pictures = [captured_by(path, page, np.random.default_rng(seed), long_side=800) for seed in range(7)]
        return [_interpolation_peak(picture.pixels) for picture in pictures]

    assert np.median(peaks(PHOTO)) > 5 > 2.5 > np.median(peaks(SCAN))
