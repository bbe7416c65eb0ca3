"""One fact of a store that nobody opens: for a look at an installation that changes nothing, not even its schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect, select
from sqlalchemy.exc import DBAPIError

from integrator.errors import ConfigError
from integrator.store.schema import facts


def peek(url: str, name: str) -> str | None:
    """The value of a fact in the store at this address; None: it has none, or there is no store yet.

    ConfigError: the store cannot be read now.
    """
    scheme, _, path = url.partition("://")
    if scheme == "sqlite":
        file = Path(path[1:])
        if not file.is_file():
            return None
        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True))
        return _peek(engine, name, (DBAPIError, sqlite3.Error))
    try:
        import psycopg

        from integrator.store import postgres_connection as connections
    except ModuleNotFoundError as missing:
        raise ConfigError(f"a store in PostgreSQL needs {missing.name}: install integrator[postgres]") from missing
    return _peek(connections.engine(connections.place(url), 1, 0), name, (DBAPIError, psycopg.Error))


def _peek(engine: Engine, name: str, errors: tuple[type[Exception], ...]) -> str | None:
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table(facts.name):
                return None
            return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar()
    except errors as wrong:
        raise ConfigError(f"the store cannot be read now: {type(wrong).__name__}") from wrong
    finally:
        engine.dispose()
