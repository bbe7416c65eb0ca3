"""What a Study is made of: numbers, dates of submission, people, sites, design, arms, outcomes, eligibility."""

from __future__ import annotations

from dataclasses import dataclass

from integrator.records.values import PartialDate


@dataclass(frozen=True, slots=True)
class StudyNumber:
    """A number of the study beside its NCT number."""

    value: str | None = None
    kind: str | None = None  # EUDRACT_NUMBER, REGISTRY, NIH, OTHER, ...
    domain: str | None = None  # which registry or agency, in words
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Organization:
    """An organisation in a role."""

    name: str | None = None
    kind: str | None = None  # INDUSTRY, NIH, OTHER, ...


@dataclass(frozen=True, slots=True)
class Submission:
    """What was handed to the registry, when it passed its check, and when it was shown."""

    submitted: PartialDate | None = None
    passed: PartialDate | None = None
    posted: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class ExpandedAccess:
    """Treatment outside the study."""

    offered: bool | None = None
    nct: str | None = None
    status: str | None = None
    individual: bool | None = None
    intermediate: bool | None = None
    treatment: bool | None = None


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who answers for the record."""

    kind: str | None = None  # SPONSOR, PRINCIPAL_INVESTIGATOR, SPONSOR_INVESTIGATOR
    name: str | None = None
    title: str | None = None
    affiliation: str | None = None


@dataclass(frozen=True, slots=True)
class Official:
    """Who leads the study."""

    name: str | None = None
    role: str | None = None  # STUDY_CHAIR, STUDY_DIRECTOR, PRINCIPAL_INVESTIGATOR, SUB_INVESTIGATOR
    affiliation: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask."""

    name: str | None = None
    role: str | None = None
    phone: str | None = None
    extension: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A place where the study takes place, with its own status."""

    facility: str | None = None
    status: str | None = None  # one of study.STATUSES
    registry_status: str | None = None  # the registry's own word
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None  # ISO 3166
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Design:
    """How the study is built."""

    allocation: str | None = None  # RANDOMIZED, NON_RANDOMIZED, NA
    model: str | None = None  # PARALLEL, ...
    model_note: str | None = None
    masking: str | None = None  # NONE, SINGLE, DOUBLE, TRIPLE, QUADRUPLE
    masking_note: str | None = None
    masked: tuple[str, ...] = ()  # who does not know the arm
    observational_model: str | None = None
    time_perspective: str | None = None


@dataclass(frozen=True, slots=True)
class Samples:
    """Biological samples that are kept."""

    kept: str | None = None  # NONE_RETAINED, SAMPLES_WITH_DNA, SAMPLES_WITHOUT_DNA
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """A group of participants that is treated alike."""

    name: str | None = None
    kind: str | None = None  # EXPERIMENTAL, ACTIVE_COMPARATOR, NO_INTERVENTION, ...
    note: str | None = None
    interventions: tuple[str, ...] = ()  # "Behavioral: Isometric training"


@dataclass(frozen=True, slots=True)
class Intervention:
    """What is done in the study."""

    name: str | None = None
    kind: str | None = None  # BEHAVIORAL, RADIATION, DRUG, ...
    note: str | None = None
    arms: tuple[str, ...] = ()  # names of the arms that get it
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is measured, and when."""

    measure: str | None = None
    time_frame: str | None = None  # in words: "12 weeks after radiotherapy"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Who may take part."""

    criteria: str | None = None  # markdown
    sex: str | None = None  # FEMALE, MALE, ALL
    gender_based: bool | None = None
    gender_note: str | None = None
    minimum_age: str | None = None  # "18 Years"
    maximum_age: str | None = None
    ages: tuple[str, ...] = ()  # CHILD, ADULT, OLDER_ADULT
    healthy: bool | None = None  # healthy volunteers may
    population: str | None = None  # of an observational study
    sampling: str | None = None  # PROBABILITY_SAMPLE, NON_PROBABILITY_SAMPLE


@dataclass(frozen=True, slots=True)
class Oversight:
    """Who watches over the study, and whose rules hold."""

    committee: bool | None = None  # a data monitoring committee
    fda_drug: bool | None = None
    fda_device: bool | None = None
    unapproved_device: bool | None = None
    paediatric_postmarket: bool | None = None
    us_export: bool | None = None
    violation: bool | None = None  # of the duty to report results (FDAAA 801)


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper about the study."""

    pmid: str | None = None
    kind: str | None = None  # BACKGROUND, RESULT, DERIVED (found by the library, not named by the registrant)
    citation: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A page about the study."""

    label: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class DataSet:
    """Data or a document of the study that others may have."""

    id: str | None = None
    kind: str | None = None
    url: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DataSharing:
    """Whether data of single participants are shared."""

    plan: str | None = None  # YES, NO, UNDECIDED
    note: str | None = None
    documents: tuple[str, ...] = ()  # STUDY_PROTOCOL, SAP, ICF, CSR, ANALYTIC_CODE
    time_frame: str | None = None
    criteria: str | None = None
    url: str | None = None
