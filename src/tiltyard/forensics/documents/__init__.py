"""Genuine documents, drawn from code."""
