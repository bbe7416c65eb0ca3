"""The journal: record changes, people's acts, access and configuration, only ever appended to.

Each entry carries the digest of what is stored of it; a sealer chains these digests in batches in a table of its own,
so the entries are never touched again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import insert, select

from integrator.store.columns import micros
from integrator.store.schema import journal
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

j = journal.c


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as it was written."""

    seq: int
    at: datetime
    actor: str
    role: str | None
    action: str
    object_kind: str | None
    object_id: str | None
    object_version: int | None
    message_id: int | None
    outcome: str | None
    detail: dict[str, Any] | None
    digest: bytes


COLUMNS = [journal.c[name] for name in Entry.__match_args__]

WRITE = Statement(insert(journal).inline().values({c.name: given(c.name) for c in COLUMNS if c.name != "seq"}))
"""Appends one entry."""


def write(
    tx: Tx,
    at: datetime,
    actor: str,
    action: str,
    object_kind: str | None = None,
    object_id: str | int | None = None,
    object_version: int | None = None,
    message_id: int | None = None,
    detail: dict[str, Any] | None = None,
    role: str | None = None,
    outcome: str | None = None,
) -> None:
    """Appends one entry. Texts of persons in `detail` must be sealed before."""
    values: dict[str, Any] = {
        "at": at,
        "actor": actor,
        "role": role,
        "action": action,
        "object_kind": object_kind,
        "object_id": None if object_id is None else str(object_id),
        "object_version": object_version,
        "message_id": message_id,
        "outcome": outcome,
        "detail": detail,
    }
    WRITE.later(tx, **values, digest=digest(values))


def digest(values: dict[str, Any]) -> bytes:
    """SHA-256 of the canonical JSON of an entry without seq and digest, `at` in microseconds."""
    plain = {**values, "at": micros(values["at"])}
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).digest()


def about(tx: Tx, object_kind: str, object_id: str | int) -> list[Entry]:
    """The entries about one object, oldest first."""
    found = select(*COLUMNS).where(j.object_kind == object_kind, j.object_id == str(object_id)).order_by(j.seq)
    return [Entry(*row) for row in tx.all(found)]


def since(tx: Tx, seq: int = 0, limit: int = 500) -> list[Entry]:
    """The entries after one, in order."""
    return [Entry(*row) for row in tx.all(select(*COLUMNS).where(j.seq > seq).order_by(j.seq).limit(limit))]
