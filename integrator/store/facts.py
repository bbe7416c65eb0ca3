"""Facts: single named values of the installation (which key sealed the store, when the demo's story began)."""

from __future__ import annotations

from sqlalchemy import select

from integrator.store.schema import facts
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

PUT = Statement(
    lambda insert: (
        insert(facts)
        .values(name=given("name"), value=given("value"))
        .on_conflict_do_update(index_elements=["name"], set_={"value": given("value")})
    )
)
"""Sets one fact."""


def get(tx: Tx, name: str) -> str | None:
    """The value of a fact."""
    found: str | None = tx.value(select(facts.c.value).where(facts.c.name == name))
    return found


def put(tx: Tx, name: str, value: str) -> None:
    """Sets the value of a fact."""
    PUT.run(tx, name=name, value=value)
