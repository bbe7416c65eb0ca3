"""People: participants, patients and their numbers, as sealed rows; integrator/identity.py gives them meaning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, LargeBinary, any_, delete, insert, select, update

from integrator.store.schema import participants, patient_numbers, patients
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

p, n = participants.c, patient_numbers.c


@dataclass(frozen=True, slots=True)
class Participant:
    """One participant. Number and second identifier are sealed with the patient's key."""

    id: int
    study: str
    subject: str
    arm: str | None
    consent_from: datetime | None
    consent_until: datetime | None
    scope: str | None
    number_index: bytes
    patient_id: int
    number: bytes
    second: bytes | None
    series: str | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One patient: the wrapped key (None: erased) and the Patient record, sealed whole."""

    id: int
    key: bytes | None
    body: bytes | None
    claims: bytes | None
    version: int
    erased_at: datetime | None


WRAPPED_KEY = Statement(select(patients.c.key).where(patients.c.id == given("patient_id")))
"""The wrapped key of one patient."""

SEALED_NUMBER = Statement(select(n.sealed).where(n.index == given("index")))
"""The sealed identifier behind one blind index."""

WRAPPED_KEYS = Statement(
    select(patients.c.id, patients.c.key).where(patients.c.id == any_(given("patient_ids", ARRAY(BigInteger))))
)
"""The wrapped keys of many patients; PostgreSQL's."""

SEALED_NUMBERS = Statement(select(n.index, n.sealed).where(n.index == any_(given("indexes", ARRAY(LargeBinary)))))
"""The sealed identifiers behind many blind indexes; PostgreSQL's."""

ADD_NUMBER = Statement(
    lambda insert: (
        insert(patient_numbers)
        .values(index=given("index"), patient_id=given("patient_id"), sealed=given("sealed"))
        .on_conflict_do_nothing(index_elements=["index"])
    )
)
"""Keeps a sealed identifier under its blind index, unless there is one."""

BY_SUBJECT = Statement(
    select(*[participants.c[name] for name in Participant.__match_args__]).where(p.subject == given("subject"))
)
"""One participant by subject code."""

CHANGED = "participants"  # what Store.changes counts when somebody is linked, a consent ends or numbers become one
WHO = "who is linked"  # under which a transaction remembers it, until it changes it

PARTICIPANT = [participants.c[name] for name in Participant.__match_args__]

GET = Statement(
    select(*[patients.c[name] for name in PatientRow.__match_args__]).where(patients.c.id == given("patient_id")),
    locks=True,
)
"""One patient by id."""


def begin_change(tx: Tx) -> None:
    """Waits until nobody works by who is linked now, so that no message falls between the old links and the new."""
    tx.lock([CHANGED])


def changed(tx: Tx) -> None:
    """Says that who is linked, or by which numbers, is another now."""
    tx.changes.add(CHANGED)
    tx.known.pop(WHO, None)


def new_patient(tx: Tx) -> int:
    """Makes a patient without key, body and numbers and returns its id; the key is wrapped for that id."""
    return int(tx.value(insert(patients).values(version=0).returning(patients.c.id)))


def set_key(tx: Tx, patient_id: int, key: bytes) -> None:
    """Keeps the wrapped key of a patient."""
    tx.known.clear()
    tx.run(update(patients).where(patients.c.id == patient_id).values(key=key))


def patient(tx: Tx, patient_id: int) -> PatientRow | None:
    """One patient by id. Within a write transaction nobody else changes it until the end."""
    row = GET.first(tx, patient_id=patient_id)
    return PatientRow(*row) if row else None


def save_patient(tx: Tx, patient_id: int, body: bytes, claims: bytes, newer: bool) -> None:
    """Keeps the sealed Patient record of a patient; `newer`: as its next version."""
    values = {"body": body, "claims": claims, "version": patients.c.version + (1 if newer else 0)}
    tx.run(update(patients).where(patients.c.id == patient_id).values(**values))


def erase_patient(tx: Tx, patient_id: int, now: datetime) -> None:
    """Drops a patient's key and record: nothing sealed with that key can be opened again, backups apart."""
    tx.known.clear()
    gone = {"key": None, "body": None, "claims": None, "erased_at": now}
    tx.run(update(patients).where(patients.c.id == patient_id).values(**gone))


def add_number(tx: Tx, index: bytes, patient_id: int, sealed: bytes) -> None:
    """Keeps an identifier of a patient under its blind index; one that is there stays."""
    tx.known.pop(("number", index), None)
    ADD_NUMBER.run(tx, index=index, patient_id=patient_id, sealed=sealed)


def drop_number(tx: Tx, index: bytes, patient_id: int) -> None:
    """Forgets the identifier behind a blind index where it is this patient's, whose it is no longer."""
    tx.known.pop(("number", index), None)
    tx.run(delete(patient_numbers).where(n.index == index, n.patient_id == patient_id))


def wrapped_key(tx: Tx, patient_id: int) -> bytes | None:
    """The wrapped key of a patient; None: there is no such patient, or they were erased."""
    if ("key", patient_id) not in tx.known:
        tx.known["key", patient_id] = WRAPPED_KEY.value(tx, patient_id=patient_id)
    found: bytes | None = tx.known["key", patient_id]
    return found


def sealed_number(tx: Tx, index: bytes) -> bytes | None:
    """The sealed identifier behind a blind index."""
    if ("number", index) not in tx.known:
        tx.known["number", index] = SEALED_NUMBER.value(tx, index=index)
    found: bytes | None = tx.known["number", index]
    return found


def look_ahead(tx: Tx, patient_ids: Iterable[int], indexes: Iterable[bytes]) -> None:
    """Before a batch: asks once for the wrapped keys of these patients and the identifiers behind these indexes."""
    if tx.database.alone:
        return
    ids, wanted = list(set(patient_ids)), list(set(indexes))
    tx.known |= {("key", patient_id): key for patient_id, key in WRAPPED_KEYS.all(tx, patient_ids=ids)}
    tx.known |= {("number", index): None for index in wanted}
    tx.known |= {("number", index): sealed for index, sealed in SEALED_NUMBERS.all(tx, indexes=wanted)}


def patient_of(tx: Tx, index: bytes) -> int | None:
    """Whose identifier this blind index is."""
    found: int | None = tx.value(select(n.patient_id).where(n.index == index))
    return found


def add(tx: Tx, values: dict[str, object]) -> Participant:
    """Adds a participant with these column values."""
    row = tx.first(insert(participants).values(**values).returning(*PARTICIPANT))
    changed(tx)
    return Participant(*row)


def by_subject(tx: Tx, subject: str) -> Participant | None:
    """One participant by subject code."""
    row = BY_SUBJECT.first(tx, subject=subject)
    return Participant(*row) if row else None


def everyone(tx: Tx) -> list[Participant]:
    """All participants, by subject code."""
    return [Participant(*row) for row in tx.all(select(*PARTICIPANT).order_by(p.subject))]


def by_numbers(tx: Tx, indexes: Iterable[bytes]) -> list[Participant]:
    """The participants who are linked by one of these numbers."""
    return [Participant(*row) for row in tx.all(select(*PARTICIPANT).where(p.number_index.in_(list(indexes))))]


def set_arm(tx: Tx, subject: str, arm: str) -> None:
    """Keeps the arm of a participant; the Participant record says since when."""
    tx.run(update(participants).where(p.subject == subject).values(arm=arm))
    changed(tx)


def withdraw(tx: Tx, subject: str, until: datetime, scope: str) -> None:
    """Ends the consent of a participant: from `until` on, for this scope."""
    tx.run(update(participants).where(p.subject == subject).values(consent_until=until, scope=scope))
    changed(tx)
