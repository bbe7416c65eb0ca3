"""Twins: messages that came with one control id from one source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from sqlalchemy import ARRAY, Text, and_, column, func, select

from integrator.store.schema import messages
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

m = messages.c
LOCKS = 128  # for control ids: so many at most are held at once, however many messages come together


@dataclass(frozen=True, slots=True)
class Twin:
    """A message that came with the same control id from the same source."""

    id: int
    digest: bytes
    sent_at: str
    state: str
    reason: str | None
    answer: str | None


TWINS = Statement(
    select(m.id, m.digest, m.sent_at, m.state, m.reason, m.answer)
    .where(m.source == given("source"), m.control_id == given("control_id"))
    .order_by(m.id)
)
"""The messages of one source with one control id, oldest first."""

_pairs = (
    func.unnest(given("sources", ARRAY(Text)), given("control_ids", ARRAY(Text)))
    .table_valued(column("source", Text), column("control_id", Text), with_ordinality="place")
    .render_derived("wanted")
)

TWINS_OF_MANY = Statement(
    select(_pairs.c.place, m.id, m.digest, m.sent_at, m.state, m.reason, m.answer)
    .join(messages, and_(m.source == _pairs.c.source, m.control_id == _pairs.c.control_id))
    .order_by(m.id)
)
"""The same of many pairs, each with its place among them."""


def twins(tx: Tx, source: str, control_id: str) -> list[Twin]:
    """The messages of this source with this control id, oldest first."""
    return [Twin(*row) for row in TWINS.all(tx, source=source, control_id=control_id)]


def twins_of(tx: Tx, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[Twin]]:
    """The same of many pairs of source and control id; nobody else stores one of these until the transaction ends."""
    wanted = list(set(pairs))
    if tx.database.alone:  # in this process: one by one is as quick
        return {pair: twins(tx, *pair) for pair in wanted}
    tx.lock(f"twins {source} {crc32(control_id.encode('utf-8', 'replace')) % LOCKS}" for source, control_id in wanted)
    found: dict[tuple[str, str], list[Twin]] = {pair: [] for pair in wanted}
    sources, control_ids = zip(*wanted, strict=True) if wanted else ((), ())
    for place, *twin in TWINS_OF_MANY.all(tx, sources=list(sources), control_ids=list(control_ids)):
        found[wanted[place - 1]].append(Twin(*twin))
    return found
