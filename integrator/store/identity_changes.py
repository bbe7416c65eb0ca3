"""Identity changes: the append-only ledger of what was said about hospital numbers, as blind indexes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, or_, select

from integrator.store.schema import identity_changes
from integrator.store.transaction import Tx

c = identity_changes.c
PART = 400  # numbers asked for at once


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change, with what came of nobody's hand: the ledger keeps what was said, folding says what stands."""

    id: int
    message_id: int
    place: int
    kind: str
    number: bytes
    into: bytes
    out_of: bytes | None
    undoes: int | None
    at: datetime


COLUMNS = [identity_changes.c[name] for name in ChangeRow.__match_args__]


def append(
    tx: Tx,
    message_id: int,
    place: int,
    kind: str,
    number: bytes,
    into: bytes,
    at: datetime,
    out_of: bytes | None = None,
    undoes: int | None = None,
) -> int:
    """Appends one change of a message and returns its id."""
    values = {
        "message_id": message_id,
        "place": place,
        "kind": kind,
        "number": number,
        "into": into,
        "at": at,
        "out_of": out_of,
        "undoes": undoes,
    }
    return int(tx.value(insert(identity_changes).values(**values).returning(c.id)))


def get(tx: Tx, change_id: int) -> ChangeRow | None:
    """One change by its id."""
    row = tx.first(select(*COLUMNS).where(c.id == change_id))
    return ChangeRow(*row) if row else None


def of_message(tx: Tx, message_id: int) -> list[ChangeRow]:
    """The changes that a message brought, in its order."""
    return [ChangeRow(*row) for row in tx.all(select(*COLUMNS).where(c.message_id == message_id).order_by(c.place))]


def around(tx: Tx, numbers: Iterable[bytes]) -> list[ChangeRow]:
    """Every change that has to do with these numbers, directly or over other numbers, oldest first."""
    found: dict[int, ChangeRow] = {}
    asked: set[bytes] = set()
    wanted = set(numbers)
    while wanted:
        part = set(list(wanted)[:PART])
        asked |= part
        near = or_(c.number.in_(part), c.into.in_(part), c.out_of.in_(part))
        for row in tx.all(select(*COLUMNS).where(near)):
            one = ChangeRow(*row)
            found[one.id] = one
            wanted |= {index for index in (one.number, one.into, one.out_of) if index is not None}
        wanted -= asked
    return [found[number] for number in sorted(found)]
