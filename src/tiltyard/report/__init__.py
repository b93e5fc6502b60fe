"""Evaluations, boards and robustness as self-contained HTML pages: no network, no script, light and dark."""
