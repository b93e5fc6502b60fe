"""All cues, in the order in which they are shown; and those that are fast enough for a quick look."""

from tiltyard.forensics.tracing.copied_letters import COPIED_LETTERS
from tiltyard.forensics.tracing.copy_move import COPY_MOVE
from tiltyard.forensics.tracing.cue import Cue
from tiltyard.forensics.tracing.double_jpeg import DOUBLE_JPEG
from tiltyard.forensics.tracing.error_level import ERROR_LEVEL
from tiltyard.forensics.tracing.grid_shift import GRID_SHIFT
from tiltyard.forensics.tracing.noise_level import NOISE_LEVEL

FAST: tuple[Cue, ...] = (DOUBLE_JPEG, GRID_SHIFT, ERROR_LEVEL, NOISE_LEVEL)
"""Without the two that look for copies, which take longer than all the others."""
CUES: tuple[Cue, ...] = (*FAST, COPY_MOVE, COPIED_LETTERS)
TRUSTED: tuple[Cue, ...] = (DOUBLE_JPEG, COPY_MOVE, COPIED_LETTERS)
"""They gate themselves: where one of them speaks, the place is held for forged whatever the network says."""
