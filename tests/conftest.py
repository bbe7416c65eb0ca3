"""What every test may ask for: the data outside the repository, found or said to be missing in one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.seeds import pytest_addoption, say_seed, seed
from tests.stores import each_store, postgres_server, pytest_collection_modifyitems, say_counts

__all__ = ["each_store", "postgres_server", "pytest_addoption", "pytest_collection_modifyitems", "seed"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests passed on each store, and what was drawn."""
    say_counts(terminalreporter)
    say_seed(terminalreporter)


def data_folder() -> Path | None:
    """`INTEGRATOR_DATA`, else ../shared/data beside the checkout; None where neither is there."""
    place = Path(os.environ.get("INTEGRATOR_DATA") or Path(__file__).parents[2] / "shared" / "data")
    return place if place.is_dir() else None


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command that a test runs in this process sets the logs up on that test's stderr; the next has its own."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real messages, records and definitions that is not part of the repository."""
    place = data_folder()
    if place is None:
        pytest.skip("left out: needs the data folder (INTEGRATOR_DATA or ../shared/data)")
    return place
