"""A record field by field: what it shows, whose claim won, what lost, and what folded fields are folded from."""

from __future__ import annotations

import re
from typing import Any

from integrator import identity
from integrator.claims import record_from_json
from integrator.errors import Rejected
from integrator.line import Line
from integrator.merge import Claims, fold
from integrator.records import KINDS, Said, wire
from integrator.security.keys import Unopenable
from integrator.store import Tx, people, records
from integrator.store.records import Row
from integrator.why.claims import claims_json
from integrator.why.folded import folded_from
from integrator.why.told import told, without_bytes

Json = dict[str, Any]


def record_json(line: Line, tx: Tx, row: Row, path: str = "") -> Json:
    """The whole record, or the field that `path` names ("time", "time.start"), then with the bytes of its messages.

    Rejected: the record has no such field, or its patient was erased.
    """
    path = path.strip().removeprefix(f"{row.kind}.")
    wanted = re.split(r"[.\[]", path)[0]
    if wanted and wanted not in KINDS[row.kind].__match_args__:  # type: ignore[attr-defined]
        have = ", ".join(KINDS[row.kind].__match_args__)  # type: ignore[attr-defined]
        raise Rejected(f"{row.kind} has no field {wanted!r}; it has {have}")
    said, claims = _opened(line, tx, row)
    names = [wanted] if wanted else [name for name in said if said[name] is not None or name in claims]
    fields = _fields(line, tx, row, said, claims, names, path)
    return {
        "kind": row.kind,
        "key": row.key,
        "subject": row.subject,
        "version": row.version,
        "changed_at": row.changed_at.isoformat(),
        "path": path or None,
        "fields": fields if wanted else without_bytes(fields),
    }


def _opened(line: Line, tx: Tx, row: Row) -> tuple[Said, Claims]:
    """What a record shows and its claims. Rejected: its patient was erased."""
    try:
        if row.kind == "Patient":
            said, claims = identity.patient_record(tx, line.keys, int(row.key))
            return said or {}, claims
        participant = people.by_subject(tx, row.subject) if row.subject else None
        _, open_ = identity.record_seals(tx, line.keys, participant)
        return record_from_json(row.kind, row.body, row.claims, open_)
    except Unopenable as erased:
        raise Rejected(f"{row.kind} {row.key}: {erased}") from None


def _fields(line: Line, tx: Tx, row: Row, said: Said, claims: Claims, names: list[str], path: str) -> list[Json]:
    voices = told(line, tx, row, path)

    def owner_of(field: str) -> str | None:
        return line.settings.owner(row.kind, field)

    folded = fold(row.kind, claims, owner_of)
    shown = wire.to_json(row.kind, {name: said.get(name) for name in names})
    return [
        {
            "field": name,
            "value": shown[name],
            "said": name in said,
            "owner": owner_of(name),
            "folded": folded_from(line, tx, row, name, said, claims, folded),
            "claims": claims_json(row.kind, name, claims, folded, owner_of(name), voices),
        }
        for name in names
    ]


def row_of(tx: Tx, record_id: int) -> Row:
    """A record by its number."""
    row = records.by_id(tx, record_id)
    if row is None:
        raise LookupError(f"there is no record {record_id}")
    return row
