"""Fold: from what every source said, and when, to the one value that each field of a record shows; pure.

A message makes claims. Of each field a record keeps the latest claim of each system (of `status` three, see
`standing`), so taking claims in is a maximum over (source time, receipt number): the order of processing cannot
matter, and the order of arrival only between claims of one time. `fold` chooses the winner of each field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrator.evidence import OF_STATUS, is_fraction
from integrator.records import Said

PERSON = "person"  # the system of an answer that somebody gave in the web page or on the command line


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said it, when, and in which message: what all claims of one message share."""

    system: str
    at: datetime  # source time
    receipt: int  # receipt number, which is the message's id
    trigger: str | None = None  # HL7 trigger event: S12
    why: str | None = None  # the sender's own reason: "machine down"


@dataclass(frozen=True, slots=True)
class Claim:
    """This field has this value, said by this origin."""

    value: Any
    origin: Origin

    @property
    def order(self) -> tuple[datetime, int]:
        return (self.origin.at, self.origin.receipt)


Claims = Mapping[str, tuple[Claim, ...]]
OwnerOf = Callable[[str], str | None]  # field -> the system that owns it


@dataclass(frozen=True, slots=True)
class Folded:
    """What a record shows, and for each field the claim that won."""

    said: Said
    winners: dict[str, Claim]


def take(claims: Claims, said: Said, origin: Origin, kind: str = "") -> dict[str, tuple[Claim, ...]]:
    """The claims with one message's claims taken in; the same message twice changes nothing."""
    kept = dict(claims)
    first_too = FIRST_KEPT if kind == "Observation" else ()
    for field, value in said.items():
        mine, here = Claim(value, origin), kept.get(field, ())
        rivals = [c for c in here if _same_place(field, c, mine)]
        if not rivals:
            kept[field] = tuple(sorted((*here, mine), key=_by_system))
        elif field in first_too:
            every = {c.order: c for c in (*rivals, mine)}
            ends = {min(every): every[min(every)], max(every): every[max(every)]}
            others = [c for c in here if c not in rivals]
            kept[field] = tuple(sorted((*others, *ends.values()), key=_by_system))
        elif mine.order >= rivals[0].order:
            others = [c for c in here if c is not rivals[0]]
            kept[field] = tuple(sorted((*others, mine), key=_by_system))
    return kept


def _same_place(field: str, one: Claim, other: Claim) -> bool:
    if one.origin.system != other.origin.system:
        return False
    return field != "status" or trigger_class(one) == trigger_class(other)


def _by_system(claim: Claim) -> tuple[str, str, datetime, int]:
    return (claim.origin.system, trigger_class(claim), *claim.order)


def trigger_class(claim: Claim) -> str:
    """S12 books, S17 deletes, everything else is "other": the three status claims that a record keeps of a system."""
    return claim.origin.trigger if claim.origin.trigger in ("S12", "S17") else "other"


def standing(claims: Iterable[Claim]) -> Claim:
    """The one status claim that counts of one system.

    After a deletion only a new booking counts: if the S17 is later than the S12, or there is no S12, it is the
    deletion; else the later of the S12 and the latest other one.
    """
    of = {trigger_class(claim): claim for claim in claims}
    deleted, booked = of.get("S17"), of.get("S12")
    if deleted and (booked is None or deleted.order > booked.order):
        return deleted
    return max((c for name, c in of.items() if name != "S17"), key=lambda c: c.order)


def fold(kind: str, claims: Claims, owner_of: OwnerOf) -> Folded:
    """The record that these claims make: a person's answer up to its time, then the owner's, then the latest."""
    winners = {field: winner(field, of_field, owner_of(field)) for field, of_field in claims.items() if of_field}
    said = {field: claim.value for field, claim in sorted(winners.items())}
    if kind == "Appointment":
        said["evidence"] = OF_STATUS.get(said.get("status") or "booked")  # None: nobody was there
    if kind == "Observation":
        _observed(said, claims, winners, owner_of)
    return Folded(said, winners)


RESULTS = ("value", "coded", "text", "answer", "absent")  # of an observation: one of them holds
FIRST_KEPT = (*RESULTS, "time")  # of these a record keeps each system's first claim beside its latest


def _observed(said: Said, claims: Claims, winners: dict[str, Claim], owner_of: OwnerOf) -> None:
    """An observation has one result: the owner's, else the latest; what it took the place of is none. And a final one
    that was first said otherwise is corrected or amended."""
    given = [field for field in RESULTS if said.get(field) is not None]
    holds = max(
        given, key=lambda f: (winners[f].origin.system in (PERSON, owner_of(f)), winners[f].order), default=None
    )
    gone = [field for field in given if field != holds]
    if holds and (said.get("status") or "final") == "final":
        status = correction(claims, winners, holds, gone)
        if status:
            said["status"] = status
    for field in gone:
        said[field] = None
        del winners[field]


def correction(claims: Claims, winners: Mapping[str, Claim], holds: str, gone: list[str]) -> str | None:
    """What a final observation has become since it was first said: amended where a value came in place of the reason
    why there was none, corrected where anything else is not as it was; None: all is."""
    system = winners[holds].origin.system
    replaced = [field for field in gone if any(claim.origin.system == system for claim in claims[field])]
    if replaced:
        return "amended" if replaced == ["absent"] else "corrected"
    for field in (holds, "time"):
        won = winners.get(field)
        mine = [claim for claim in claims.get(field, ()) if won and claim.origin.system == won.origin.system]
        if won and min(mine, key=lambda c: c.order).value != won.value:
            return "corrected"
    return None


def winner(field: str, claims: tuple[Claim, ...], owner: str | None) -> Claim:
    """The winning claim of one field."""
    by_system: dict[str, list[Claim]] = {}
    for claim in claims:
        by_system.setdefault(claim.origin.system, []).append(claim)
    latest = {
        system: standing(of) if field == "status" else max(of, key=lambda c: c.order)
        for system, of in by_system.items()
    }
    owners = latest.get(owner) if owner else None
    answer = latest.get(PERSON)
    if answer and (owners is None or answer.origin.at >= owners.origin.at):
        return answer
    return owners or max(latest.values(), key=lambda c: c.order)


def changed(before: Said | None, after: Said) -> frozenset[str]:
    """The fields that differ; instants are equal as instants; empty and none are one, unsaid is not."""
    if before is None:
        return frozenset(after)
    return frozenset(
        field
        for field in before.keys() | after.keys()
        if (field in before) != (field in after) or (before[field] or None) != (after[field] or None)
    )


def outcome(before: Said | None, folded: Folded, origin: Origin) -> str:
    """What one message did to a record: merged, unchanged (the same fact again) or superseded (no claim won)."""
    if before is None or changed(before, folded.said):
        return "merged"
    won = any(claim.origin.receipt == origin.receipt for claim in folded.winners.values())
    return "unchanged" if won else "superseded"


def drift(claims: Claims, owner_of: OwnerOf) -> dict[str, tuple[Claim, Claim]]:
    """For each field on which another system differs from its owner: the owner's claim and the other's latest."""
    found = {}
    for field, of_field in claims.items():
        owner = owner_of(field)
        owners = [c for c in of_field if c.origin.system == owner]
        others = [c for c in of_field if c.origin.system not in (owner, PERSON)]
        if owners and others:
            mine = standing(owners) if field == "status" else max(owners, key=lambda c: c.order)
            theirs = max(others, key=lambda c: c.order)
            if mine.value != theirs.value:
                found[field] = (mine, theirs)
    return found


def waits_for(kind: str, said: Said) -> str | None:
    """What a record still lacks before any target may be given it, named; None when it lacks nothing."""
    return _LACKS[kind](said) if kind in _LACKS else None


def _appointment_lacks(said: Said) -> str | None:
    """R4 app-3: start and end may be missing only while proposed, cancelled or waitlist. A service code whose
    activity nobody mapped is kept and not sent."""
    status = said.get("status") or "booked"
    services = said.get("services") or ()
    if not said.get("activity") and any(service.code for service in services):
        return "an answer: what is this activity"
    if not said.get("time") and status not in ("proposed", "cancelled", "waitlist", "entered-in-error"):
        return "a start"
    return None


def _participant_lacks(said: Said) -> str | None:
    """R4 ResearchSubject.status is required."""
    return None if said.get("status") else "a status"


def _session_lacks(said: Said) -> str | None:
    """R4 Procedure.status is required, and a unit without its program is no known procedure."""
    if not said.get("status"):
        return "an entry that says whether it took place"
    return None if said.get("program") else "an entry that says which unit it was"


def _observation_lacks(said: Said) -> str | None:
    """R4 Observation.code is required; an observation without a value says why there is none."""
    if not said.get("code"):
        return "an entry that says which instrument it was"
    given = any(said.get(field) is not None for field in RESULTS)
    if not given and said.get("status") not in ("registered", "cancelled", "entered-in-error"):
        return "a value, or the reason why there is none"
    return None if said.get("time") else "an entry that says when it was assessed"


def _treatment_lacks(said: Said) -> str | None:
    """What another owner denies is not sent before a person has said which it was."""
    return "a person: was this fraction given" if said.get("doubt") == "disputed" else None


_LACKS: dict[str, Callable[[Said], str | None]] = {
    "Appointment": _appointment_lacks,
    "ExerciseSession": _session_lacks,
    "Observation": _observation_lacks,
    "Participant": _participant_lacks,
    "Treatment": _treatment_lacks,
}


def is_owed(kind: str, said: Said, held_by_target: bool) -> bool:
    """Whether a target is owed this record at all: nobody is given a thing only to hear that it is deleted, and of
    Treatments only fractions are given, not the reports that they are folded from."""
    if kind == "Treatment" and not is_fraction(said.get("key")):
        return False
    return held_by_target or said.get("status") != "entered-in-error"
