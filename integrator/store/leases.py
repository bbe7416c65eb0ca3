"""Leases by name: who alone may do a thing for a while (lead the schedule, run an import); and ending dead ones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select, update

from integrator.store.schema import leases, messages, owed
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

c = leases.c

TAKE = Statement(
    lambda insert: (
        insert(leases)
        .values(name=given("name"), holder=given("holder"), until=given("until"))
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": given("holder"), "until": given("until")},
            where=or_(c.holder == given("holder"), c.until <= given("now")),
        )
    )
)
"""Takes or renews a lease that is free, over, or this holder's."""


def take(tx: Tx, name: str, holder: str, now: datetime, until: datetime) -> bool:
    """Takes or renews a lease; False: another holder has it and its time is not over."""
    return bool(TAKE.run(tx, name=name, holder=holder, now=now, until=until))


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
