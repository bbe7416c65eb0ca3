"""All that is kept of one participant, read once and opened: records, their versions, what waits.

The patient's identifiers and free notes stay closed: these pages know subject codes only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrator import identity
from integrator.claims import said_from_json
from integrator.line import Line
from integrator.linked import told_numbers
from integrator.numbers_told import NumberTold
from integrator.records import Said
from integrator.security.keys import Unopenable
from integrator.store import Tx, people, records
from integrator.store import participant_page as store
from integrator.store import today as store_today
from integrator.store.participant_page import Aside, Version
from integrator.store.people import Participant
from integrator.store.records import Row
from integrator.store.today import Held, Question, Step, Stuck
from integrator.triggers import DOCUMENT, SLOT

CLOSED = ("patient", "notes")  # fields that these pages never open
TAKEN_WITHIN = timedelta(minutes=2)  # a target that has not taken a change for longer is named

Open = Callable[[str, dict[str, Any]], Said]


@dataclass(frozen=True)
class Change:
    """One version of a record as a step that sentences can be made of."""

    kind: str
    key: str
    fields: tuple[str, ...]
    message: int | None
    type: str | None  # of the message: SIU
    actor: str | None  # who entered it; None: a system sent it
    step: Step


@dataclass(frozen=True)
class Kept:
    """What the store said of one participant, in one reading."""

    participant: Participant
    now: datetime
    rows: dict[str, list[tuple[Row, Said]]]  # kind -> its records, in order of start
    changes: list[Change]  # in order of record and version
    whys: dict[bytes, str]  # sealed reason -> its text
    questions: list[tuple[Question, int | None]]
    held: list[Held]
    stuck: list[Stuck]
    speakers: dict[int, tuple[str, str, datetime]] = field(default_factory=dict)  # of Treatments
    numbers: list[NumberTold] = field(default_factory=list)  # what the hospital did with their numbers, oldest first
    documents: list[Aside] = field(default_factory=list)  # messages that made no record, newest first

    def of(self, kind: str) -> list[tuple[Row, Said]]:
        return self.rows.get(kind, [])


def kept(line: Line, tx: Tx, subject: str) -> Kept | None:
    """Everything of one participant; None: there is no such participant."""
    participant = people.by_subject(tx, subject)
    if participant is None:
        return None
    now, open_ = line.clock.now(), opener(line, tx, participant)
    rows: dict[str, list[tuple[Row, Said]]] = {}
    for row in records.of_subject(tx, subject):
        if row.kind != "Patient":
            rows.setdefault(row.kind, []).append((row, open_(row.kind, row.body)))
    actors = store.actors(tx, subject)
    versions = [one for one in store.versions(tx, subject) if one.kind != "Patient"]
    return Kept(
        participant,
        now,
        rows,
        [_change(one, subject, open_, actors) for one in versions],
        _whys(line, tx, participant, versions),
        store.open_questions(tx, subject),
        store_today.held(tx, subject),
        store_today.stuck(tx, now - TAKEN_WITHIN, subject),
        store.speakers(tx, subject, "Treatment"),
        told_numbers(tx, participant),
        store.asides(tx, line.linked.person(tx, participant.number_index), (DOCUMENT, SLOT)),
    )


def opener(line: Line, tx: Tx, participant: Participant) -> Open:
    """How the fields of a participant's records are opened; of an erased patient what is sealed is left out."""
    try:
        _, open_sealed = identity.record_seals(tx, line.keys, participant)
    except Unopenable:
        open_sealed = None

    def open_(kind: str, body: dict[str, Any]) -> Said:
        shown = {name: value for name, value in body.items() if name not in CLOSED}
        if open_sealed is not None:
            try:
                return said_from_json(kind, shown, open_sealed)
            except Unopenable:
                pass  # a version of when another participant had this number
        shown = {n: v for n, v in shown.items() if not (isinstance(v, dict) and v.keys() == {"sealed"})}
        return said_from_json(kind, shown, lambda _, fields: fields)

    return open_


def _change(one: Version, subject: str, open_: Open, actors: dict[int, str]) -> Change:
    step = Step(
        record_id=one.record_id,
        version=one.version,
        subject=subject,
        at=one.at,
        before=open_(one.kind, one.before) if one.before is not None else None,
        after=open_(one.kind, one.body),
        patient=one.patient,
        why=one.why,
        system=one.system,
        source_time=one.source_time,
        received_at=one.received_at,
    )
    actor = actors.get(one.message_id) if one.message_id is not None else None
    return Change(one.kind, one.key, one.changed, one.message_id, one.type, actor, step)


def _whys(line: Line, tx: Tx, participant: Participant, versions: list[Version]) -> dict[bytes, str]:
    found = {}
    for one in versions:
        if one.why and one.why not in found:
            try:
                why = identity.open_why(tx, line.keys, participant.patient_id, one.why)
            except Unopenable:
                continue  # sealed for a patient that this subject code is no longer linked to
            if why:
                found[one.why] = why
    return found
