"""Facts: single named values of the installation (which key sealed the store, when the demo's story began)."""

from __future__ import annotations

from sqlalchemy import select

from integrator.store.schema import facts
from integrator.store.transaction import Tx


def get(tx: Tx, name: str) -> str | None:
    """The value of a fact."""
    found: str | None = tx.value(select(facts.c.value).where(facts.c.name == name))
    return found


def put(tx: Tx, name: str, value: str) -> None:
    """Sets the value of a fact."""
    tx.put(facts, {"name": name}, {"value": value})
