"""Records: the trial's facts as they are now, their versions, and which messages spoke of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from integrator.errors import RetryLater
from integrator.store.schema import message_records, record_versions, records
from integrator.store.transaction import Tx

r, v = records.c, record_versions.c


@dataclass(frozen=True, slots=True)
class Row:
    """One record. `id` None and `version` 0: not saved yet. Texts of persons in body and claims are sealed."""

    kind: str
    key: str
    body: dict[str, Any]  # the winning value of each field
    claims: dict[str, Any]  # the latest claim of each system for each field
    changed_at: datetime
    id: int | None = None
    version: int = 0
    patient: bytes | None = None  # blind index of the number
    study: str | None = None
    subject: str | None = None
    starts: datetime | None = None
    status: str | None = None

    @property
    def number(self) -> int:
        """The id of a saved record."""
        if self.id is None:
            raise ValueError(f"{self.kind} {self.key} is not saved")
        return self.id


@dataclass(frozen=True, slots=True)
class Change:
    """What makes a new version: the fields that differ, the message that brought them, and why (sealed)."""

    changed: list[str]
    message_id: int | None
    at: datetime
    why: bytes | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record, as it was."""

    record_id: int
    version: int
    body: dict[str, Any]
    changed: list[str] = field(default_factory=list)
    message_id: int | None = None
    why: bytes | None = None
    at: datetime | None = None


COLUMNS = [records.c[name] for name in Row.__match_args__]
VERSION = [record_versions.c[name] for name in Version.__match_args__]


def get(tx: Tx, kind: str, key: str) -> Row | None:
    """One record by its key. Within a write transaction nobody changes it until the end."""
    row = tx.first(select(*COLUMNS).where(r.kind == kind, r.key == key).with_for_update())
    return Row(*row) if row else None


def by_id(tx: Tx, record_id: int) -> Row | None:
    """One record by its number."""
    row = tx.first(select(*COLUMNS).where(r.id == record_id))
    return Row(*row) if row else None


def save(tx: Tx, row: Row, change: Change | None) -> Row:
    """Saves a record as it stands after a fold and returns it with id and version.

    With `change` it becomes the next version and keeps the one before; without, only the claims were renewed.
    RetryLater: it was changed since it was read (only where more than one process writes).
    """
    fresh = replace(row, version=row.version + 1) if change or row.id is None else row
    values = {column.name: getattr(fresh, column.name) for column in COLUMNS if column.name != "id"}
    if row.id is None:
        fresh = replace(fresh, id=tx.run(insert(records).returning(r.id), values).scalar_one())
    else:
        done = tx.changed(update(records).where(r.id == row.id, r.version == row.version).values(**values))
        if not done:
            raise RetryLater(f"{row.kind} {row.id} was changed by another process")
    if change is not None:
        keep = {"record_id": fresh.id, "version": fresh.version, "body": fresh.body}
        what = {"changed": change.changed, "message_id": change.message_id, "why": change.why, "at": change.at}
        tx.run(insert(record_versions), keep | what)
    return fresh


def link(tx: Tx, message_id: int, record_id: int, outcome: str) -> None:
    """Notes that a message spoke of a record and what came of it; said again, the later outcome stands."""
    key = {"message_id": message_id, "record_id": record_id}
    tx.put(message_records, key, {"outcome": outcome})


def links(tx: Tx, message_id: int) -> list[tuple[int, str]]:
    """The records that a message spoke of, each with its outcome."""
    found = select(message_records.c.record_id, message_records.c.outcome)
    rows = tx.all(found.where(message_records.c.message_id == message_id).order_by(message_records.c.record_id))
    return [(record_id, outcome) for record_id, outcome in rows]


def versions(tx: Tx, record_id: int) -> list[Version]:
    """The versions of a record, oldest first."""
    return [Version(*row) for row in tx.all(select(*VERSION).where(v.record_id == record_id).order_by(v.version))]


def of_patient(tx: Tx, index: bytes, kind: str | None = None) -> list[Row]:
    """The records of one patient by blind index, in order of start."""
    found = select(*COLUMNS).where(r.patient == index).order_by(r.starts, r.id)
    return [Row(*row) for row in tx.all(found if kind is None else found.where(r.kind == kind))]


def of_subject(tx: Tx, subject: str, kind: str | None = None) -> list[Row]:
    """The records of one participant by subject code, in order of start."""
    found = select(*COLUMNS).where(r.subject == subject).order_by(r.starts, r.id)
    return [Row(*row) for row in tx.all(found if kind is None else found.where(r.kind == kind))]


def page(tx: Tx, kind: str, after: int = 0, limit: int = 500) -> list[Row]:
    """The records of a kind in order of their number, from one number on: for going over all of them."""
    found = select(*COLUMNS).where(r.kind == kind, r.id > after).order_by(r.id).limit(limit)
    return [Row(*row) for row in tx.all(found)]


def count(tx: Tx, kind: str | None = None) -> int:
    """How many records there are."""
    found = select(func.count()).select_from(records)
    return int(tx.value(found if kind is None else found.where(r.kind == kind)))
