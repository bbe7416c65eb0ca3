"""The seed of what is drawn at random: INTEGRATOR_SEED, else a new one in each run; the run says which it was."""

from __future__ import annotations

import os
import secrets

import pytest

SEED = int(os.environ.get("INTEGRATOR_SEED") or secrets.randbelow(2**32))
_used: list[int] = []


@pytest.fixture
def seed() -> int:
    """The seed of this run."""
    _used.append(SEED)
    return SEED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says the seed, so that the run can be done again."""
    if _used:
        terminalreporter.write_line(f"drawn with INTEGRATOR_SEED={SEED}")
