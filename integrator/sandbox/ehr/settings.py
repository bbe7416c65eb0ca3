"""How EHRs differ: what each kind can do and which quirks it has, as facts that the server reads.

`hapi-like` follows HAPI FHIR JPA 8.8.0 as observed from outside; `epic-like` follows Epic's published R4
CapabilityStatement as far as Patient and Appointment go: read and search. `r5-like` follows R5's own text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ALL = ("read", "vread", "update", "patch", "delete", "history-instance", "create", "search-type")
READ = ("read", "search-type")

COMMON = {"_id": "token", "_lastUpdated": "date", "identifier": "token"}
PARAMETERS: dict[str, dict[str, str]] = {
    "Patient": {"name": "string", "family": "string", "given": "string", "birthdate": "date", "gender": "token"},
    "Appointment": {
        "date": "date",
        "patient": "reference",
        "actor": "reference",
        "status": "token",
        "service-type": "token",
        "service-category": "token",
    },
    "Procedure": {"date": "date", "patient": "reference", "subject": "reference", "status": "token", "code": "token"},
    "Observation": {"date": "date", "patient": "reference", "subject": "reference", "status": "token", "code": "token"},
    "Encounter": {"date": "date", "patient": "reference", "subject": "reference", "status": "token"},
    "ServiceRequest": {"patient": "reference", "subject": "reference", "status": "token", "code": "token"},
    "ResearchStudy": {"status": "token"},
    "ResearchSubject": {"patient": "reference", "individual": "reference", "study": "reference", "status": "token"},
    "Location": {"status": "token"},
    "Practitioner": {"family": "string"},
    "Organization": {},
}


@dataclass(frozen=True)
class Settings:
    """One kind of EHR. Interactions by FHIR's own codes; every quirk defaults to what the specification says."""

    name: str
    software: str
    interactions: dict[str, tuple[str, ...]]
    version: str = "4.0.1"  # of FHIR
    conditional_create: bool = True
    conditional_update: bool = True
    update_creates: bool = True
    stale_update: int = 412  # If-Match of an older version
    malformed: int = 400  # a body that is not JSON
    conditional_update_heeds_match: bool = True
    delete_heeds_match: bool = True
    same_body_is_no_version: bool = False
    racing: bool = False  # requests that were under way at once do not see each other's new resources
    patch_has_etag: bool = True
    holds_references: bool = False  # a literal reference to what is not held is refused
    search_cache: float = 0.0  # seconds that a search result is given again, unless Cache-Control: no-cache
    unknown_parameter: str = "refuse"  # or "warn": ignored, said in an OperationOutcome of the Bundle
    says_no_results: bool = False  # an empty result holds one OperationOutcome entry
    always_total: bool = True
    paging: str = "type"  # or "getpages": next is {base}?_getpages=
    page: int = 20
    largest_page: int = 200
    opaque_ids: bool = False
    zone: str = "Europe/Berlin"  # of dates without offset in searches
    left_out: frozenset[str] = field(default_factory=frozenset)  # search parameters that it does not know

    @property
    def release(self) -> str:
        """r4 or r5"""
        return f"r{self.version[0]}"

    def can(self, resource_type: str, interaction: str) -> bool:
        """Whether this EHR offers the interaction (FHIR's code) on the type."""
        return interaction in self.interactions.get(resource_type, ())

    def parameters(self, resource_type: str) -> dict[str, str]:
        """Search parameter names with their FHIR type."""
        known = {**COMMON, **PARAMETERS.get(resource_type, {})}
        renamed = {"individual": "subject"} if self.release == "r5" else {}
        return {renamed.get(name, name): kind for name, kind in known.items() if name not in self.left_out}


HAPI_LIKE = Settings(
    name="hapi-like",
    software="Sandbox EHR, behaves like HAPI FHIR JPA 8.8.0",
    interactions={name: ALL for name in PARAMETERS},
    stale_update=409,
    malformed=500,
    conditional_update_heeds_match=False,
    delete_heeds_match=False,
    same_body_is_no_version=True,
    racing=True,
    patch_has_etag=False,
    holds_references=True,
    search_cache=60.0,
    always_total=False,
    paging="getpages",
)
EPIC_LIKE = Settings(
    name="epic-like",
    software="Sandbox EHR, reads only, like Epic's R4 Appointment and Patient",
    interactions={"Patient": READ, "Appointment": READ},
    conditional_create=False,
    conditional_update=False,
    update_creates=False,
    unknown_parameter="warn",
    says_no_results=True,
    opaque_ids=True,
)
R5_LIKE = Settings(
    name="r5-like",
    software="Sandbox trial office, FHIR R5: studies and their participants",
    interactions={"Patient": READ, "ResearchStudy": ALL, "ResearchSubject": ALL},
    version="5.0.0",
    holds_references=True,
)
SETTINGS = {each.name: each for each in (HAPI_LIKE, EPIC_LIKE, R5_LIKE)}


def capability_statement(settings: Settings, base: str, at: str) -> dict[str, Any]:
    """The CapabilityStatement (R4) that is true of these settings; `at` is a FHIR dateTime."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": at,
        "kind": "instance",
        "software": {"name": settings.software},
        "implementation": {"description": "Sandbox hospital, invented people only", "url": base},
        "fhirVersion": settings.version,
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [{"mode": "server", "resource": [_resource(settings, name) for name in settings.interactions]}],
    }


def _resource(settings: Settings, name: str) -> dict[str, Any]:
    can = settings.interactions[name]
    return {
        "type": name,
        "interaction": [{"code": code} for code in can],
        "versioning": "versioned-update" if "update" in can else "versioned",
        "readHistory": "history-instance" in can,
        "updateCreate": settings.update_creates,
        "conditionalCreate": settings.conditional_create,
        "conditionalRead": "not-supported",
        "conditionalUpdate": settings.conditional_update,
        "conditionalDelete": "not-supported",
        "searchParam": [{"name": key, "type": kind} for key, kind in settings.parameters(name).items()],
    }
