"""Tokens: what a program shows at the JSON API; only their digests are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from integrator.store.schema import tokens
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

t = tokens.c


@dataclass(frozen=True, slots=True)
class Token:
    """One token as it is kept. `ending`: its last four characters."""

    name: str
    digest: bytes
    ending: str
    made_at: datetime
    expires: datetime


COLUMNS = [tokens.c[name] for name in Token.__match_args__]

ADD = Statement(
    lambda insert: (
        insert(tokens)
        .values({column.name: given(column.name) for column in COLUMNS})
        .on_conflict_do_nothing(index_elements=["name"])
    )
)
"""Keeps a token, unless there is one of its name."""

EVERYONE = Statement(select(*COLUMNS).order_by(t.name))
"""All tokens; asked at each call of the API."""


def add(tx: Tx, token: Token) -> bool:
    """Keeps a token. False: there is one of this name."""
    return bool(ADD.run(tx, **{name: getattr(token, name) for name in Token.__match_args__}))


def everyone(tx: Tx) -> list[Token]:
    """All tokens, by name; expired ones too."""
    return [Token(*row) for row in EVERYONE.all(tx)]


def remove(tx: Tx, name: str) -> bool:
    """Forgets a token. False: there is none of this name."""
    return bool(tx.changed(delete(tokens).where(t.name == name)))
