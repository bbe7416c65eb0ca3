"""The page of the study as plain values for its template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from integrator.config import StudySettings
from integrator.life import REGISTERED
from integrator.records import Said
from integrator.records.participant import STATUSES
from integrator.registry_doings import GOING_ON, Known, told_changes
from integrator.store.study import Share
from integrator.web.study.asked import Asked
from integrator.web.study.beside import Beside, rows
from integrator.web.today.sentences import counted

Json = dict[str, Any]
CLASSES = ("material", "editorial", "bookkeeping")


@dataclass(frozen=True)
class Differs:
    """One difference: its class, and for a drift which side is ahead and until when the registry is to be told."""

    kind: str
    sentence: str
    state: str = ""
    late: bool = False  # the day until which the registry is to be told is over


@dataclass(frozen=True)
class Version:
    """One version of the registry's record."""

    number: int  # the message
    handed_in: str
    received: datetime
    changes: list[Differs]
    first: bool


@dataclass(frozen=True)
class Counts:
    """Participants of one status: how many in each arm, and in all."""

    status: str
    of_arms: list[int]
    total: int


@dataclass(frozen=True)
class Page:
    """Everything that the template of the study shows."""

    nct: str
    heading: str
    title: str | None  # the registry's brief title
    lead: Markup
    asked: list[Asked]
    drift: list[Differs]
    remarks: list[str]
    beside: list[Beside]
    versions: list[Version]  # newest first
    arms: list[str]
    counts: list[Counts]
    participants: int


def page(
    study: StudySettings,
    known: Known | None,
    compared: Json | None,
    people: list[Share],
    asked: list[Asked],
    now: datetime,
) -> Page:
    """The page of the study. `known`, `compared`: None where no version of its record is here."""
    drift = _by_class([_drift(one, now.date()) for one in compared["drift"]]) if compared else []
    registry = known.versions[-1][1] if known else {}
    arms = sorted({one.arm or "" for one in people} | set(study.arms), key=lambda arm: (arm == "", arm))
    registered = sum(one.count for one in people if one.status in REGISTERED)
    differing = {one["field"] for one in compared["drift"]} if compared else set()
    return Page(
        nct=study.nct,
        heading=study.title or registry.get("acronym") or study.nct,
        title=registry.get("title"),
        lead=_lead(registry, drift, people),
        asked=asked,
        drift=drift,
        remarks=compared["remarks"] if compared else [],
        beside=rows(registry, known.ours if known else {}, study.arms, people, registered, differing),
        versions=_versions(known) if known else [],
        arms=arms,
        counts=_counts(people, arms),
        participants=sum(one.count for one in people),
    )


def _lead(registry: Said, drift: list[Differs], people: list[Share]) -> Markup:
    word = registry.get("registry_status")
    says = Markup("<b>The registry says {}.</b>").format(word) if word else Markup("The registry says no status.")
    if not registry:
        says = Markup("<b>No version of the registry's record is here.</b>")
    differs = (
        Markup("<b>{} what we know.</b>").format(counted(len(drift), "thing differs from", "things differ from"))
        if drift
        else Markup("Nothing differs from what we know.")
        if registry
        else Markup("")
    )
    going_on = sum(one.count for one in people if one.status in GOING_ON)
    total = sum(one.count for one in people)
    known = Markup("{}, {} of them in the study now.").format(counted(total, "participant", "participants"), going_on)
    return Markup(" ").join([part for part in (says, differs, known) if part])


def _drift(one: Json, today: date) -> Differs:
    late = one["due"] is not None and date.fromisoformat(one["due"]) < today
    return Differs(one["class"], one["sentence"], one["state"], late)


def _by_class(found: list[Differs]) -> list[Differs]:
    """Material first; the order of the record within a class."""
    return sorted(found, key=lambda one: CLASSES.index(one.kind))


def _versions(known: Known) -> list[Version]:
    """Every version with what differs from the one before, newest first."""
    found, before = [], None
    for message, said in known.versions:
        told: list[Json] = told_changes(before, said) if before is not None else []
        differs = _by_class([Differs(one["class"], one["sentence"]) for one in told])
        update = said.get("update")
        handed_in = update.submitted.text if update and update.submitted else ""
        found.append(Version(message.id, handed_in, message.received_at, differs, before is None))
        before = said
    return found[::-1]


def _counts(people: list[Share], arms: list[str]) -> list[Counts]:
    found = []
    for status in (*STATUSES, None):
        of = [one for one in people if one.status == status]
        if of:
            of_arms = [sum(one.count for one in of if (one.arm or "") == arm) for arm in arms]
            found.append(Counts(status or "", of_arms, sum(of_arms)))
    return found
