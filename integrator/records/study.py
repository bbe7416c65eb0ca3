"""Study: the trial as a registry or the trial's own office describes it."""

from __future__ import annotations

from dataclasses import dataclass

from integrator.records.study_parts import (
    Arm,
    Contact,
    DataSet,
    DataSharing,
    Design,
    Eligibility,
    ExpandedAccess,
    Intervention,
    Link,
    Official,
    Organization,
    Outcome,
    Oversight,
    Reference,
    Responsible,
    Samples,
    Site,
    StudyNumber,
    Submission,
)
from integrator.records.values import Concept, PartialDate

STATUSES = (
    "in-review",
    "approved",
    "active",
    "temporarily-closed-to-accrual",
    "temporarily-closed-to-accrual-and-intervention",
    "closed-to-accrual",
    "closed-to-accrual-and-intervention",
    "administratively-completed",
    "completed",
    "withdrawn",
    "disapproved",
)  # FHIR R4 research-study-status; what we normalise to
PHASES = (
    "n-a",
    "early-phase-1",
    "phase-1",
    "phase-1-phase-2",
    "phase-2",
    "phase-2-phase-3",
    "phase-3",
    "phase-4",
)  # FHIR research-study-phase; an observational study has none, which is not n-a


@dataclass(frozen=True, slots=True)
class Study:
    """Owner of every field is the trial; the registry is a witness that nobody overwrites.

    Codes are the registry's own words (API v2 enumerations) unless a comment says otherwise.
    """

    nct: str | None = None  # NCT01409720
    aliases: tuple[str, ...] = ()  # NCT numbers that this study had before
    organization_number: StudyNumber | None = None  # the sponsor's own protocol number
    numbers: tuple[StudyNumber, ...] = ()  # numbers in other registries, grants
    title: str | None = None  # brief
    official_title: str | None = None
    acronym: str | None = None
    organization: Organization | None = None  # who registered; not always the sponsor

    status: str | None = None  # one of STATUSES; unsaid where the registry withholds it
    registry_status: str | None = None  # the registry's own word, one of 14
    last_known_status: str | None = None  # before the registry called it UNKNOWN
    why_stopped: str | None = None
    verified: PartialDate | None = None  # when somebody last said that the record is right
    delayed: bool | None = None  # posting was delayed at the registrant's wish
    expanded_access: ExpandedAccess | None = None
    start: PartialDate | None = None
    primary_completion: PartialDate | None = None
    completion: PartialDate | None = None
    first: Submission | None = None  # of the registration
    results: Submission | None = None  # of the results
    delay: Submission | None = None  # of a certificate that delays the results
    update: Submission | None = None  # of the latest change; `submitted` is the source time of a version
    results_waived: bool | None = None
    has_results: bool | None = None

    sponsor: Organization | None = None
    collaborators: tuple[Organization, ...] = ()
    responsible: Responsible | None = None
    investigator: str | None = None  # the principal investigator's name
    officials: tuple[Official, ...] = ()
    contacts: tuple[Contact, ...] = ()  # the registry drops them when recruitment ends
    sites: tuple[Site, ...] = ()
    oversight: Oversight | None = None

    conditions: tuple[Concept, ...] = ()
    keywords: tuple[Concept, ...] = ()
    summary: str | None = None  # markdown
    description: str | None = None  # markdown
    study_type: str | None = None  # INTERVENTIONAL, OBSERVATIONAL, EXPANDED_ACCESS
    patient_registry: bool | None = None
    duration: str | None = None  # how long each participant is followed, of a patient registry: 12 Months
    phase: str | None = None  # one of PHASES
    purpose: str | None = None  # TREATMENT, ...
    design: Design | None = None
    samples: Samples | None = None
    planned: int | None = None  # participants; kept when the registry overwrites it with the actual number
    enrolled: int | None = None  # participants
    arms: tuple[Arm, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    primary_outcomes: tuple[Outcome, ...] = ()
    secondary_outcomes: tuple[Outcome, ...] = ()
    other_outcomes: tuple[Outcome, ...] = ()
    eligibility: Eligibility | None = None
    references: tuple[Reference, ...] = ()
    links: tuple[Link, ...] = ()
    data_sets: tuple[DataSet, ...] = ()
    data_sharing: DataSharing | None = None


_STOPPED_OR_NOT = (
    "ACTIVE_NOT_RECRUITING",
    "COMPLETED",
    "ENROLLING_BY_INVITATION",
    "NOT_YET_RECRUITING",
    "RECRUITING",
    "SUSPENDED",
    "TERMINATED",
    "WITHDRAWN",
)
_EXPANDED = ("AVAILABLE", "NO_LONGER_AVAILABLE", "TEMPORARILY_NOT_AVAILABLE", "APPROVED_FOR_MARKETING")
REGISTRY_STATUSES = (*_STOPPED_OR_NOT, *_EXPANDED, "WITHHELD", "UNKNOWN")
SITE_STATUSES = (*_STOPPED_OR_NOT, "AVAILABLE")
PURPOSES = (
    "TREATMENT",
    "PREVENTION",
    "DIAGNOSTIC",
    "ECT",
    "SUPPORTIVE_CARE",
    "SCREENING",
    "HEALTH_SERVICES_RESEARCH",
    "BASIC_SCIENCE",
    "DEVICE_FEASIBILITY",
    "OTHER",
)

# The words that a field may be, where not any text may stand; "sites.status" is a part of a field.
CODES = {
    "status": STATUSES,
    "registry_status": REGISTRY_STATUSES,
    "last_known_status": REGISTRY_STATUSES,
    "study_type": ("INTERVENTIONAL", "OBSERVATIONAL", "EXPANDED_ACCESS"),
    "phase": PHASES,
    "purpose": PURPOSES,
    "sites.status": STATUSES,
    "sites.registry_status": SITE_STATUSES,
}
