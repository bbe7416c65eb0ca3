"""The seed of what tests draw at random: `pytest --seed N`, else INTEGRATOR_SEED, else a new one, which is said."""

from __future__ import annotations

import os
import secrets

import pytest

_drawn: list[int] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="of random changes and mutants, to do a run again")


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run."""
    told = request.config.getoption("--seed")
    found = int(os.environ.get("INTEGRATOR_SEED") or secrets.randbelow(2**32)) if told is None else int(told)
    _drawn.append(found)
    return found


def say_seed(reporter: pytest.TerminalReporter) -> None:
    """Says the seed, so that the run can be done again."""
    if _drawn:
        reporter.write_line(f"drawn with --seed {_drawn[0]}")
