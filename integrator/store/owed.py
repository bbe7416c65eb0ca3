"""Owed: what each target must still be told of each record, and the ids under which targets hold our records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, case, func, or_, select, tuple_, update
from sqlalchemy.sql import ClauseElement

from integrator.store.schema import OWED_STATES, owed
from integrator.store.statement import Insert, Statement, given
from integrator.store.target_ids import TargetId as TargetId
from integrator.store.target_ids import all_known as all_known
from integrator.store.target_ids import forget as forget
from integrator.store.target_ids import held_as as held_as
from integrator.store.target_ids import holding as holding
from integrator.store.target_ids import known as known
from integrator.store.target_ids import remember as remember
from integrator.store.transaction import Tx

o = owed.c
KEEP: Any = object()  # "leave this column as it is"


@dataclass(frozen=True, slots=True)
class Owed:
    """One row: this target, this record, in this face. `marks` says which marking a worker saw."""

    target: str
    record_id: int
    face: str
    state: str
    reason: str | None
    due_at: datetime | None
    attempts: int
    since: datetime
    marks: int
    digest: bytes | None
    leased_until: datetime | None
    holder: str | None
    answer: bytes | None
    updated_at: datetime

    @property
    def key(self) -> dict[str, Any]:
        """The row's primary key."""
        return {"target": self.target, "record_id": self.record_id, "face": self.face}


OWED = [owed.c[name] for name in Owed.__match_args__]
KEY = (o.target == given("target"), o.record_id == given("record_id"), o.face == given("face"))

GET = Statement(select(*OWED).where(*KEY), locks=True)
"""One row by its key."""

_marked = {name: given(name) for name in ("state", "reason", "due_at", "updated_at")}


def _marking(insert: Insert) -> ClauseElement:
    key = {column.name: given(column.name) for column in owed.primary_key}
    mark = insert(owed).values(**key, attempts=0, marks=1, since=given("updated_at"), **_marked)
    since = case((o.state == mark.excluded.state, o.since), else_=mark.excluded.updated_at)
    again = {"attempts": 0, "marks": o.marks + 1, "since": since}
    return mark.on_conflict_do_update(
        index_elements=list(key), set_=again | {name: mark.excluded[name] for name in _marked}
    )


MARK = Statement(_marking, once=("target", "record_id", "face"))
"""A row owed (or waiting) anew, whatever it was before; its lease stays."""


def _leasing(*only: ColumnElement[bool]) -> Statement:
    due = (
        select(o.target, o.record_id, o.face)
        .where(o.due_at <= given("now"), or_(o.leased_until.is_(None), o.leased_until <= given("now")), *only)
        .order_by(o.due_at)
        .limit(given("n"))
        .with_for_update(skip_locked=True)
        .cte("due")  # so that PostgreSQL looks for them once
    )
    taken = update(owed).where(tuple_(o.target, o.record_id, o.face).in_(select(*due.c)))
    return Statement(taken.values(leased_until=given("until"), holder=given("holder")).returning(*OWED))


LEASE = _leasing()
"""Takes the rows longest due that nobody holds; two workers never get the same one."""

LEASE_OF_TARGET = _leasing(o.target == given("target"))
"""The same of one target."""


@cache
def settling(columns: tuple[str, ...], unmarked: bool) -> Statement:
    """Ends the lease of a row that this holder still holds; `unmarked`: only if it was not marked since."""
    mine = [o.holder == given("holder"), o.leased_until == given("until")]
    if unmarked:
        mine.append(o.marks == given("marks"))
    values = {name: given(name) for name in columns}
    return Statement(update(owed).where(*KEY, *mine).values(holder=None, leased_until=None, **values))


OF_RECORD = Statement(select(*OWED).where(o.record_id == given("record_id")).order_by(o.target, o.face))
"""Everything that is or was owed of one record."""

OF_MANY = Statement(
    select(*OWED).where(o.record_id == any_(given("record_ids", ARRAY(BigInteger)))).order_by(o.target, o.face)
)
"""The same of many records; PostgreSQL's."""

_free_at = case((o.leased_until > o.due_at, o.leased_until), else_=o.due_at)

NEXT_DUE = Statement(select(func.min(_free_at, type_=o.due_at.type)).where(o.due_at.is_not(None)))
"""When the next row may be taken: it is due, and nobody holds it or the lease is over."""

NEXT_DUE_OF_TARGET = Statement(
    select(func.min(_free_at, type_=o.due_at.type)).where(o.due_at.is_not(None), o.target == given("target"))
)
"""The same of one target."""


def mark(
    tx: Tx,
    target: str,
    record_id: int,
    face: str,
    state: str,
    reason: str | None,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Says that a target must be told (`owed`, due at once) or waits for what `reason` names (`waiting`).

    A row that is being written meanwhile keeps its lease, and is still owed when that write ends.
    """
    tx.known.pop(("owed", record_id), None)
    due = now if state == "owed" and due_at is None else due_at
    key = {"target": target, "record_id": record_id, "face": face}
    MARK.later(tx, **key, state=state, reason=reason, due_at=due, updated_at=now)


def get(tx: Tx, target: str, record_id: int, face: str) -> Owed | None:
    """One row by its key."""
    row = GET.first(tx, target=target, record_id=record_id, face=face)
    return Owed(*row) if row else None


def lease(tx: Tx, n: int, holder: str, now: datetime, until: datetime, target: str | None = None) -> list[Owed]:
    """Takes up to n rows that are due, longest due first, that nobody holds or whose lease is over."""
    when = {"n": n, "holder": holder, "now": now, "until": until}
    rows = LEASE.all(tx, **when) if target is None else LEASE_OF_TARGET.all(tx, target=target, **when)
    return sorted((Owed(*row) for row in rows), key=lambda row: (row.due_at or now, row.record_id))


def settle(
    tx: Tx,
    row: Owed,
    state: str,
    now: datetime,
    reason: str | None = None,
    due_at: datetime | None = None,
    attempts: int = 0,
    answer: bytes | None = KEEP,
    digest: bytes | None = KEEP,
) -> bool:
    """Ends the lease of a row with what came of the write.

    False: the row was marked again since it was leased, so it stays as it was marked; digest and answer are kept all
    the same. Also False, and nothing is kept, if the lease was over and another worker has it now.
    """
    if state not in OWED_STATES[row.state]:
        raise ValueError(f"an owed row does not go from {row.state} to {state}")
    mine = {**row.key, "holder": row.holder, "until": row.leased_until}
    kept = {name: value for name, value in (("answer", answer), ("digest", digest)) if value is not KEEP}
    facts = {"updated_at": now, **kept}
    since = row.since if state == row.state else now
    outcome = {"state": state, "reason": reason, "due_at": due_at, "attempts": attempts, "since": since, **facts}
    if settling(tuple(outcome), unmarked=True).run(tx, **mine, marks=row.marks, **outcome):
        return True
    settling(tuple(facts), unmarked=False).run(tx, **mine, **facts)
    return False


def wake(
    tx: Tx, now: datetime, target: str | None = None, record_id: int | None = None, reason: str | None = None
) -> int:
    """Makes waiting and refused rows owed and due now; narrowed by what is given. Returns how many."""
    asleep = update(owed).where(o.state.in_(("waiting", "refused")))
    given = {"target": target, "record_id": record_id, "reason": reason}
    asleep = asleep.filter_by(**{name: value for name, value in given.items() if value is not None})
    values = {"state": "owed", "reason": None, "due_at": now, "attempts": 0, "since": now, "updated_at": now}
    return tx.changed(asleep.values(**values, marks=o.marks + 1))


def of_record(tx: Tx, record_id: int) -> list[Owed]:
    """Everything that is or was owed of a record."""
    if ("owed", record_id) in tx.known:
        known: list[Owed] = tx.known.pop(("owed", record_id))
        return known
    return [Owed(*row) for row in OF_RECORD.all(tx, record_id=record_id)]


def look_ahead(tx: Tx, record_ids: Sequence[int]) -> None:
    """Before a batch: asks once for what is owed of these records, whose rows nobody else marks until the end."""
    tx.known |= {("owed", record_id): [] for record_id in record_ids}
    for row in OF_MANY.all(tx, record_ids=list(record_ids)) if record_ids else ():
        tx.known["owed", row[1]].append(Owed(*row))


def in_state(tx: Tx, state: str, target: str | None = None, limit: int = 500) -> list[Owed]:
    """Rows in one state, longest in it first."""
    found = select(*OWED).where(o.state == state).order_by(o.since).limit(limit)
    return [Owed(*row) for row in tx.all(found if target is None else found.where(o.target == target))]


def counts(tx: Tx, target: str | None = None) -> dict[str, int]:
    """How many rows are in each state; every state is named."""
    found = select(o.state, func.count()).group_by(o.state)
    rows = {state: n for state, n in tx.all(found if target is None else found.where(o.target == target))}
    return {state: rows.get(state, 0) for state in OWED_STATES}


def next_due(tx: Tx, target: str | None = None) -> datetime | None:
    """When the next row may be taken, of one target where it is given; None if none will be due by itself."""
    found: datetime | None = NEXT_DUE.value(tx) if target is None else NEXT_DUE_OF_TARGET.value(tx, target=target)
    return found
