"""Owed: what each target must still be told of each record, and the ids under which targets hold our records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, tuple_, update

from integrator.store.schema import OWED_STATES, owed, target_ids
from integrator.store.transaction import Tx

o, t = owed.c, target_ids.c
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


@dataclass(frozen=True, slots=True)
class TargetId:
    """Under which id a target holds a record, and what it held when we last agreed (sealed)."""

    target: str
    record_id: int
    face: str
    resource_type: str
    resource_id: str
    version_id: str | None
    digest: bytes | None
    held: bytes | None
    at: datetime


OWED = [owed.c[name] for name in Owed.__match_args__]
TARGET_ID = [target_ids.c[name] for name in TargetId.__match_args__]
KEY = tuple_(o.target, o.record_id, o.face)


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
    due = now if state == "owed" and due_at is None else due_at
    values = {"state": state, "reason": reason, "due_at": due, "attempts": 0, "updated_at": now}
    where = {"target": target, "record_id": record_id, "face": face}
    current = get(tx, target, record_id, face)
    if current is None:
        tx.run(owed.insert().values(**where, **values, since=now, marks=1))
        return
    since = current.since if current.state == state else now
    tx.run(update(owed).filter_by(**where).values(**values, since=since, marks=current.marks + 1))


def get(tx: Tx, target: str, record_id: int, face: str) -> Owed | None:
    """One row by its key."""
    row = tx.first(select(*OWED).where(o.target == target, o.record_id == record_id, o.face == face).with_for_update())
    return Owed(*row) if row else None


def lease(tx: Tx, n: int, holder: str, now: datetime, until: datetime, target: str | None = None) -> list[Owed]:
    """Takes up to n rows that are due, longest due first, that nobody holds or whose lease is over."""
    due = (
        select(o.target, o.record_id, o.face)
        .where(o.due_at <= now, or_(o.leased_until.is_(None), o.leased_until <= now))
        .order_by(o.due_at)
        .limit(n)
        .with_for_update(skip_locked=True)
    )
    if target is not None:
        due = due.where(o.target == target)
    taken = update(owed).where(KEY.in_(due)).values(leased_until=until, holder=holder).returning(*OWED)
    return sorted((Owed(*row) for row in tx.all(taken)), key=lambda row: (row.due_at or now, row.record_id))


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
    mine = update(owed).filter_by(**row.key).where(o.holder == row.holder, o.leased_until == row.leased_until)
    facts = {name: value for name, value in (("answer", answer), ("digest", digest)) if value is not KEEP}
    ended = {"leased_until": None, "holder": None, "updated_at": now, **facts}
    outcome = {"state": state, "reason": reason, "due_at": due_at, "attempts": attempts}
    since = {} if state == row.state else {"since": now}
    if tx.changed(mine.where(o.marks == row.marks).values(**ended, **outcome, **since)):
        return True
    tx.changed(mine.values(**ended))
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
    return [Owed(*row) for row in tx.all(select(*OWED).where(o.record_id == record_id).order_by(o.target, o.face))]


def in_state(tx: Tx, state: str, target: str | None = None, limit: int = 500) -> list[Owed]:
    """Rows in one state, longest in it first."""
    found = select(*OWED).where(o.state == state).order_by(o.since).limit(limit)
    return [Owed(*row) for row in tx.all(found if target is None else found.where(o.target == target))]


def counts(tx: Tx, target: str | None = None) -> dict[str, int]:
    """How many rows are in each state; every state is named."""
    found = select(o.state, func.count()).group_by(o.state)
    rows = {state: n for state, n in tx.all(found if target is None else found.where(o.target == target))}
    return {state: rows.get(state, 0) for state in OWED_STATES}


def next_due(tx: Tx) -> datetime | None:
    """When the next row that nobody holds is due; None if nothing will be by itself."""
    due = select(o.due_at).where(o.due_at.is_not(None), o.leased_until.is_(None)).order_by(o.due_at).limit(1)
    found: datetime | None = tx.value(due)
    return found


def known(tx: Tx, target: str, record_id: int, face: str | None = None) -> TargetId | None:
    """The id under which a target holds a record; of any face, where none is named."""
    found = select(*TARGET_ID).where(t.target == target, t.record_id == record_id).order_by(t.face)
    row = tx.first(found if face is None else found.where(t.face == face))
    return TargetId(*row) if row else None


def remember(tx: Tx, held: TargetId) -> None:
    """Keeps the id under which a target holds a record, and what it held."""
    values: dict[str, Any] = {name: getattr(held, name) for name in TargetId.__match_args__}
    key = {name: values.pop(name) for name in ("target", "record_id", "face")}
    tx.put(target_ids, key, values)


def forget(tx: Tx, target: str, record_id: int, face: str) -> None:
    """Drops a target's id, where it holds that record no longer."""
    tx.run(target_ids.delete().where(t.target == target, t.record_id == record_id, t.face == face))


def holding(tx: Tx, target: str, resource_type: str, resource_id: str) -> TargetId | None:
    """Which record of ours a target's resource is."""
    found = select(*TARGET_ID).where(t.target == target, t.resource_type == resource_type, t.resource_id == resource_id)
    row = tx.first(found)
    return TargetId(*row) if row else None


def all_known(tx: Tx, target: str) -> list[TargetId]:
    """Every id that a target gave us: what reconcile compares."""
    return [TargetId(*row) for row in tx.all(select(*TARGET_ID).where(t.target == target).order_by(t.record_id))]
