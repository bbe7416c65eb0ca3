"""How the API shows records: their fields in clear, their version, and nothing that says who the patient is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote

from integrator import identity
from integrator.sealing import PATIENT_FIELD, SEALED_FIELDS, Fields
from integrator.security.keys import Unopenable
from integrator.store import Tx, people
from integrator.store.people import Participant
from integrator.store.records import Row
from integrator.web.api.room import ROOT, Room

Json = dict[str, Any]

NOUNS = {
    "Study": "studies",
    "Participant": "participants",
    "Appointment": "appointments",
    "Treatment": "treatments",
    "ExerciseSession": "sessions",
    "Observation": "observations",
}  # kind of record -> the noun of its address
NAMED = ("Study", "Participant", "ExerciseSession", "Observation")  # addressed by their key, the others by number
HIDDEN = "[hospital number]"


def address(kind: str, key: str, number: int) -> str:
    """The address of a record."""
    return f"{ROOT}/{NOUNS[kind]}/{quote(key, safe='/:') if kind in NAMED else number}"


def one(room: Room, tx: Tx, row: Row) -> Json:
    """A record as the API shows it."""
    return many(room, tx, [row])[0]


def many(room: Room, tx: Tx, rows: Iterable[Row]) -> list[Json]:
    """Records as the API shows them; each participant is looked up once."""
    known: dict[str, Opened | None] = {}
    shown = []
    for row in rows:
        if row.subject and row.subject not in known:
            known[row.subject] = _opened(room, tx, people.by_subject(tx, row.subject))
        shown.append(_shown(room, row, known.get(row.subject or "")))
    return shown


class Opened(NamedTuple):
    """How the texts of one participant are opened, and what must not stand in them."""

    open: Fields
    number: str | None


def _opened(room: Room, tx: Tx, participant: Participant | None) -> Opened | None:
    """None: the patient was erased, and with them every text."""
    if participant is None:
        return None
    try:
        _, open_ = identity.record_seals(tx, room.line.keys, participant)
        return Opened(open_, identity.number_text(tx, room.line.keys, participant))
    except Unopenable:
        return None


def _shown(room: Room, row: Row, opened: Opened | None) -> Json:
    return {
        "id": row.number,
        "kind": row.kind,
        "key": row.key,
        "href": address(row.kind, row.key, row.number),
        "subject": row.subject,
        "study": row.study,
        "version": row.version,
        "changed_at": room.here(row.changed_at),
        "record": _fields(row, opened),
    }


def _fields(row: Row, opened: Opened | None) -> Json:
    """The fields in clear; without the patient, and without texts of a patient who was erased."""
    body = {name: value for name, value in row.body.items() if name != PATIENT_FIELD}
    if opened is None:
        return body if row.subject is None else _without_texts(row.kind, body)
    try:
        fields = opened.open(row.kind, body)
    except Unopenable:  # sealed for a patient that this subject code is no longer linked to
        return _without_texts(row.kind, body)
    return {n: _hidden(value, opened.number) if _is_text(row.kind, n) else value for n, value in fields.items()}


def _is_text(kind: str, name: str) -> bool:
    return name in SEALED_FIELDS.get(kind, ())


def _without_texts(kind: str, body: Json) -> Json:
    return {name: value for name, value in body.items() if not _is_text(kind, name)}


def _hidden(value: Any, number: str | None) -> Any:
    """A text of people without the hospital number that somebody may have written into it."""
    if not number:
        return value
    if isinstance(value, str):
        return re.sub(rf"(?<!\w){re.escape(number)}(?!\w)", HIDDEN, value, flags=re.IGNORECASE)
    if isinstance(value, dict):
        return {name: _hidden(inner, number) for name, inner in value.items()}
    return [_hidden(inner, number) for inner in value] if isinstance(value, list) else value
