"""What the page of the day asks the store: appointments, what changed, what waits, and a cheap mark of all of it.

Only records of participants come out, by subject code; nothing here opens anything sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from integrator.records import Said
from integrator.records.wire import from_json
from integrator.store import facts
from integrator.store.schema import (
    journal,
    messages,
    owed,
    participants,
    patient_numbers,
    questions,
    record_versions,
    records,
)
from integrator.store.transaction import Tx

SHOWN = ("time", "status", "activity", "fraction", "fractions", "place", "evidence")  # fields that hold no sealed text
SEEN = "today: moves seen until"


@dataclass(frozen=True, slots=True)
class Slot:
    """An appointment of a participant as it stands."""

    record_id: int
    subject: str
    arm: str | None
    said: Said


@dataclass(frozen=True, slots=True)
class Step:
    """One version of an appointment beside the version before (None: it is the first), and who brought it."""

    record_id: int
    version: int
    subject: str
    at: datetime  # when we wrote the version
    before: Said | None
    after: Said
    patient: bytes | None  # blind index; whose key opens `why`
    why: bytes | None  # the source's reason, sealed
    system: str | None  # None: no message, a person
    source_time: datetime | None
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """Messages of one source, held for one reason; `subject` where the patient is a participant."""

    system: str
    reason: str
    subject: str | None
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """An open question; `subject` where it is about a participant's record."""

    id: int
    subject: str | None
    text: str
    source: str | None
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Stuck:
    """Records that a target does not hold yet, for one reason: waiting, refused, or owed for too long."""

    target: str
    kind: str
    state: str
    reason: str | None
    subjects: tuple[str, ...]
    count: int
    since: datetime


def shown(body: dict[str, Any]) -> Said:
    """The fields of a stored appointment that this page shows."""
    return from_json("Appointment", {name: body[name] for name in SHOWN if name in body})


def slots(tx: Tx, since: datetime, until: datetime) -> list[Slot]:
    """Participants' appointments that start in [since, until), in order of start."""
    query = (
        select(records.c.id, records.c.subject, participants.c.arm, records.c.body)
        .join(participants, participants.c.subject == records.c.subject)
        .where(records.c.kind == "Appointment", records.c.starts >= since, records.c.starts < until)
        .order_by(records.c.starts, records.c.subject, records.c.id)
    )
    return [Slot(row.id, row.subject, row.arm, shown(row.body)) for row in tx.all(query)]


def steps(tx: Tx, since: datetime) -> list[Step]:
    """The versions of participants' appointments written since then, in order of record and version."""
    this, prior = record_versions.alias("this"), record_versions.alias("prior")
    query = (
        select(
            this.c.record_id, this.c.version, this.c.at, this.c.body, this.c.why,
            prior.c.body.label("before"),
            records.c.subject, records.c.patient,
            messages.c.system, messages.c.source_time, messages.c.received_at,
        )
        .join(records, records.c.id == this.c.record_id)
        .outerjoin(prior, and_(prior.c.record_id == this.c.record_id, prior.c.version == this.c.version - 1))
        .outerjoin(messages, messages.c.id == this.c.message_id)
        .where(records.c.kind == "Appointment", records.c.subject.is_not(None))
        .where(this.c.at >= since)
        .order_by(this.c.record_id, this.c.version)
    )  # fmt: skip
    return [
        Step(
            record_id=row.record_id,
            version=row.version,
            subject=row.subject,
            at=row.at,
            before=shown(row.before) if row.before is not None else None,
            after=shown(row.body),
            patient=row.patient,
            why=row.why,
            system=row.system,
            source_time=row.source_time,
            received_at=row.received_at,
        )
        for row in tx.all(query)
    ]


def held(tx: Tx, subject: str | None = None) -> list[Held]:
    """Held messages by source, reason and participant, oldest first; of one participant only, where one is named."""
    query = (
        select(
            messages.c.system, messages.c.reason, participants.c.subject,
            func.count().label("count"), func.min(messages.c.received_at).label("since"),
        )
        .outerjoin(patient_numbers, patient_numbers.c.index == messages.c.patient_index)
        .outerjoin(participants, participants.c.patient_id == patient_numbers.c.patient_id)
        .where(messages.c.state == "held", *([participants.c.subject == subject] if subject else []))
        .group_by(messages.c.system, messages.c.reason, participants.c.subject)
        .order_by(func.min(messages.c.received_at))
    )  # fmt: skip
    return [Held(row.system, row.reason or "no reason noted", row.subject, row.count, row.since)
            for row in tx.all(query)]  # fmt: skip


def open_questions(tx: Tx) -> list[Question]:
    """What a person must decide, oldest first."""
    query = (
        select(questions, records.c.subject.label("participant"))
        .outerjoin(records, records.c.id == questions.c.record_id)
        .where(questions.c.state == "open")
        .order_by(questions.c.at, questions.c.id)
    )
    return [Question(row.id, row.participant, row.text, row.source, row.count, row.at) for row in tx.all(query)]


def stuck(tx: Tx, owed_before: datetime, subject: str | None = None) -> list[Stuck]:
    """Owed rows that wait or were refused, and those owed since before then, by target, state and reason."""
    query = (
        select(owed.c.target, records.c.kind, owed.c.state, owed.c.reason, owed.c.since, records.c.subject)
        .join(records, records.c.id == owed.c.record_id)
        .where(owed.c.state.in_(("waiting", "refused", "owed")), records.c.subject.is_not(None))
        .where((owed.c.state != "owed") | (owed.c.since < owed_before))
        .where(*([records.c.subject == subject] if subject else []))
        .order_by(owed.c.since, owed.c.record_id)
    )
    groups: dict[tuple[str, str, str, str | None], list[Any]] = {}
    for row in tx.all(query):
        reason = None if row.state == "owed" else row.reason  # of an owed row: the last try, which differs by row
        groups.setdefault((row.target, row.kind, row.state, reason), []).append(row)
    return [
        Stuck(*key, tuple(sorted({row.subject for row in rows})), len(rows), rows[0].since)
        for key, rows in groups.items()
    ]


def participants_known(tx: Tx) -> int:
    """How many participants there are."""
    return int(tx.value(select(func.count()).select_from(participants)))


def next_start(tx: Tx, after: datetime) -> datetime | None:
    """When the next appointment of a participant starts."""
    ahead = (records.c.kind == "Appointment", records.c.starts >= after, records.c.subject.is_not(None))
    found: datetime | None = tx.value(select(func.min(records.c.starts)).where(*ahead))
    return found


def last_heard(tx: Tx, after: int = 0) -> dict[str, tuple[int, datetime]]:
    """Of each source its newest message with a receipt number above `after`: number and time of receipt."""
    newest = select(func.max(messages.c.id)).where(messages.c.id > after).group_by(messages.c.source)
    query = select(messages.c.source, messages.c.id, messages.c.received_at).where(messages.c.id.in_(newest))
    return {row.source: (row.id, row.received_at) for row in tx.all(query)}


def seen_until(tx: Tx) -> datetime | None:
    """Up to when the moves are marked as seen."""
    value = facts.get(tx, SEEN)
    return datetime.fromisoformat(value) if value else None


def mark_seen(tx: Tx, until: datetime) -> None:
    """Marks the moves written up to then as seen; never takes a later mark back."""
    known = seen_until(tx)
    if known is None or known < until:
        facts.put(tx, SEEN, until.isoformat())


def mark(tx: Tx) -> str:
    """A text that differs when anything on the page may differ; reads a few index entries only.

    A new version comes with a journal entry and with a message that leaves `received`.
    """
    queue = (
        select(messages.c.state, func.count())
        .where(messages.c.state.in_(("received", "held")))
        .group_by(messages.c.state)
        .order_by(messages.c.state)
    )
    behind = (
        select(owed.c.state, func.count(), func.max(owed.c.updated_at))
        .where(owed.c.state.in_(("owed", "waiting", "refused")))
        .group_by(owed.c.state)
        .order_by(owed.c.state)
    )
    asked = select(func.count(), func.max(questions.c.at)).where(questions.c.state == "open")
    parts = [
        tx.value(select(func.max(messages.c.id))),
        tx.value(select(func.max(journal.c.seq))),
        seen_until(tx),
        *(tuple(row) for query in (queue, behind, asked) for row in tx.all(query)),
    ]
    return repr(parts)
