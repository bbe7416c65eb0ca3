"""Reconciling one resource: what a target holds beside what the record says now, field by field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from integrator.delivering import outgoing_of, render_for
from integrator.house import House
from integrator.merge import changed
from integrator.store import journal, owed, questions, records
from integrator.store.owed import Owed, TargetId
from integrator.store.records import Row

AGAIN = timedelta(hours=1)  # edited again within this time after we wrote ours: a person must look


@dataclass(frozen=True, slots=True)
class Drift:
    """How one resource of a target stands to its record. `what`: agrees, missing, changed."""

    target: str
    what: str
    key: str
    subject: str | None
    resource_id: str
    field: str | None = None
    ours: Any = None
    theirs: Any = None


def compare(house: House, one: TargetId, dry_run: bool) -> list[Drift]:
    """One drift for each field that differs; where we own it, it is owed again."""
    with house.store.read() as tx:
        standing = owed.get(tx, one.target, one.record_id, one.face)
        record = records.by_id(tx, one.record_id)
        if standing is None or record is None:
            raise LookupError(f"target id of record {one.record_id} has no owed row or record")
        outgoing = outgoing_of(house, tx, standing)
    about = (record.key, record.subject, f"{one.resource_type}/{one.resource_id}")
    current = house.targets[one.target].read(one.resource_type, one.resource_id)
    if current is None:
        if not dry_run:
            _ask_missing(house, one, record)
        return [Drift(one.target, "missing", *about)]
    render_for(house, one.target, outgoing)
    wanted = outgoing.onto(current)
    if wanted == current:
        return [Drift(one.target, "agrees", *about)]
    if not dry_run:
        _owe_again(house, one, record, standing)
    target = house.settings.target_named(one.target)
    face = house.faces.writing(record.kind, target.form, target.site or None)
    ours, theirs = face.read(wanted, outgoing.context).said, face.read(current, outgoing.context).said
    fields = sorted(changed(theirs, ours)) or ["an element that we only write"]
    return [Drift(one.target, "changed", *about, field, ours.get(field), theirs.get(field)) for field in fields]


def _owe_again(house: House, one: TargetId, record: Row, standing: Owed) -> None:
    """Ours is written once more; edited again within an hour, a person must look."""
    now, name = house.clock.now(), f"{one.target}/{one.record_id}"
    with house.store.write() as tx:
        before = journal.about(tx, "drift", name)
        again = bool(before) and now - before[-1].at < AGAIN
        journal.write(tx, now, one.target, "changed by the target", "drift", name, record.version)
        owed.remember(tx, replace(one, digest=None))
        reason = "a person: the target changed it again within the hour" if again else "drift"
        owed.mark(tx, one.target, one.record_id, standing.face, "waiting" if again else "owed", reason, now)


def _ask_missing(house: House, one: TargetId, record: Row) -> None:
    text = f"{one.target} no longer has {one.resource_type}/{one.resource_id}; nothing is made again by itself."
    name = f"{one.target}/{one.record_id}"
    with house.store.write() as tx:
        questions.ask(tx, "missing", name, one.target, text, house.clock.now(), record.number)
