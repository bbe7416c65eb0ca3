"""Faces: the text of every mapping file, map and site file that ever read or wrote, by its hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from integrator.store.schema import faces
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

KEEP = Statement(
    lambda insert: (
        insert(faces)
        .values({column.name: given(column.name) for column in faces.c})
        .on_conflict_do_nothing(index_elements=["hash"])
    )
)
"""Keeps a face's text under its hash, unless it is there."""


def keep(tx: Tx, digest: str, name: str, text: str, now: datetime) -> bool:
    """Keeps a face's text; True: it was not known."""
    return bool(KEEP.run(tx, hash=digest, name=name, text=text, at=now))


def get(tx: Tx, digest: str) -> tuple[str, str] | None:
    """Name and text of a face by its hash."""
    row = tx.first(select(faces.c.name, faces.c.text).where(faces.c.hash == digest))
    return (row[0], row[1]) if row else None
