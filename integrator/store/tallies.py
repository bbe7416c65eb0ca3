"""Tallies: how often something came from a source, where no message row tells it (truncated frames, junk)."""

from __future__ import annotations

from sqlalchemy import Integer, select

from integrator.store.schema import tallies
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

t = tallies.c

ADD = Statement(
    lambda insert: (
        insert(tallies)
        .values(source=given("source"), what=given("what"), n=given("n"))
        .on_conflict_do_update(index_elements=["source", "what"], set_={"n": t.n + given("n", Integer())})
    )
)
"""Counts some more of one thing from one source."""


def add(tx: Tx, source: str, what: str, n: int = 1) -> None:
    """Counts n more."""
    ADD.run(tx, source=source, what=what, n=n)


def read(tx: Tx, source: str | None = None) -> dict[tuple[str, str], int]:
    """(source, what) -> how often; of one source where it is given."""
    found = select(t.source, t.what, t.n).order_by(t.source, t.what)
    rows = tx.all(found if source is None else found.where(t.source == source))
    return {(row_source, what): n for row_source, what, n in rows}
