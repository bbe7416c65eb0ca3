"""The sandbox registry as a process, with the record as it was in the beginning, and a house that watches it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.sandbox.registry.process import SandboxRegistry
from integrator.sandbox.registry.record import dispo
from tests.registry.registry_house import RegistryHouse, registry_house


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxRegistry]:
    with SandboxRegistry(tmp_path_factory.mktemp("registry") / "registry.json", every=0) as found:
        yield found


@pytest.fixture
def registry(running: SandboxRegistry) -> SandboxRegistry:
    """The registry with the trial's record as it was in the beginning."""
    running.fail()
    running.put(dispo())
    return running


@pytest.fixture
def house(each_store: str, tmp_path: Path, registry: SandboxRegistry) -> Iterator[RegistryHouse]:
    with registry_house(tmp_path, registry) as found:
        yield found
