"""Faces: the text of every mapping file, map and site file that ever read or wrote, by its hash; and the set in use.

A set is kept as its manifest (a line for each file: hash and path) under its own hash, and the file texts under theirs.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from integrator.store import facts, people
from integrator.store.schema import faces
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

SET = "set of faces"  # the name under which manifests are kept
ACCEPTED = "faces accepted"  # the fact: hash of the set in use
BEFORE = "faces before"  # the fact: hash of the set before, as long as messages are still to be read again
CHANGED = people.CHANGED  # told together with who is linked: both are looked at before each batch

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


def sets(tx: Tx) -> list[tuple[str, datetime]]:
    """The hashes of all sets that were ever in use, and since when they are kept, newest first."""
    found = select(faces.c.hash, faces.c.at).where(faces.c.name == SET).order_by(faces.c.at.desc(), faces.c.hash)
    return [(row[0], row[1]) for row in tx.all(found)]


def accepted(tx: Tx) -> str | None:
    """The hash of the set in use; None: this store never named one."""
    return facts.get(tx, ACCEPTED)


def before(tx: Tx) -> str | None:
    """The set in use before, while messages that it read may still have to be read again; None: there are none."""
    return facts.get(tx, BEFORE) or None


def begin_change(tx: Tx) -> None:
    """Waits until nobody merges what other faces read, and lets nobody begin to."""
    people.begin_change(tx)


def accept(tx: Tx, digest: str, replaced: str | None) -> None:
    """Puts a kept set to use. What `replaced` read may have to be read again, until `finished`."""
    facts.put(tx, ACCEPTED, digest)
    if replaced is not None:
        facts.put(tx, BEFORE, replaced)
    tx.changes.add(CHANGED)


def finished(tx: Tx) -> None:
    """All messages that the set before read were looked at."""
    facts.put(tx, BEFORE, "")
