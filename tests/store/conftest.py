"""Every store passes the same suite: a fixture `store` for each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.clock import Clock
from integrator.store import Store, open_store
from tests.stores import here


@pytest.fixture
def url(each_store: str, tmp_path: Path) -> str:
    """The address of an empty store of each kind."""
    return here.url(tmp_path)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url, Clock()) as opened:
        yield opened
