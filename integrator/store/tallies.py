"""Tallies: how often something came from a source, where no message row tells it (truncated frames, junk)."""

from __future__ import annotations

from sqlalchemy import select, update

from integrator.store.schema import tallies
from integrator.store.transaction import Tx

t = tallies.c


def add(tx: Tx, source: str, what: str, n: int = 1) -> None:
    """Counts n more."""
    if not tx.changed(update(tallies).where(t.source == source, t.what == what).values(n=t.n + n)):
        tx.run(tallies.insert().values(source=source, what=what, n=n))


def read(tx: Tx, source: str | None = None) -> dict[tuple[str, str], int]:
    """(source, what) -> how often; of one source where it is given."""
    found = select(t.source, t.what, t.n).order_by(t.source, t.what)
    rows = tx.all(found if source is None else found.where(t.source == source))
    return {(row_source, what): n for row_source, what, n in rows}
