"""Appointment: a planned coming of a participant: a fraction of radiotherapy, an exercise unit, an assessment."""

from __future__ import annotations

from dataclasses import dataclass

from integrator.records.values import Concept, Identifier, Period, Place, Ref, Service

STATUSES = (
    "proposed",
    "pending",
    "booked",
    "arrived",
    "fulfilled",
    "cancelled",
    "noshow",
    "entered-in-error",
    "checked-in",
    "waitlist",
)  # FHIR R4 appointmentstatus
KINDS = ("radiotherapy", "exercise", "assessment")
ACTIVITIES = ("planning", "fraction", "visit", "other")
EVIDENCE = ("scheduled", "arrived", "presumed", "evidenced", "attested")  # in rising order


@dataclass(frozen=True, slots=True)
class Appointment:
    """Owner of every field is the radiotherapy system unless the comment says otherwise."""

    placer: Identifier | None = None  # the orderer's appointment number
    filler: Identifier | None = None  # the scheduler's appointment number
    series: Identifier | None = None  # one number for all fractions of a course
    patient: Identifier | None = None  # as the source sent it; the text lives in the identity room
    study: Ref | None = None  # owner: the trial
    time: Period | None = None  # start and end win or lose together
    status: str | None = None  # one of STATUSES; nobody claimed one: written as booked
    reason: Concept | None = None  # why cancelled or discontinued
    kind: str | None = None  # one of KINDS
    activity: str | None = None  # one of ACTIVITIES, by site map; only a fraction counts
    fraction: int | None = None  # n of N; owner: the source that sends it, else the trial
    fractions: int | None = None  # N
    services: tuple[Service, ...] = ()  # what is done, each with its own start and minutes
    place: Place | None = None  # machine, room, facility
    notes: tuple[str, ...] = ()  # free text; sealed
    evidence: str | None = None  # one of EVIDENCE; folded, never claimed
