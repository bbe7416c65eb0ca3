"""Which claims a field has: the one that won, and for each that lost, why it lost."""

from __future__ import annotations

from typing import Any

from integrator.merge import PERSON, Claim, Claims, Folded, trigger_class
from integrator.records import wire
from integrator.why.told import Told, message_json

Json = dict[str, Any]


def claims_json(
    kind: str, field: str, claims: Claims, folded: Folded, owner: str | None, told: list[Told]
) -> list[Json]:
    """All claims of a field: the winner, then those that lost, then earlier ones of the same systems; newest first."""
    by_receipt = {one.message.id: one for one in told}
    won = folded.winners.get(field)
    standing = sorted(claims.get(field, ()), key=lambda c: c.order, reverse=True)
    found = []
    for claim in sorted(standing, key=lambda c: c is not won):
        outcome = "won" if claim is won else "lost"
        reason = _won(field, claim, standing, owner) if claim is won else _lost(field, claim, won, owner)
        found.append(_claim_json(kind, field, claim, outcome, reason, by_receipt.get(claim.origin.receipt)))
    kept = {claim.origin.receipt for claim in standing}
    for one in reversed(told):
        if one.spoken and field in one.spoken.said and one.message.id not in kept:
            found.append(_earlier(kind, field, one, _replaced(field, one, standing)))
    return found


def _replaced(field: str, one: Told, standing: list[Claim]) -> str:
    """Why a message that speaks of a field today has no claim of it."""
    mine = [claim for claim in standing if claim.origin.system == one.message.system] or standing
    if not mine:
        number = one.message.id
        return f"when it was read, it said nothing of {field}; integrator replay --message {number} reads it again"
    return f"message {mine[0].origin.receipt} of {one.message.system} is later"


def _claim_json(kind: str, field: str, claim: Claim, outcome: str, reason: str, one: Told | None) -> Json:
    value = wire.to_json(kind, {field: claim.value})[field]
    origin = claim.origin
    found = {
        "outcome": outcome,
        "reason": reason,
        "value": value,
        "system": origin.system,
        "source_time": origin.at.isoformat(),
        "receipt": origin.receipt,
        "trigger": origin.trigger,
    }
    return found | _message(field, value, one)


def _earlier(kind: str, field: str, one: Told, reason: str) -> Json:
    """What a message said that a later one of its system has replaced."""
    now = one.now(field)
    return {
        "outcome": "replaced",
        "reason": reason,
        "value": now["value"],
        "system": one.message.system,
        "source_time": one.message.source_time.isoformat(),
        "receipt": one.message.id,
        "trigger": one.message.event or None,
    } | _message(field, now["value"], one)


def _message(field: str, value: Any, one: Told | None) -> Json:
    """The message of a claim, and what it says now and then."""
    if one is None:
        return {"kind": "source", "message": None, "now": None, "then": None}
    now = one.now(field)
    then = one.then(field)
    if then is not None and not then["says"]:
        then["value"], then["says"] = value, True  # the claim is what is kept
    return {
        "kind": "person" if one.by_person else "source",
        "message": message_json(one.message),
        "now": now,
        "then": then,
    }


def _won(field: str, claim: Claim, standing: list[Claim], owner: str | None) -> str:
    system = claim.origin.system
    if system == PERSON:
        return "a person's answer; it stands until the owner says otherwise later"
    others = {one.origin.system for one in standing} - {system}
    if system == owner:
        return f"{system} owns {field}" + ("" if others else ", and no other system speaks of it")
    if not others:
        return f"no other system speaks of {field}"
    return "the latest: nobody owns it" if owner is None else f"the latest: {owner}, who owns it, says nothing"


def _lost(field: str, claim: Claim, won: Claim | None, owner: str | None) -> str:
    if won is None:
        return "another result of the same observation took its place"
    mine, theirs = claim.origin, won.origin
    if mine.system == theirs.system:
        if field == "status":
            return _status(claim, won)
        return f"message {theirs.receipt} of {theirs.system} is later"
    if theirs.system == PERSON:
        return "a person has answered otherwise"
    if theirs.system == owner:
        return f"{owner} owns {field}"
    if mine.at == theirs.at:
        return f"message {theirs.receipt} was received later, with the same source time"
    return f"message {theirs.receipt} has a later source time"


def _status(claim: Claim, won: Claim) -> str:
    """Of a system's three claims of a status: after a deletion only a new booking counts."""
    if trigger_class(won) == "S17":
        return f"message {won.origin.receipt} deletes it (S17); after that only a new booking (S12) counts"
    if trigger_class(claim) == "S17":
        return f"message {won.origin.receipt} came after the deletion, and it was booked again (S12)"
    return f"message {won.origin.receipt} has a later source time"
