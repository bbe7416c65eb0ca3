"""Which record somebody means: by kind and key, by a number that people know, or by a subject code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrator.errors import Rejected
from integrator.records import KINDS
from integrator.store import Tx, records
from integrator.store.records import Row

NUMBERED = ("Appointment", "Treatment")  # kinds whose records have other numbers beside the key
MANY = 12  # so many are named when a number means more than one record


def find(tx: Tx, text: str) -> Row:
    """The record of "Appointment aria|ARIA|F-1", "F-1", "DISPO-017", "Patient DISPO-017". Rejected: none, several."""
    kind, _, key = text.strip().partition(" ")
    kind, key = (kind, key.strip()) if kind in KINDS and key.strip() else ("", text.strip())
    found = _found(tx, kind, key)
    if len(found) > 1:
        names = "; ".join(f'"{row.kind} {row.key}"' for row in found[:MANY])
        raise Rejected(f"{text!r} means {len(found)} records; say which: {names}")
    if not found:
        raise Rejected(f"no record is {text!r}; write a kind and key, an appointment's number, or a subject code")
    return found[0]


def _found(tx: Tx, kind: str, key: str) -> list[Row]:
    """Whose key it is; else whose key ends with it, or whose subject code it is; else whose other number it is."""
    named = [row for row in records.named(tx, key) if kind in ("", row.kind)]
    if whole := [row for row in named if row.key == key]:
        return whole
    if kind and not named:
        named = records.of_subject(tx, key, kind)
    return named or [row for one in NUMBERED if kind in ("", one) for row in _all(tx, one) if key in _numbers(row.body)]


def _all(tx: Tx, kind: str) -> Iterator[Row]:
    after = 0
    while page := records.page(tx, kind, after):
        yield from page
        after = page[-1].number


def _numbers(body: dict[str, Any]) -> list[Any]:
    """The numbers of an appointment or report that are not its key."""
    found = [body.get(name) for name in ("filler", "placer", "treatment")]
    return [one.get("value") for one in found if isinstance(one, dict)]
