"""Where a guest finds what was handed in."""

CODE = "/entry"
"""The folder."""
PROGRAM = "model.pt2"
"""In that folder, a model that is an exported program."""
