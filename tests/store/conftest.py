"""Every store passes the same suite: a fixture `store` for each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.clock import Clock
from integrator.store import Store, open_store

KINDS = ("sqlite",)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    assert request.param == "sqlite"
    return f"sqlite:///{tmp_path}/integrator.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url, Clock()) as opened:
        yield opened
