"""Observation: one score, measurement or answer of a participant at one time, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from integrator.records.values import Concept, Identifier, Quantity, Ref, When

STATUSES = (
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
)  # FHIR R4 observation-status; final becomes amended or corrected by folding, see merge.correction
TIMEPOINTS = ("t0", "t1", "t2", "t3")  # before radiotherapy, its end, 12 weeks and 6 months after
PHASES = ("before", "after")  # of the exercise session that it is part of
ABSENT = (
    "unknown",
    "asked-unknown",
    "temp-unknown",
    "not-asked",
    "asked-declined",
    "masked",
    "not-applicable",
    "unsupported",
    "as-text",
    "error",
    "not-a-number",
    "negative-infinity",
    "positive-infinity",
    "not-performed",
    "not-permitted",
)  # FHIR R4 data-absent-reason


@dataclass(frozen=True, slots=True)
class Observation:
    """Owner of every field is the trial, unless another system sends it. Of value, coded, text, answer and absent one
    holds: the one that was said last (see merge.fold)."""

    key: str | None = None  # the trial's: DISPO-017/pain-vas/t1
    study: Ref | None = None
    patient: Identifier | None = None  # as a source sent it; else put in when it is written to a target
    code: str | None = None  # an instrument of instruments.py ("pain-vas"), or system|code of anything else
    value: Quantity | None = None
    coded: Concept | None = None  # the value as a code
    text: str | None = None  # the value in words; sealed
    answer: bool | None = None  # yes or no
    absent: str | None = None  # why there is no value: one of ABSENT
    time: When | None = None  # when it was assessed, not when it was entered
    timepoint: str | None = None  # one of TIMEPOINTS
    phase: str | None = None  # one of PHASES
    site: Concept | None = None  # of the body: the vertebra
    status: str | None = None  # one of STATUSES; nobody claimed one: written as final
    part_of: Ref | None = None  # the exercise session
    notes: tuple[str, ...] = ()  # free text; sealed
