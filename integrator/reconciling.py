"""Reconciling one resource: what a target holds beside what the record says now, field by field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from integrator.delivering import outgoing_of, render_for
from integrator.errors import Waiting
from integrator.house import House
from integrator.merge import changed
from integrator.store import Tx, journal, owed, questions, records
from integrator.store.owed import Owed, TargetId
from integrator.store.records import Row

AGAIN = timedelta(hours=1)  # edited again within this time after we wrote ours: a person must look


@dataclass(frozen=True, slots=True)
class Drift:
    """How one resource of a target stands to its record. `what`: agrees, missing, changed, not compared."""

    target: str
    what: str
    key: str
    subject: str | None
    resource_id: str
    field: str | None = None
    ours: Any = None
    theirs: Any = None
    why: str | None = None  # of what was not compared


def compare(house: House, one: TargetId, dry_run: bool) -> list[Drift]:
    """One drift for each field that differs; where we own it, it is owed again.

    A record that cannot be rendered (its patient was erased, a person must say who it is) is listed with the reason.
    """
    with house.store.read() as tx:
        standing = owed.get(tx, one.target, one.record_id, one.face)
        record = records.by_id(tx, one.record_id)
        if standing is None or record is None:
            raise LookupError(f"target id of record {one.record_id} has no owed row or record")
    about = (record.key, record.subject, f"{one.resource_type}/{one.resource_id}")
    try:
        return _compared(house, one, standing, record, about, dry_run)
    except Waiting as waiting:
        return [Drift(one.target, "not compared", *about, why=waiting.what)]


def _compared(
    house: House, one: TargetId, standing: Owed, record: Row, about: tuple[str, str | None, str], dry_run: bool
) -> list[Drift]:
    with house.store.read() as tx:
        outgoing = outgoing_of(house, tx, standing)
    current = house.targets[one.target].read(one.resource_type, one.resource_id)
    if current is None:
        if not dry_run:
            with house.store.write() as tx:
                ask_missing(tx, one.target, one.record_id, about[2], house.clock.now())
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


def ask_missing(tx: Tx, target: str, record_id: int, resource: str, now: datetime) -> None:
    """The question of what a target no longer has ("Appointment/12"), the same whoever finds it first."""
    text = f"{target} no longer has {resource}; nothing is made again by itself."
    questions.ask(tx, "missing", f"{target}/{record_id}", target, text, now, record_id)
