"""What the bytes of a sample hang on besides its recipe: the packages that draw, warp, forge and encode."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

PACKAGES = ("numpy", "scipy", "opencv-python-headless", "pillow", "faker", "segno", "python-barcode", "torch")


@cache
def made_with() -> Mapping[str, str]:
    """Versions by package name, that of the JPEG library, the SHA-256 of the weights that some operations use."""
    from PIL import features

    found = {package: _version(package) for package in PACKAGES}
    jpeg = str(features.version("libjpeg_turbo") or features.version("jpg"))
    return {**found, "jpeg": jpeg, "weights": _weights_digest()}


def digest_of_json(content: Mapping[str, Any]) -> str:
    """SHA-256 of a mapping of JSON values, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_json(content: Mapping[str, Any]) -> dict[str, Any]:
    """What comes back when the mapping is written as JSON and read again: tuples are lists."""
    return dict(json.loads(json.dumps(content)))


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any], *, within: str = "") -> list[str]:
    """What differs between two descriptions, one line a field: `seed 1, not 2`."""
    told = []
    for name in sorted({*found, *wanted}):
        have, want = found.get(name), wanted.get(name)
        if isinstance(have, Mapping) and isinstance(want, Mapping):
            told += differences(have, want, within=f"{within}{name} ")
        elif have != want:
            told.append(f"{within}{name} {_short(have)}, not {_short(want)}")
    return told


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _weights_digest() -> str:
    folder = files("tiltyard.forensics.forging") / "weights"
    found = sorted((file.name, file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".safetensors"))
    return hashlib.sha256(b"".join(hashlib.sha256(content).digest() for _, content in found)).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
