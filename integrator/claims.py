"""Claims and records as the store keeps them: JSON, with what is a person's text sealed with the patient's key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from integrator.merge import Claim, Claims, Origin
from integrator.records import Said, wire

Json = dict[str, Any]
Seal = Callable[[str, Json], Json]  # (kind, fields as JSON) -> the same with a person's texts sealed
Open = Callable[[str, Json], Json]


def claims_to_json(kind: str, claims: Claims, seal: Seal) -> Json:
    """field -> list of {value, system, at, receipt, trigger}; values and reasons sealed where a person speaks."""
    return {field: [_claim_out(kind, field, claim, seal) for claim in of_field] for field, of_field in claims.items()}


def _claim_out(kind: str, field: str, claim: Claim, seal: Seal) -> Json:
    origin = claim.origin
    sealed = seal(kind, wire.to_json(kind, {field: claim.value}))
    out: Json = {
        "value": sealed[field],
        "system": origin.system,
        "at": origin.at.isoformat(),
        "receipt": origin.receipt,
    }
    if origin.trigger:
        out["trigger"] = origin.trigger
    return out


def claims_from_json(kind: str, data: Mapping[str, Any], open_: Open) -> dict[str, tuple[Claim, ...]]:
    """The inverse of `claims_to_json`."""
    return {field: tuple(_claim_in(kind, field, one, open_) for one in of_field) for field, of_field in data.items()}


def _claim_in(kind: str, field: str, data: Json, open_: Open) -> Claim:
    said = wire.from_json(kind, open_(kind, {field: data["value"]}))
    origin = Origin(data["system"], datetime.fromisoformat(data["at"]), data["receipt"], data.get("trigger"))
    return Claim(said[field], origin)


def said_to_json(kind: str, said: Said, seal: Seal) -> Json:
    """A record's fields for the store."""
    return seal(kind, wire.to_json(kind, said))


def said_from_json(kind: str, data: Json, open_: Open) -> Said:
    """A record's fields from the store."""
    return wire.from_json(kind, open_(kind, data))
