"""Participant: one person in the trial, by subject code; who that person is stands in the identity room."""

from __future__ import annotations

from dataclasses import dataclass

from integrator.records.values import Concept, Identifier, Ref

STATUSES = (
    "potential-candidate",
    "candidate",
    "screening",
    "eligible",
    "ineligible",
    "pending-on-study",
    "not-registered",
    "withdrawn",
    "on-study",
    "on-study-intervention",
    "on-study-observation",
    "follow-up",
    "off-study",
)  # FHIR R4 research-subject-status; which may follow which is said in integrator/life.py
SCOPES = ("intervention", "collection", "everything")  # of a withdrawal of consent


@dataclass(frozen=True, slots=True)
class Consent:
    """A participant's consent, and its end."""

    date: str | None = None  # YYYY-MM-DD on which it was signed
    version: str | None = None  # of the form that was signed
    scope: str | None = None  # what it covers, in the form's words: "study and follow-up"
    withdrawn: str | None = None  # YYYY-MM-DD from which it no longer holds
    withdrawal: str | None = None  # what was withdrawn: one of SCOPES


@dataclass(frozen=True, slots=True)
class Participant:
    """Owner of every field is the trial. The key of the record is the subject code."""

    subject: str | None = None  # subject code, the pseudonym: DISPO-017
    study: Ref | None = None  # the trial
    patient: Identifier | None = None  # put in when it is written to a target; never said by the trial
    arm: str | None = None  # the arm that randomisation gave
    status: str | None = None  # one of STATUSES
    since: str | None = None  # YYYY-MM-DD from which the status holds
    reason: Concept | None = None  # why off the study, withdrawn, ineligible, not registered; sealed
    enrolled: str | None = None  # YYYY-MM-DD of registration: participation begins
    randomised: str | None = None  # YYYY-MM-DD of randomisation; no session is before it
    left: str | None = None  # YYYY-MM-DD on which participation ended
    consent: Consent | None = None  # wins or loses whole
