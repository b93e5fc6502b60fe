"""Locating: a small network, its training, and how its answer for a whole picture is put together."""
