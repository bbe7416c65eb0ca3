"""What the line works over: the settings, the store, the keys, the faces, the clock and the targets."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from integrator import identity
from integrator.clock import Clock
from integrator.config import Settings, Source
from integrator.connectors.fhir_client import FhirTarget
from integrator.connectors.registry import RegistryClient
from integrator.mapping import Faces
from integrator.records.values import Ref
from integrator.security.keys import Keyring
from integrator.store import Store

TRIAL = "trial"  # the source of forms, API calls and people's answers: the trial's own word


class House:
    """Opened once by app.py and handed down; nothing in it is replaced while it runs."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        keys: Keyring,
        faces: Faces,
        clock: Clock,
        targets: Mapping[str, FhirTarget],
        registries: Mapping[str, RegistryClient] | None = None,
    ):
        self.settings, self.store, self.keys, self.faces = settings, store, keys, faces
        self.clock, self.targets, self.registries = clock, targets, registries or {}
        trial = Source(name=TRIAL, system=TRIAL, zone=settings.integrator.zone, kind="form")
        self.sources = {source.name: source for source in (trial, *settings.source)}
        self.chance = Random()
        self.patients: dict[tuple[str, bytes], str] = {}  # (target, number index) -> the target's own reference
        self.linked = identity.Linked(store, self.patients.clear)  # a number that was retired leads to another Patient
        self.found: dict[tuple[str, Ref], str] = {}  # (target, record that it has of its own) -> its reference
