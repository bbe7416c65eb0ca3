"""Writes one record's resource to a FHIR server by the best way that the server has, and never twice.

A new one: look for our identifier, POST with If-None-Exist where that is claimed, look again and heal more than one.
A known one: GET, lay ours onto what they hold, PUT by id (or JSON Patch) with If-Match; 409 and 412 both mean that
somebody else wrote: read again. So a retry after an answer that never came is always safe: it looks first.
What is created was judged where it was rendered; what is laid onto theirs is judged here, for only here it is known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace

from integrator.connectors.fhir_client import hold
from integrator.connectors.fhir_client.abilities import Abilities, read_abilities
from integrator.connectors.fhir_client.answers import Answer, raise_for
from integrator.connectors.fhir_client.heal import Onto, heal, oldest
from integrator.connectors.fhir_client.hold import GONE, Identifier, Resource
from integrator.connectors.fhir_client.patch import JSON_PATCH, steps
from integrator.connectors.fhir_client.session import FhirSession
from integrator.errors import CannotWrite, Refused, RetryLater, Waiting
from integrator.formats.fhir.validate import made_wrong

TRIES = 4  # of read, lay onto, write, while others write the same resource
CLASH = frozenset({409, 412})  # stale If-Match: 412 in the specification, 409 at HAPI and Oracle
ABILITIES_FOR = 3600.0  # seconds until we ask again what the server can do


@dataclass(frozen=True, slots=True)
class Known:
    """Their id of our record, from an earlier write."""

    resource_id: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What the target holds now. `wrote` is False where it already held what we want and nothing was sent."""

    resource_id: str
    version_id: str | None
    held: Resource
    wrote: bool
    healed: tuple[str, ...] = ()  # ids of copies of ours that were taken out of the way
    doubles: tuple[str, ...] = ()  # ids of others that carry our identifier and are not provably ours: ask a person


@dataclass
class Gone(Waiting):
    """The target no longer has what it had: nothing is made again by itself."""

    what: str = "a person"
    resource: str = ""  # "Appointment/12"


class FhirTarget:
    """One FHIR server to read from and write to.

    `release`: the FHIR version that is written, "r4" or "r5".
    `trust_conditional_create`: it was seen to honour If-None-Exist, so that a creation is one request; else we look
    for our identifier before and after, whatever the server claims.
    """

    def __init__(self, name: str, session: FhirSession, trust_conditional_create: bool = False, release: str = "r4"):
        self.name, self.session, self.release = name, session, release
        self._trust = trust_conditional_create
        self._abilities: Abilities | None = None
        self._asked_at = 0.0

    def abilities(self) -> Abilities:
        """What the server says it can do; asked once an hour."""
        if self._abilities is None or time.monotonic() - self._asked_at > ABILITIES_FOR:
            return self.refresh()
        return self._abilities

    def refresh(self) -> Abilities:
        """Asks the server now what it can do; a refusal here is the operator's to mend and refuses no record."""
        try:
            answer = self.session.ask("GET", "metadata", doing="read the CapabilityStatement")
        except Refused as error:
            raise RetryLater(error.reason, after=300.0) from error
        statement = answer.resource or {}
        if statement.get("resourceType") != "CapabilityStatement":
            raise RetryLater("the answer to /metadata is no CapabilityStatement", after=300.0)
        self._abilities, self._asked_at = read_abilities(statement), time.monotonic()
        return self._abilities

    def able_to_write(self, resource_type: str) -> Abilities:
        """What the server can do. Waiting: it cannot write this type in any way."""
        able = self.abilities()
        if not able.speaks(self.release):
            said = able.fhir_version or "nothing"
            raise Waiting(f"a target that speaks FHIR {self.release.upper()} (this one says {said})")
        if not any(able.can(resource_type, way) for way in ("create", "update", "patch")):
            raise Waiting(f"the target cannot write {resource_type}")
        return able

    def read(self, resource_type: str, resource_id: str) -> Resource | None:
        """The resource; None where the target does not have it (404) or no longer (410)."""
        answer = hold.read(self.session, resource_type, resource_id)
        return answer.resource if answer else None

    def find(self, resource_type: str, system: str, value: str) -> list[Resource]:
        """All resources that carry the identifier."""
        return hold.find(self.session, resource_type, system, value)

    def hold(self, resource_type: str, params: Mapping[str, str]) -> Iterator[Resource]:
        """Every resource that a search gives, page by page."""
        return hold.search(self.session, resource_type, params)

    def write(
        self, resource_type: str, fresh: Resource, identifier: Identifier, known: Known | None, onto: Onto
    ) -> Written:
        """Brings the target to hold what we want; see the module.

        `fresh` is our resource written on nothing, `onto` lays the same record onto what the target holds and leaves
        what it does not speak of. Raises RetryLater, Refused, Gone, Waiting ("the target cannot write Appointment"), or
        CannotWrite where what they hold would become wrong by what we lay onto it.
        """
        able = self.able_to_write(resource_type)
        if known is not None:
            return self._change(resource_type, known.resource_id, onto)
        return self._create(resource_type, fresh, identifier, onto, able)

    def _create(self, kind: str, fresh: Resource, identifier: Identifier, onto: Onto, able: Abilities) -> Written:
        conditional = able.can(kind, "conditional-create")
        look = not (conditional and self._trust)
        if look and not able.can_search(kind, "identifier"):
            raise Waiting(f"a way to find {kind} by identifier at the target")
        if look and (copies := self.find(kind, *identifier)):
            return self._adopt(copies, fresh, identifier, onto)
        if not able.can(kind, "create"):
            raise Waiting(f"the target cannot create {kind}")
        answer = self._post(kind, fresh, identifier, conditional)
        created = _id_of(answer, kind) if answer.status not in CLASH else None
        copies = self.find(kind, *identifier) if look or created is None else []
        if created is None and not copies:
            raise RetryLater(f"the target does not say what became of {kind}", ambiguous=True)
        if created is None or len(copies) > 1:
            written = self._adopt(copies, fresh, identifier, onto)
            return replace(written, wrote=written.wrote or created is not None)
        if answer.status == 200 and conditional:
            return self._change(kind, created, onto)  # it was there already
        return self._told(kind, created, answer)

    def _post(self, kind: str, fresh: Resource, identifier: Identifier, conditional: bool) -> Answer:
        system, value = (hold.in_query(part) for part in identifier)
        headers = {"If-None-Exist": f"identifier={system}%7C{value}"} if conditional else {}
        expect = {200, 201, *CLASH} if conditional else {200, 201}
        return self.session.ask("POST", kind, doing=f"create {kind}", expect=expect, body=fresh, headers=headers)

    def _adopt(self, copies: list[Resource], fresh: Resource, identifier: Identifier, onto: Onto) -> Written:
        """Goes on with the oldest copy that the target has, and takes our other copies out of the way."""
        kept = oldest(self.session, copies)
        healed, doubles = heal(self.session, copies, kept, fresh, identifier, onto, self.release)
        written = self._change(kept["resourceType"], kept["id"], onto)
        return replace(written, healed=tuple(healed), doubles=tuple(doubles))

    def _change(self, kind: str, resource_id: str, onto: Onto) -> Written:
        """Read, lay ours onto it, write what differs; again while others write it."""
        for _ in range(TRIES):
            answer = hold.read(self.session, kind, resource_id)
            if answer is None or answer.resource is None:
                raise Gone(resource=f"{kind}/{resource_id}")
            current = answer.resource
            wanted = {**onto(deepcopy(current)), "resourceType": kind, "id": resource_id}
            if wanted == current:
                return Written(resource_id, answer.version, current, wrote=False)
            if wrong := made_wrong(current, wanted, self.release):
                raise CannotWrite(f"the target cannot be given this: {wrong.path}: {wrong.text}")
            done = self._put_or_patch(kind, resource_id, current, wanted, answer.version)
            if done.status in GONE:
                raise Gone(resource=f"{kind}/{resource_id}")
            if done.status not in CLASH:
                return self._told(kind, resource_id, done)
        raise RetryLater(f"others keep writing {kind} at the target")

    def _put_or_patch(
        self, kind: str, resource_id: str, current: Resource, wanted: Resource, version: str | None
    ) -> Answer:
        able, path = self.abilities(), f"{kind}/{resource_id}"
        headers = {"If-Match": f'W/"{version}"'} if version else {}
        expect = {200, 201, *CLASH, *GONE}
        if able.can(kind, "update"):
            return self.session.ask("PUT", path, doing=f"write {kind}", expect=expect, body=wanted, headers=headers)
        if not able.can(kind, "patch"):
            raise Waiting(f"the target cannot change {kind}")
        headers["Content-Type"] = JSON_PATCH
        body = steps(current, wanted)
        refused = frozenset({400, 422})  # a failed `test` is 400 at HAPI
        done = self.session.ask(
            "PATCH", path, doing=f"patch {kind}", expect=expect | refused, body=body, headers=headers
        )
        if done.status in refused:
            now = hold.read(self.session, kind, resource_id)
            if now is None or now.resource == current:
                raise_for(done, f"patch {kind}", writing=True)
            return replace(done, status=412)
        return done

    def _told(self, kind: str, resource_id: str, answer: Answer) -> Written:
        """What the target holds after a write: its answer, or what it reads back where it did not say."""
        if answer.resource is None or answer.resource.get("resourceType") != kind:
            again = hold.read(self.session, kind, resource_id)
            if again is None:
                raise Gone(resource=f"{kind}/{resource_id}")
            answer = again
        return Written(resource_id, answer.version, answer.resource or {}, wrote=True)


def _id_of(answer: Answer, kind: str) -> str | None:
    """The id that the target gave: of the Location, else of the resource in the answer."""
    path = (answer.location or "").split("?")[0].split("/_history/")[0].rstrip("/").split("/")
    if len(path) >= 2 and path[-2] == kind:
        return path[-1]
    resource = answer.resource or {}
    found = resource.get("id") if resource.get("resourceType") == kind else None
    return found if isinstance(found, str) else None
