"""The page's tests run on a real store in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.store import open_store
from tests.stores import here
from tests.web.hospital import Hands, Hospital


@pytest.fixture
def hospital(each_store: str, tmp_path: Path) -> Iterator[Hospital]:
    """An empty store on the story's morning."""
    clock = Hands()
    with open_store(here.url(tmp_path), clock) as store:
        yield Hospital(store, clock)
