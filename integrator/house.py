"""What the line works over: the settings, the store, the keys, the faces, the clock and the targets."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from integrator import identity
from integrator.accepted import accepted_set
from integrator.clock import Clock
from integrator.config import Settings, Source
from integrator.connectors.fhir_client import FhirTarget
from integrator.connectors.registry import RegistryClient
from integrator.mapping.sets import FaceSet
from integrator.records.values import Ref
from integrator.security.keys import Keyring
from integrator.store import Store, Tx
from integrator.store import faces as kept_faces

TRIAL = "trial"  # the source of forms, API calls and people's answers: the trial's own word


class House:
    """Opened once by app.py and handed down; only the faces are replaced while it runs, when others are accepted."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        keys: Keyring,
        faces: FaceSet,
        clock: Clock,
        targets: Mapping[str, FhirTarget],
        registries: Mapping[str, RegistryClient] | None = None,
    ):
        self.settings, self.store, self.keys = settings, store, keys
        self.used, self.faces = faces, faces.faces
        self._looked: tuple[int, int] | None = None  # what the store had told when the faces were looked for
        self.clock, self.targets, self.registries = clock, targets, registries or {}
        trial = Source(name=TRIAL, system=TRIAL, zone=settings.integrator.zone, kind="form")
        self.sources = {source.name: source for source in (trial, *settings.source)}
        self.chance = Random()
        self.patients: dict[tuple[str, bytes], str] = {}  # (target, number index) -> the target's own reference
        self.linked = identity.Linked(store, self.patients.clear)  # a number that was retired leads to another Patient
        self.found: dict[tuple[str, Ref], str] = {}  # (target, record that it has of its own) -> its reference

    def use(self, faces: FaceSet) -> None:
        """Reads and writes with these faces from now on. What is under way is noticed; see `Line.reserve`."""
        self.faces = faces.faces
        self.used = faces

    def look_for_faces(self, tx: Tx) -> None:
        """Takes the faces that were accepted since the last look, here or in another process. In a write transaction
        nobody accepts others, nor is anybody linked, from then to its end."""
        told = self.store.told(tx, kept_faces.CHANGED)
        if told == self._looked:
            return
        with self.store.read() as fresh:  # tx may show the state before the change
            digest = kept_faces.accepted(fresh)
        if digest is not None and digest != self.used.hash:
            self.use(accepted_set(self.store, self.settings, digest))
        self._looked = told
