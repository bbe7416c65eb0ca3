"""Messages: bytes made durable, found again by control id, leased to workers, settled with a state and a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Column, Select, func, select, update

from integrator.store.schema import MESSAGE_STATES, comes_from, message_records, messages
from integrator.store.statement import Statement, among, given
from integrator.store.transaction import Tx
from integrator.store.twins import Twin as Twin
from integrator.store.twins import twins as twins
from integrator.store.twins import twins_of as twins_of

m = messages.c
KEEP: Any = object()  # "leave this column as it is"


class NewMessage(NamedTuple):
    """What receive stores. `state` is "received", or "held" (with a reason) where the bytes cannot be read at all."""

    source: str
    system: str
    control_id: str
    digest: bytes
    sent_at: str
    received_at: datetime
    source_time: datetime
    type: str
    event: str
    body: bytes  # sealed
    body_key: bytes  # wrapped
    body_key_of: str
    size: int
    format: str = "hl7v2"
    version: str = ""
    processing_id: str = ""
    facility: str = ""
    source_time_note: str | None = None
    patient_index: bytes | None = None
    state: str = "received"
    reason: str | None = None
    detail: bytes | None = None
    answer: str | None = None
    ack_wanted: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A message without its body."""

    id: int
    source: str
    system: str
    control_id: str
    digest: bytes
    sent_at: str
    received_at: datetime
    source_time: datetime
    source_time_note: str | None
    format: str
    type: str
    event: str
    version: str
    processing_id: str
    facility: str
    patient_index: bytes | None
    state: str
    reason: str | None
    detail: bytes | None
    face: str | None
    release: str | None
    body_key_of: str | None
    size: int
    answer: str | None
    ack_wanted: str | None
    erase_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stored(Listed):
    """A message with its sealed body and wrapped data key; both None once it was erased."""

    body: bytes | None
    body_key: bytes | None


def _columns(model: type) -> list[Column[Any]]:
    return [messages.c[name] for name in model.__match_args__]  # type: ignore[attr-defined]


LISTED, STORED = _columns(Listed), _columns(Stored)
GET = Statement(select(*STORED).where(m.id == given("number")))
"""One message with its body."""

_free = (
    select(m.id)
    .where(m.state == "received", m.leased_until.is_(None) | (m.leased_until <= given("now")))
    .order_by(m.id)
    .limit(given("n"))
    .with_for_update(skip_locked=True)
    .cte("free")  # so that PostgreSQL looks for them once
)

LEASE = Statement(
    update(messages)
    .where(m.id.in_(select(_free.c.id)))
    .values(leased_until=given("until"), holder=given("holder"))
    .returning(*STORED)
)
"""Takes the oldest received messages that nobody holds; two workers never get the same one."""

OF_RECORD = Statement(
    select(*STORED)
    .where(m.id.in_(select(message_records.c.message_id).where(message_records.c.record_id == given("record_id"))))
    .order_by(m.id)
)
"""The messages that spoke of one record, oldest first."""

_COUNT = select(m.state, func.count()).group_by(m.state)

COUNTS = Statement(_COUNT)
"""How many messages are in each state."""

ERASE_DUE = Statement(
    update(messages).where(m.erase_at <= given("now")).values(body=None, body_key=None, detail=None, erase_at=None)
)
"""Erases bodies whose time has come."""


@cache
def settling(state: str, columns: tuple[str, ...]) -> Statement:
    """Gives a message this state, from those that have an arrow to it, with these columns beside."""
    before = comes_from(MESSAGE_STATES, state)
    values = {name: given(name) for name in columns}
    where = update(messages).where(m.id == given("number"), among(m.state, before))
    return Statement(where.values(state=state, leased_until=None, holder=None, **values), once=("number",))


def append(tx: Tx, new: Sequence[NewMessage]) -> list[int]:
    """Stores new messages in this order and returns their receipt numbers, which count up."""
    return tx.database.append(tx, messages, NewMessage._fields, new) if new else []


def get(tx: Tx, number: int) -> Stored | None:
    """One message by its receipt number."""
    row = GET.first(tx, number=number)
    return Stored(*row) if row else None


def lease(tx: Tx, n: int, holder: str, now: datetime, until: datetime) -> list[Stored]:
    """Takes up to n `received` messages, oldest first, that nobody holds or whose lease is over."""
    taken = [Stored(*row) for row in LEASE.all(tx, n=n, holder=holder, now=now, until=until)]
    return sorted(taken, key=attrgetter("id"))


def settle(
    tx: Tx,
    number: int,
    state: str,
    reason: str | None = None,
    detail: bytes | None = None,
    face: str | None = KEEP,
    release: str | None = KEEP,
    patient_index: bytes | None = KEEP,
    body_key: bytes | None = KEEP,
    body_key_of: str | None = KEEP,
    erase_at: datetime | None = None,
    unasked: bool = False,
) -> bool:
    """Gives a message its state and ends its lease; what is not given of the later columns stays as it was.

    False: it is in no state that has an arrow to this one (somebody else settled it); nothing was changed.
    `unasked`: nobody wants to know; it is done together with others, and the answer is True.
    """
    values = {"reason": reason, "detail": detail, "erase_at": erase_at}
    kept = {
        "face": face,
        "release": release,
        "patient_index": patient_index,
        "body_key": body_key,
        "body_key_of": body_key_of,
    }
    values.update((name, value) for name, value in kept.items() if value is not KEEP)
    statement = settling(state, tuple(values))
    if unasked:
        statement.later(tx, number=number, **values)
        return True
    return bool(statement.run(tx, number=number, **values))


def reopen(tx: Tx, ids: Iterable[int]) -> int:
    """Makes messages `received` again, so that they are read anew; those already erased stay. Returns how many."""
    before = comes_from(MESSAGE_STATES, "received")
    count = 0
    for part in _parts(list(ids)):
        count += tx.changed(
            update(messages)
            .where(m.id.in_(part), m.state.in_(before), m.body.is_not(None))
            .values(state="received", reason=None, detail=None, leased_until=None, holder=None)
        )
    return count


def _parts(ids: list[int], size: int = 500) -> Iterable[list[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def of_patient(tx: Tx, index: bytes, state: str | None = None) -> list[Listed]:
    """The messages about one patient, oldest first; of one state where it is given."""
    found = select(*LISTED).where(m.patient_index == index).order_by(m.id)
    return _listed(tx, found if state is None else found.where(m.state == state))


def of_record(tx: Tx, record_id: int) -> list[Stored]:
    """The messages that spoke of a record, oldest first: what folding from nothing reads."""
    return [Stored(*row) for row in OF_RECORD.all(tx, record_id=record_id)]


def page(
    tx: Tx,
    state: str | None = None,
    source: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Listed]:
    """The newest messages below a receipt number, newest first."""
    found = select(*LISTED).order_by(m.id.desc()).limit(limit)
    if state is not None:
        found = found.where(m.state == state)
    if source is not None:
        found = found.where(m.source == source)
    return _listed(tx, found if before is None else found.where(m.id < before))


def _listed(tx: Tx, found: Select[Any]) -> list[Listed]:
    return [Listed(*row) for row in tx.all(found)]


def counts(tx: Tx, only: str | None = None, without: str | None = None) -> dict[str, int]:
    """How many messages are in each state; every state is named. Of `only` one source, or of all `without` one."""
    if only is not None:
        rows = tx.all(_COUNT.where(m.source == only))
    elif without is not None:
        rows = tx.all(_COUNT.where(m.source != without))
    else:
        rows = COUNTS.all(tx)
    found = dict(rows)
    return {state: found.get(state, 0) for state in MESSAGE_STATES}


def erase_due(tx: Tx, now: datetime) -> int:
    """Erases body, data key and detail of every message whose time has come; the row stays. Returns how many."""
    return ERASE_DUE.run(tx, now=now)
