"""Leases by name: who alone may do a thing for a while (lead the schedule, run an import); and ending dead ones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select, update

from integrator.store.schema import leases, messages, owed
from integrator.store.transaction import Tx

c = leases.c


def take(tx: Tx, name: str, holder: str, now: datetime, until: datetime) -> bool:
    """Takes or renews a lease; False: another holder has it and its time is not over."""
    free = update(leases).where(c.name == name, or_(c.holder == holder, c.until <= now))
    if tx.changed(free.values(holder=holder, until=until)):
        return True
    if tx.first(select(c.name).where(c.name == name)):
        return False
    tx.run(leases.insert().values(name=name, holder=holder, until=until))
    return True


def give_back(tx: Tx, name: str, holder: str) -> None:
    """Ends a lease that this holder has."""
    tx.run(delete(leases).where(c.name == name, c.holder == holder))


def holder(tx: Tx, name: str, now: datetime) -> str | None:
    """Who has a lease now."""
    found: str | None = tx.value(select(c.holder).where(c.name == name, c.until > now))
    return found


def end_of(tx: Tx, holder: str) -> None:
    """Ends the leases of messages and owed rows that a holder has who begins anew, its last work having broken off."""
    for table in (messages, owed):
        tx.run(update(table).where(table.c.holder == holder).values(leased_until=None, holder=None))


def end_all(tx: Tx) -> None:
    """Ends every lease, also of messages and owed rows: where there is one process, whoever held them is gone."""
    tx.run(delete(leases))
    for table in (messages, owed):
        held = table.c.leased_until.is_not(None)
        tx.run(update(table).where(held).values(leased_until=None, holder=None))
