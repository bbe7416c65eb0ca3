"""What the pages of participants ask the store: everyone in one line, and all that is kept of one of them.

Bodies come as they are stored; whoever has the keys opens them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from integrator.store.schema import (
    identity_changes,
    journal,
    message_records,
    messages,
    participants,
    patient_numbers,
    questions,
    record_versions,
    records,
)
from integrator.store.today import Question
from integrator.store.transaction import Tx

q = questions.c
OF_TREATMENTS = ("given",)  # causes of questions about a fraction, named by its key
OF_FEEDS = ("late",)  # causes of questions about a source, whoever's message raised them
ENTERED = "entered"  # what the journal says of an entry


@dataclass(frozen=True, slots=True)
class Person:
    """A participant as the list shows them."""

    subject: str
    arm: str | None
    status: str | None  # of their own record
    since: str | None  # YYYY-MM-DD from which it holds


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record beside the version before (None: it is the first), and who brought it."""

    record_id: int
    kind: str
    key: str
    version: int
    at: datetime  # when we wrote it
    before: dict[str, Any] | None
    body: dict[str, Any]
    changed: tuple[str, ...]
    patient: bytes | None
    why: bytes | None  # sealed
    message_id: int | None  # None: read again from what was kept
    type: str | None  # of the message: SIU
    system: str | None
    source_time: datetime | None
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Aside:
    """A message of a participant's patient that made no record."""

    type: str
    event: str
    system: str
    source_time: datetime
    reason: str


def everyone(tx: Tx) -> list[Person]:
    """All participants with the status of their record, by subject code."""
    own = and_(records.c.kind == "Participant", records.c.key == participants.c.subject)
    query = (
        select(participants.c.subject, participants.c.arm, records.c.status, records.c.body)
        .outerjoin(records, own)
        .order_by(participants.c.subject)
    )
    return [Person(row.subject, row.arm, row.status, (row.body or {}).get("since")) for row in tx.all(query)]


def appointments(tx: Tx) -> list[tuple[str, dict[str, Any]]]:
    """Every appointment of a participant as it stands: subject code and body, in order of start."""
    query = (
        select(records.c.subject, records.c.body)
        .join(participants, participants.c.subject == records.c.subject)
        .where(records.c.kind == "Appointment")
        .order_by(records.c.starts, records.c.id)
    )
    return [(row.subject, row.body) for row in tx.all(query)]


def versions(tx: Tx, subject: str) -> list[Version]:
    """Every version of every record of a participant, in order of record and version."""
    this, prior = record_versions.alias("this"), record_versions.alias("prior")
    query = (
        select(
            this.c.record_id, records.c.kind, records.c.key, this.c.version, this.c.at, prior.c.body.label("before"),
            this.c.body, this.c.changed, records.c.patient, this.c.why, this.c.message_id, messages.c.type,
            messages.c.system, messages.c.source_time, messages.c.received_at,
        )
        .join(records, records.c.id == this.c.record_id)
        .outerjoin(prior, and_(prior.c.record_id == this.c.record_id, prior.c.version == this.c.version - 1))
        .outerjoin(messages, messages.c.id == this.c.message_id)
        .where(records.c.subject == subject)
        .order_by(this.c.record_id, this.c.version)
    )  # fmt: skip
    names = [name for name in Version.__match_args__ if name != "changed"]
    return [
        Version(changed=tuple(row.changed), **{name: getattr(row, name) for name in names}) for row in tx.all(query)
    ]


def actors(tx: Tx, subject: str) -> dict[int, str]:
    """Who entered what is kept of a participant, by the number of the message that the entry became."""
    query = (
        select(journal.c.message_id, journal.c.actor)
        .join(records, and_(journal.c.object_kind == records.c.kind, journal.c.object_id == records.c.key))
        .where(records.c.subject == subject, journal.c.action == ENTERED, journal.c.message_id.is_not(None))
    )
    return {row.message_id: row.actor for row in tx.all(query)}


def speakers(tx: Tx, subject: str, kind: str) -> dict[int, tuple[str, str, datetime]]:
    """Of each record of a kind the latest message that spoke of it: its type, its system, its source time."""
    latest = (
        select(message_records.c.record_id, func.max(message_records.c.message_id).label("message"))
        .join(records, records.c.id == message_records.c.record_id)
        .where(records.c.subject == subject, records.c.kind == kind)
        .group_by(message_records.c.record_id)
        .subquery()
    )
    query = select(latest.c.record_id, messages.c.type, messages.c.system, messages.c.source_time).join(
        messages, messages.c.id == latest.c.message
    )
    return {row.record_id: (row.type, row.system, row.source_time) for row in tx.all(query)}


def asides(tx: Tx, numbers: Iterable[bytes], reasons: Sequence[str], limit: int = 20) -> list[Aside]:
    """The newest messages about these numbers that made no record for one of these reasons."""
    m = messages.c
    query = (
        select(*[m[name] for name in Aside.__match_args__])
        .where(m.patient_index.in_(list(numbers)), m.state == "unwanted", m.reason.in_(reasons))
        .order_by(m.id.desc())
        .limit(limit)
    )
    return [Aside(*row) for row in tx.all(query)]


def open_questions(tx: Tx, subject: str) -> list[tuple[Question, int | None]]:
    """What a person must decide of a participant, oldest first, each with the record that it is about."""
    query = select(questions, records.c.id.label("about")).where(q.state == "open", participants.c.subject == subject)
    rows = tx.all(query.select_from(_ASKED).order_by(q.at, q.id))
    return [(Question(row.id, subject, row.text, row.source, row.count, row.at), row.about) for row in rows]


def asked_of(tx: Tx) -> list[str]:
    """Whose every open question is, by subject code; those of nobody are left out."""
    query = select(participants.c.subject).select_from(_ASKED).where(q.state == "open")
    return [row.subject for row in tx.all(query.order_by(participants.c.subject, q.id))]


_of_patient = (
    select(messages.c.id)
    .join(patient_numbers, patient_numbers.c.index == messages.c.patient_index)
    .where(messages.c.id == q.message_id, patient_numbers.c.patient_id == participants.c.patient_id)
)
_of_numbers = (
    select(identity_changes.c.id)
    .join(
        patient_numbers,
        patient_numbers.c.index.in_([identity_changes.c.number, identity_changes.c.into, identity_changes.c.out_of]),
    )
    .where(identity_changes.c.message_id == q.message_id, patient_numbers.c.patient_id == participants.c.patient_id)
)
# A question is of a participant: of their record, of them by name, or of a message of their patient or of one that
# speaks of their number. One about a fraction names it by its key: the record may not have been there yet.
# One about a feed is of nobody.
_about = or_(
    records.c.id == q.record_id,
    and_(q.record_id.is_(None), q.cause.in_(OF_TREATMENTS), records.c.kind == "Treatment", records.c.key == q.subject),
)
_ASKED = questions.outerjoin(records, _about).join(
    participants,
    q.cause.not_in(OF_FEEDS)
    & or_(
        records.c.subject == participants.c.subject,
        q.subject == participants.c.subject,
        _of_patient.exists(),
        _of_numbers.exists(),
    ),
)
