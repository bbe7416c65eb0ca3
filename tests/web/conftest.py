"""The page's tests run on a real store in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.store import open_store
from tests.web.hospital import Hands, Hospital


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    """An empty store on the story's morning."""
    clock = Hands()
    with open_store(f"sqlite:///{tmp_path / 'page.db'}", clock) as store:
        yield Hospital(store, clock)
