"""Messages read again with other faces: going over all that are stored, and noting which face reads them now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from integrator.store.messages import STORED, Stored
from integrator.store.schema import messages
from integrator.store.transaction import Tx

m = messages.c
READ = ("merged", "unchanged", "superseded", "unwanted", "held")  # what the faces in use have read


def stored_before(tx: Tx, number: int | None, since: datetime | None, limit: int) -> list[Stored]:
    """The newest messages below a receipt number that were read and whose bytes are there, newest first."""
    found = select(*STORED).where(m.state.in_(READ), m.body.is_not(None)).order_by(m.id.desc()).limit(limit)
    if number is not None:
        found = found.where(m.id < number)
    if since is not None:
        found = found.where(m.received_at >= since)
    return [Stored(*row) for row in tx.all(found)]


def count(tx: Tx, since: datetime | None = None) -> int:
    """How many such messages there are."""
    found = select(func.count()).select_from(messages).where(m.state.in_(READ), m.body.is_not(None))
    return int(tx.value(found if since is None else found.where(m.received_at >= since)))


def note(tx: Tx, number: int, face: str | None, release: str, detail: bytes | None) -> None:
    """Keeps which face reads a message now, and what it says beside the record; its state stays."""
    tx.run(update(messages).where(m.id == number).values(face=face, release=release, detail=detail))
