"""Entries: handed in, listed, shown, made again."""
