"""What is refused at load beyond single words and paths: conflicts, gaps, losses; each with a way out."""

from __future__ import annotations

from integrator.mapping.model import Declared


def check(declared: Declared) -> None:
    """Raises ConfigError for the first thing that is wrong with a face."""
