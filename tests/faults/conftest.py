"""What the proofs of faults share: an EHR of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.sandbox.ehr.process import SandboxEhr


@pytest.fixture
def ehr(tmp_path: Path) -> Iterator[SandboxEhr]:
    """A sandbox EHR for one test."""
    with SandboxEhr(tmp_path / "ehr.db") as running:
        yield running
