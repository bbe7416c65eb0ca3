"""Treatment: radiation that was really given, as one source reported it; and the fraction that such reports make."""

from __future__ import annotations

from dataclasses import dataclass

from integrator.records.values import Concept, Identifier, Place, Quantity, Ref, When

STATUSES = (
    "preparation",  # of a fraction only, where the trial's policy sends planned ones
    "completed",
    "stopped",  # partly given
    "not-done",  # said not to be given
    "entered-in-error",  # taken back: a credit, a correction
)  # of FHIR R4 event-status
ACTIVITIES = ("fraction", "other")
EVIDENCE = ("scheduled", "presumed", "evidenced", "attested")  # in rising order
DOUBTS = (
    "no slot",  # a report that fits no planned fraction
    "two slots",  # a report that fits more than one
    "disputed",  # another owner says that it was not given
)


@dataclass(frozen=True, slots=True)
class Treatment:
    """A report keeps the source's own number and is never sent; the fraction of a slot is folded from the slot and its
    reports, and is what targets are given. Owner of a report's fields is the system that reports."""

    key: str | None = None  # of a fraction, or of a report that a person entered: the trial's own
    treatment: Identifier | None = None  # the source's number of it; of a fraction none
    study: Ref | None = None
    patient: Identifier | None = None  # as a source sent it; else put in when it is written to a target
    series: Identifier | None = None  # the course
    appointment: Ref | None = None  # the slot: matched, or said by a person
    activity: str | None = None  # one of ACTIVITIES, by site map; only a fraction counts
    status: str | None = None  # one of STATUSES
    reason: Concept | None = None  # why it was stopped or not given; sealed
    time: When | None = None  # when it was given; only a day where the source says no more
    fraction: int | None = None  # n of N
    fractions: int | None = None  # N
    dose: Quantity | None = None  # of this fraction, in the unit that the source says
    site: Concept | None = None  # of the body
    place: Place | None = None  # machine, room, facility
    code: Concept | None = None  # what was reported or charged
    evidence: str | None = None  # one of EVIDENCE: what the form says it is; of a fraction folded
    doubt: str | None = None  # one of DOUBTS; folded, never claimed
    notes: tuple[str, ...] = ()  # free text; sealed
