"""Application acknowledgements of enhanced mode: which messages still want one after they were worked on."""

from __future__ import annotations

from sqlalchemy import select, update

from integrator.store.messages import STORED, Stored, m
from integrator.store.schema import messages
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

WANTED = Statement(
    select(*STORED)
    .where(m.ack_wanted.is_not(None), m.source == given("source"), m.state != "received")
    .order_by(m.id)
    .limit(given("limit"))
)
"""Messages of one source that were worked on and want an application acknowledgement, oldest first."""

DONE = Statement(update(messages).where(m.id == given("number")).values(ack_wanted=None))
"""An acknowledgement was taken by the other side, or none is due."""


def wanted(tx: Tx, source: str, limit: int) -> list[Stored]:
    """The messages of a source whose application acknowledgement is due now, oldest first."""
    return [Stored(*row) for row in WANTED.all(tx, source=source, limit=limit)]


def done(tx: Tx, number: int) -> None:
    """The acknowledgement of a message needs nothing more."""
    DONE.run(tx, number=number)
