"""Lists: records, messages and what is owed, page by page and narrowed, as programs ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import literal, select, tuple_

from integrator.store.columns import Json
from integrator.store.messages import LISTED, Listed
from integrator.store.owed import OWED, Owed
from integrator.store.records import COLUMNS, Row
from integrator.store.schema import messages, owed, records
from integrator.store.transaction import Tx

m, o, r = messages.c, owed.c, records.c
_SHOWN = [literal({}, Json).label("claims") if column.name == "claims" else column for column in COLUMNS]


@dataclass(frozen=True, slots=True)
class Owing:
    """One owed row and the record that it is about."""

    row: Owed
    kind: str
    key: str
    subject: str | None


def record_page(
    tx: Tx,
    kind: str,
    limit: int,
    after: int = 0,
    subject: str | None = None,
    status: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Row]:
    """Records of a kind in order of their number, without their claims; `since` and `until` (exclusive) are of their
    start."""
    found = select(*_SHOWN).where(r.kind == kind, r.id > after).order_by(r.id).limit(limit)
    if subject is not None:
        found = found.where(r.subject == subject)
    if status is not None:
        found = found.where(r.status == status)
    if since is not None:
        found = found.where(r.starts >= since)
    if until is not None:
        found = found.where(r.starts < until)
    return [Row(*row) for row in tx.all(found)]


def message_page(
    tx: Tx,
    limit: int,
    before: int | None = None,
    source: str | None = None,
    state: str | None = None,
    type_: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Listed]:
    """Messages without their bodies, newest first; `since` and `until` (exclusive) are of their receipt."""
    found = select(*LISTED).order_by(m.id.desc()).limit(limit)
    if before is not None:
        found = found.where(m.id < before)
    for column, value in ((m.source, source), (m.state, state), (m.type, type_)):
        if value is not None:
            found = found.where(column == value)
    if since is not None:
        found = found.where(m.received_at >= since)
    if until is not None:
        found = found.where(m.received_at < until)
    return [Listed(*row) for row in tx.all(found)]


def owed_page(
    tx: Tx,
    limit: int,
    after: tuple[int, str, str] | None = None,
    target: str | None = None,
    state: str | None = None,
    subject: str | None = None,
    kind: str | None = None,
) -> list[Owing]:
    """Owed rows in order of record, target and face."""
    place: tuple[Any, ...] = (o.record_id, o.target, o.face)
    found = select(*OWED, r.kind, r.key, r.subject).join(records, r.id == o.record_id).order_by(*place).limit(limit)
    if after is not None:
        found = found.where(tuple_(*place) > tuple_(*after))
    for column, value in ((o.target, target), (o.state, state), (r.subject, subject), (r.kind, kind)):
        if value is not None:
            found = found.where(column == value)
    width = len(OWED)
    return [Owing(Owed(*row[:width]), *row[width:]) for row in tx.all(found)]
