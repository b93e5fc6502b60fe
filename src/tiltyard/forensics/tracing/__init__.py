"""Cues that a person can look at, each with its paper."""
