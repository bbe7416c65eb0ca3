"""Records: the trial's facts as they are now, their versions, and which messages spoke of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Text, and_, any_, column, func, insert, or_, select, update
from sqlalchemy.sql import ClauseElement

from integrator.store.schema import message_records, record_versions, records
from integrator.store.statement import Insert, Statement, given
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
    changed: list[str]
    message_id: int | None
    why: bytes | None
    at: datetime


COLUMNS = [records.c[name] for name in Row.__match_args__]
_SAVED = [column.name for column in COLUMNS if column.name != "id"]
_values = {name: given(name) for name in _SAVED}

GET = Statement(select(*COLUMNS).where(r.kind == given("kind"), r.key == given("key")), locks=True)
"""One record by its key."""

_wanted = (
    func.unnest(given("kinds", ARRAY(Text)), given("keys", ARRAY(Text)))
    .table_valued(column("kind", Text), column("key", Text))
    .render_derived("wanted")
)

GET_MANY = Statement(
    select(*COLUMNS).join_from(records, _wanted, and_(r.kind == _wanted.c.kind, r.key == _wanted.c.key)).order_by(r.id),
    locks=True,
)
"""Records by their keys, where they are there; PostgreSQL's."""

BY_ID = Statement(select(*COLUMNS).where(r.id == given("record_id")), locks=True)
"""One record by its number."""

INSERT = Statement(insert(records).values(_values).returning(r.id))
"""A new record."""

NUMBERS = Statement(
    select(func.nextval(func.pg_get_serial_sequence("records", "id"))).select_from(
        func.generate_series(1, given("n", BigInteger())).alias("one")
    )
)
"""Numbers for new records; PostgreSQL's."""

INSERT_NUMBERED = Statement(insert(records).values(_values | {"id": given("record_id")}))
"""A new record with a number that was taken before."""

UPDATE = Statement(
    update(records).where(r.id == given("record_id"), r.version == given("before")).values(_values),
    once=("record_id",),
    lost="a record was changed by another process",
)
"""A record as it is now, if nobody changed it since it was read."""

KEEP_VERSION = Statement(insert(record_versions).values({column.name: given(column.name) for column in v}))
"""One version of a record."""


def _linking(insert: Insert) -> ClauseElement:
    link = insert(message_records).values({column.name: given(column.name) for column in message_records.c})
    return link.on_conflict_do_update(
        index_elements=["message_id", "record_id"], set_={"outcome": link.excluded.outcome}
    )


LINK = Statement(_linking, once=("message_id", "record_id"))
"""That a message spoke of a record, and what came of it."""

LINKS = Statement(
    select(message_records.c.record_id, message_records.c.outcome)
    .where(message_records.c.message_id == given("message_id"))
    .order_by(message_records.c.record_id)
)
"""The records that one message spoke of."""

VERSIONS = Statement(
    select(*[record_versions.c[name] for name in Version.__match_args__])
    .where(v.record_id == given("record_id"))
    .order_by(v.version)
)
"""The versions of one record, oldest first."""

OF_SUBJECT = Statement(select(*COLUMNS).where(r.subject == given("subject")).order_by(r.starts, r.id))
"""The records of one participant, in order of start."""

OF_SUBJECT_AND_KIND = Statement(
    select(*COLUMNS).where(r.subject == given("subject"), r.kind == given("kind")).order_by(r.starts, r.id)
)
"""The same of one kind."""

OF_SUBJECTS = Statement(
    select(*COLUMNS)
    .where(r.subject == any_(given("subjects", ARRAY(Text))), r.kind == given("kind"))
    .order_by(r.starts, r.id)
)
"""The same of many participants; PostgreSQL's."""

PAGE = Statement(
    select(*COLUMNS).where(r.kind == given("kind"), r.id > given("after")).order_by(r.id).limit(given("limit"))
)
"""Some records of a kind, in order of their number."""


def get(tx: Tx, kind: str, key: str) -> Row | None:
    """One record by its key. Within a write transaction nobody else changes it, or makes it, until the end."""
    if (kind, key) in tx.known:
        known: Row | None = tx.known.pop((kind, key))
        return known
    row = GET.first(tx, kind=kind, key=key)
    if row is None and tx.writing and _name(kind, key) not in tx.held:
        tx.lock([_name(kind, key)])
        row = GET.first(tx, kind=kind, key=key)  # another transaction may have made it meanwhile
    return Row(*row) if row else None


def reserve(tx: Tx, keys: Iterable[tuple[str, str]]) -> list[Row]:
    """Before a batch: nobody else changes or makes one of these records until the end; what is there is read at once.

    Taken in one order, so that transactions wait for each other and never crosswise. With SQLite there is nothing to
    be done, and nothing is returned.
    """
    if tx.database.alone:
        return []
    wanted = list(dict.fromkeys(keys))  # numbered in the order in which they are spoken of, as with SQLite
    tx.lock(_name(kind, key) for kind, key in wanted)
    tx.known |= dict.fromkeys(wanted)
    asked = {"kinds": [kind for kind, _ in wanted], "keys": [key for _, key in wanted]}
    found = [Row(*row) for row in GET_MANY.all(tx, **asked)] if wanted else []
    tx.known |= {(row.kind, row.key): row for row in found}
    fresh = [key for key in wanted if tx.known[key] is None]
    numbers = NUMBERS.all(tx, n=len(fresh)) if fresh else []
    tx.known |= {("number for", *key): number for key, (number,) in zip(fresh, numbers, strict=True)}
    return found


def _name(kind: str, key: str) -> str:
    """Under which a record is locked that may not be there yet."""
    return f"{kind} {key}"


def by_id(tx: Tx, record_id: int) -> Row | None:
    """One record by its number. Within a write transaction nobody else changes it until the end."""
    row = BY_ID.first(tx, record_id=record_id)
    return Row(*row) if row else None


def save(tx: Tx, row: Row, change: Change | None) -> Row:
    """Saves a record as it stands after a fold and returns it with id and version.

    With `change` it becomes the next version, which is kept; without, only its claims were renewed.
    RetryLater: it was changed since it was read (only where more than one process writes).
    """
    tx.known.pop((row.kind, row.key), None)
    tx.known.pop(("of", row.subject, row.kind), None)
    number = tx.known.pop(("number for", row.kind, row.key), None)
    fresh = replace(row, version=row.version + 1) if change or row.id is None else row
    values = {name: getattr(fresh, name) for name in _SAVED}
    if row.id is None:
        if number is None:
            number = INSERT.value(tx, **values)
        else:
            INSERT_NUMBERED.later(tx, record_id=number, **values)
        fresh = replace(fresh, id=number)
        tx.known["owed", fresh.id] = []
    else:
        UPDATE.later(tx, record_id=row.id, before=row.version, **values)
    if change is not None:
        what = {"changed": change.changed, "message_id": change.message_id, "why": change.why, "at": change.at}
        KEEP_VERSION.later(tx, record_id=fresh.id, version=fresh.version, body=fresh.body, **what)
    return fresh


def link(tx: Tx, message_id: int, record_id: int, outcome: str) -> None:
    """Notes that a message spoke of a record and what came of it; said again, the later outcome stands."""
    LINK.later(tx, message_id=message_id, record_id=record_id, outcome=outcome)


def links(tx: Tx, message_id: int) -> list[tuple[int, str]]:
    """The records that a message spoke of, each with its outcome."""
    return [(record_id, outcome) for record_id, outcome in LINKS.all(tx, message_id=message_id)]


def versions(tx: Tx, record_id: int) -> list[Version]:
    """The versions of a record, oldest first."""
    return [Version(*row) for row in VERSIONS.all(tx, record_id=record_id)]


def of_patient(tx: Tx, index: bytes, kind: str | None = None) -> list[Row]:
    """The records of one patient by blind index, in order of start."""
    found = select(*COLUMNS).where(r.patient == index).order_by(r.starts, r.id)
    return [Row(*row) for row in tx.all(found if kind is None else found.where(r.kind == kind))]


def of_subject(tx: Tx, subject: str, kind: str | None = None) -> list[Row]:
    """The records of one participant by subject code, in order of start."""
    if kind is None:
        return [Row(*row) for row in OF_SUBJECT.all(tx, subject=subject)]
    if ("of", subject, kind) in tx.known:
        return list(tx.known["of", subject, kind])
    return [Row(*row) for row in OF_SUBJECT_AND_KIND.all(tx, subject=subject, kind=kind)]


def look_ahead(tx: Tx, subjects: Iterable[str], kind: str) -> None:
    """Before a batch: asks once for the records of a kind of these participants, which nobody else makes or changes
    until the end."""
    if tx.database.alone:
        return
    wanted = list(set(subjects))
    tx.known |= {("of", subject, kind): [] for subject in wanted}
    for row in OF_SUBJECTS.all(tx, subjects=wanted, kind=kind) if wanted else ():
        found = Row(*row)
        tx.known["of", found.subject, kind].append(found)


def page(tx: Tx, kind: str, after: int = 0, limit: int = 500) -> list[Row]:
    """The records of a kind in order of their number, after one number: for going over all of them."""
    return [Row(*row) for row in PAGE.all(tx, kind=kind, after=after, limit=limit)]


def named(tx: Tx, text: str, limit: int = 50) -> list[Row]:
    """The records whose key is this text, or ends with it behind a `|`, as a source's own number does."""
    found = select(*COLUMNS).where(or_(r.key == text, r.key.endswith("|" + text, autoescape=True)))
    return [Row(*row) for row in tx.all(found.order_by(r.id).limit(limit))]


def count(tx: Tx, kind: str | None = None) -> int:
    """How many records there are."""
    found = select(func.count()).select_from(records)
    return int(tx.value(found if kind is None else found.where(r.kind == kind)))
