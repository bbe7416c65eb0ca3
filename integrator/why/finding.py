"""Which record somebody means: by kind and key, by a number that people know, or by a subject code."""

from __future__ import annotations

from typing import Any

from integrator.errors import Rejected
from integrator.records import KINDS
from integrator.store import Tx, records
from integrator.store.records import Row

MANY = 12  # so many are named when a number means more than one record


def find(tx: Tx, text: str) -> Row:
    """The record of "Appointment aria|ARIA|F-1", "F-1", "DISPO-017", "Patient DISPO-017". Rejected: none, several."""
    kind, _, key = text.strip().partition(" ")
    if kind in KINDS and key.strip():
        row = records.get(tx, kind, key.strip())
        found = [row] if row else []
    else:
        kind, key = "", text.strip()
        found = [row for row in _all(tx) if row.key == key]
    if not found:
        found = [row for row in _all(tx) if kind in ("", row.kind) and _named(row, key.strip(), bool(kind))]
    if len(found) > 1:
        names = "; ".join(f'"{row.kind} {row.key}"' for row in found[:MANY])
        raise Rejected(f"{text!r} means {len(found)} records; say which: {names}")
    if not found:
        raise Rejected(f"no record is {text!r}; write a kind and key, an appointment's number, or a subject code")
    return found[0]


def _all(tx: Tx) -> list[Row]:
    found: list[Row] = []
    for kind in KINDS:
        after = 0
        while page := records.page(tx, kind, after):
            found += page
            after = page[-1].number
    return found


def _named(row: Row, text: str, of_kind: bool) -> bool:
    """Whether people know the record by this number; one of a kind that is said, also by the subject code."""
    if of_kind and row.subject == text:
        return True
    return row.key.rpartition("|")[2] == text or text in _numbers(row.body)


def _numbers(body: dict[str, Any]) -> list[Any]:
    """The numbers of an appointment or report, the patient's apart."""
    found = [body.get(name) for name in ("filler", "placer", "treatment")]
    return [one.get("value") for one in found if isinstance(one, dict)]
