"""The members that an entry of kind `model` may have."""

from tiltyard.contest.entry import EntryFormat
from tiltyard.jail.places import PROGRAM

WEIGHTS, DESCRIPTION = "model.safetensors", "model.toml"
MODEL = EntryFormat(
    "model",
    members=(WEIGHTS, DESCRIPTION, PROGRAM, "*.md"),
    required=(WEIGHTS, PROGRAM),
    suffixes=(".zip", ".pt2"),
    max_files=16,
    max_bytes=1 << 30,
)
