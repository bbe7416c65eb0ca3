"""The sandbox EHR as a real process: one of each kind for a module, and a way to make one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.sandbox.ehr.process import SandboxEhr


@pytest.fixture(scope="module")
def hapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxEhr]:
    with SandboxEhr(tmp_path_factory.mktemp("hapi") / "ehr.db", "hapi-like") as ehr:
        yield ehr


@pytest.fixture(scope="module")
def epic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxEhr]:
    with SandboxEhr(tmp_path_factory.mktemp("epic") / "ehr.db", "epic-like") as ehr:
        yield ehr


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SandboxEhr]:
    """One for this test alone: it may be killed and started again."""
    with SandboxEhr(tmp_path / "ehr.db") as ehr:
        yield ehr
