"""Target ids: under which id each target holds a record of ours, and what it held when we last agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from integrator.store.schema import target_ids
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

t = target_ids.c


@dataclass(frozen=True, slots=True)
class TargetId:
    """Under which id a target holds a record, and what it held when we last agreed (sealed)."""

    target: str
    record_id: int
    face: str
    resource_type: str
    resource_id: str
    version_id: str | None
    digest: bytes | None
    held: bytes | None
    at: datetime


TARGET_ID = [target_ids.c[name] for name in TargetId.__match_args__]

KNOWN = Statement(
    select(*TARGET_ID).where(t.target == given("target"), t.record_id == given("record_id"), t.face == given("face"))
)
"""The id under which a target holds a record in one face."""

HELD_AS = Statement(
    select(*TARGET_ID).where(t.target == given("target"), t.record_id == given("record_id")).order_by(t.face).limit(1)
)
"""The id under which a target holds a record, in whatever face."""

REMEMBER = Statement(
    lambda insert: (
        insert(target_ids)
        .values({column.name: given(column.name) for column in TARGET_ID})
        .on_conflict_do_update(
            index_elements=["target", "record_id", "face"],
            set_={c.name: given(c.name) for c in TARGET_ID if not c.primary_key},
        )
    )
)
"""Keeps the id under which a target holds a record, and what it held."""

HOLDING = Statement(
    select(*TARGET_ID).where(
        t.target == given("target"), t.resource_type == given("resource_type"), t.resource_id == given("resource_id")
    )
)
"""Which record of ours a target's resource is."""


def known(tx: Tx, target: str, record_id: int, face: str) -> TargetId | None:
    """The id under which a target holds a record in this face."""
    row = KNOWN.first(tx, target=target, record_id=record_id, face=face)
    return TargetId(*row) if row else None


def held_as(tx: Tx, target: str, record_id: int) -> TargetId | None:
    """The id under which a target holds a record, in whatever face."""
    row = HELD_AS.first(tx, target=target, record_id=record_id)
    return TargetId(*row) if row else None


def remember(tx: Tx, held: TargetId) -> None:
    """Keeps the id under which a target holds a record, and what it held."""
    REMEMBER.run(tx, **{name: getattr(held, name) for name in TargetId.__match_args__})


def forget(tx: Tx, target: str, record_id: int, face: str) -> None:
    """Drops a target's id, where it holds that record no longer."""
    tx.changed(target_ids.delete().where(t.target == target, t.record_id == record_id, t.face == face))


def holding(tx: Tx, target: str, resource_type: str, resource_id: str) -> TargetId | None:
    """Which record of ours a target's resource is."""
    row = HOLDING.first(tx, target=target, resource_type=resource_type, resource_id=resource_id)
    return TargetId(*row) if row else None


def all_known(tx: Tx, target: str) -> list[TargetId]:
    """Every id that a target gave us: what reconcile compares."""
    return [TargetId(*row) for row in tx.all(select(*TARGET_ID).where(t.target == target).order_by(t.record_id))]
