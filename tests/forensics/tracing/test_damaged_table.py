"""A JPEG whose quantisation table cannot have been used."""

import io

import pytest
from PIL import Image

from small_scene import scene
from tiltyard.errors import TiltyardError
from tiltyard.forensics.tracing.cue import subject_in


def test_a_step_of_zero_is_refused_by_name() -> None:
    buffer = io.BytesIO()
    Image.fromarray(scene(3)).save(buffer, "JPEG", quality=80)
    content = bytearray(buffer.getvalue())
    table = content.index(b"\xff\xdb") + 5
    content[table : table + 64] = bytes(64)
    with pytest.raises(TiltyardError, match=r"bad\.jpg: has a quantisation step of 0"):
        subject_in(bytes(content), "bad.jpg")
