"""Where a region lies, in numbers that a reader can find again in the picture."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiltyard.forensics.inspecting import Region

Number = int | float


def box_of(region: "Region") -> tuple[Number, Number, Number, Number]:
    """Left, top, width and height in pixels."""
    across, down = zip(*region.polygon, strict=True)
    left, top = min(across), min(down)
    return shortest(left), shortest(top), shortest(max(across) - left), shortest(max(down) - top)


def shortest(value: float) -> Number:
    """A whole number without its `.0`."""
    return int(value) if value == int(value) else float(value)


def place_in_words(region: "Region") -> str:
    """`at 120, 80 (60 × 24 pixels)`."""
    left, top, width, height = box_of(region)
    return f"at {left:g}, {top:g} ({width:g} × {height:g} pixels)"
