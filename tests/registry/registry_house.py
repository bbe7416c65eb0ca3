"""A whole Integrator that watches the sandbox registry, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from integrator.app import open_line
from integrator.config import Settings, Source, Target
from integrator.connectors.registry import Pace, RegistryClient
from integrator.engine.embedded import Engine
from integrator.house import TRIAL
from integrator.line import Line
from integrator.receiving import Document
from integrator.registry_doings import Registries
from integrator.registry_reading import FORMAT
from integrator.sandbox.registry.process import SandboxRegistry
from integrator.sandbox.registry.record import NCT
from integrator.security.keys import Keyring
from integrator.store import messages, owed, records
from integrator.store.messages import Listed
from integrator.watching import RegistryWatch, Seen, watches
from tests.houses import SetClock, settings


def watching(folder: Path, base: str, targets: tuple[Target, ...] = (), **source: Any) -> Settings:
    """The settings of tests/houses.py and a registry source."""
    chosen = settings(folder, targets)
    feed = Source(name="ctgov", system="ctgov", zone="Europe/Berlin", kind="registry", nct=NCT, base=base)
    owners = {**chosen.owners, "Study": "trial"}
    return replace(chosen, source=(*chosen.source, replace(feed, **source)), owners=owners)


@dataclass
class RegistryHouse:
    """What a test holds in its hands."""

    line: Line
    registry: SandboxRegistry
    engine: Engine
    clock: SetClock

    @property
    def watch(self) -> RegistryWatch:
        (found,) = watches(self.line)
        return found

    def look(self) -> Seen:
        return self.watch.look()

    def read_all(self) -> None:
        while self.engine.read_some("test"):
            pass

    def deliver_all(self) -> None:
        for target in self.line.settings.target:
            while self.engine.deliver_some("test", target.name):
                pass

    def versions(self) -> list[Listed]:
        """The messages of the registry, oldest first."""
        with self.line.store.read() as tx:
            return [one for one in messages.page(tx, limit=100) if one.source == "ctgov"][::-1]

    def study(self) -> records.Row | None:
        with self.line.store.read() as tx:
            return records.get(tx, "Study", NCT)

    def owed(self) -> list[owed.Owed]:
        with self.line.store.read() as tx:
            row = records.get(tx, "Study", NCT)
            return owed.of_record(tx, row.number) if row else []

    def diff(self, nct: str = NCT) -> dict[str, Any]:
        return Registries(self.line, lambda: None).diff(nct)

    def trial_says(self, study: dict[str, Any], control_id: str) -> None:
        """The trial's own word, in the registry's form."""
        now = self.clock.now()
        data = orjson.dumps(study)
        self.line.take([Document(TRIAL, data, FORMAT, "study record", control_id, now)])
        self.read_all()


@contextmanager
def registry_house(
    folder: Path, registry: SandboxRegistry, targets: tuple[Target, ...] = (), **source: Any
) -> Iterator[RegistryHouse]:
    """A house without threads, and its registry as it stands.

    There is no pause of a second between two requests here; tests/connectors/registry proves it.
    """
    if not (folder / "integrator.keys").exists():
        Keyring.make(folder / "integrator.keys")
    clock = SetClock()
    with open_line(watching(folder, registry.base, targets, **source), clock) as line:
        line.registries = {"ctgov": RegistryClient(registry.base, Pace(every=0))}
        yield RegistryHouse(line, registry, Engine(line), clock)
