"""Claims and records as the store keeps them: JSON, with what is a person's text sealed with the patient's key.

A value that stands in a record and in a claim is written and sealed once, read and opened once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from integrator.merge import Claim, Claims, Origin
from integrator.records import Said, wire

Json = dict[str, Any]
Seal = Callable[[str, Json], Json]  # (kind, fields as JSON) -> the same with a person's texts sealed
Open = Callable[[str, Json], Json]


def record_to_json(kind: str, said: Said, claims: Claims, seal: Seal) -> tuple[Json, Json]:
    """For the store: a record's fields, and field -> list of {value, system, at, receipt, trigger} of its claims."""
    fields = {field: said[field] for field in said}
    again: list[tuple[str, Claim]] = []  # claims of another value than the record shows
    for field, of_field in claims.items():
        again += [(field, claim) for claim in of_field if claim.value is not fields.setdefault(field, claim.value)]
    written = seal(kind, wire.to_json(kind, fields))
    others = {(field, id(claim)): seal(kind, wire.to_json(kind, {field: claim.value}))[field] for field, claim in again}
    told = {
        field: [_claim_out(claim.origin, others.get((field, id(claim)), written[field])) for claim in of_field]
        for field, of_field in claims.items()
    }
    return {field: written[field] for field in said}, told


def _claim_out(origin: Origin, value: Any) -> Json:
    out: Json = {"value": value, "system": origin.system, "at": origin.at.isoformat(), "receipt": origin.receipt}
    if origin.trigger:
        out["trigger"] = origin.trigger
    return out


def record_from_json(
    kind: str, body: Json, claims: Mapping[str, Any], open_: Open
) -> tuple[Said, dict[str, tuple[Claim, ...]]]:
    """The inverse of `record_to_json`."""
    said = said_from_json(kind, body, open_)

    def value_of(field: str, data: Any) -> Any:
        if field in body and body[field] == data:
            return said[field]
        return said_from_json(kind, {field: data}, open_)[field]

    return said, {
        field: tuple([Claim(value_of(field, one["value"]), _origin_in(one)) for one in of_field])
        for field, of_field in claims.items()
    }


def _origin_in(data: Json) -> Origin:
    return Origin(data["system"], datetime.fromisoformat(data["at"]), data["receipt"], data.get("trigger"))


def claims_from_json(kind: str, claims: Mapping[str, Any], open_: Open) -> dict[str, tuple[Claim, ...]]:
    """The claims of a record alone."""
    return record_from_json(kind, {}, claims, open_)[1]


def said_from_json(kind: str, data: Json, open_: Open) -> Said:
    """A record's fields from the store."""
    return wire.from_json(kind, open_(kind, data))
