"""Tampering: making it, tracing it, locating it."""
