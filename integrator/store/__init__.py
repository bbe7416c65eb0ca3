"""The store: messages, records, what is owed, people, questions and the journal; the only room with SQL.

Open it with `open_store`, take a transaction with `store.write()` or `store.read()`, and hand that to the functions of
`messages`, `records`, `owed`, `people`, `questions`, `journal`, `tallies`, `leases`, `faces`, `facts`, `tokens` and
`lists`.
"""

from __future__ import annotations

from pathlib import Path

from integrator.clock import Clock
from integrator.errors import ConfigError
from integrator.store import leases
from integrator.store.sqlite import SqliteDatabase
from integrator.store.transaction import Database, Store, Tx

__all__ = ["Store", "Tx", "open_store"]

FILE, SERVER = "sqlite", ("postgresql", "postgres")


def open_store(url: str, clock: Clock) -> Store:
    """Opens the store at an address and brings it to the schema of this release.

    `sqlite:///PATH` is for this process alone; `postgresql://USER@HOST/DATABASE` may be open in many. ConfigError:
    another process has the file open, its folder is not there, the server cannot be reached or does not let us in,
    it would lose what it has confirmed, or the store was written by a newer release.
    """
    database = _database(url, clock)
    try:
        database.open()
        store = Store(database)
        if store.alone:
            with store.write() as tx:
                leases.end_all(tx)  # whoever held them is gone; of many processes leases end by time
    except BaseException as error:
        database.close()
        if isinstance(error, database.errors):
            raise ConfigError(f"the store {url} cannot be opened: {database.words(error)}") from error
        raise
    return store


def _database(url: str, clock: Clock) -> Database:
    scheme, _, path = url.partition("://")
    if scheme == FILE and path.startswith("/") and len(path) > 1:
        return SqliteDatabase(Path(path[1:]), clock.now())
    if scheme in SERVER:
        try:
            from integrator.store.postgres import PostgresDatabase
        except ModuleNotFoundError as missing:
            raise ConfigError(f"a store in PostgreSQL needs {missing.name}: install integrator[postgres]") from missing
        return PostgresDatabase(url)
    raise ConfigError(
        f"store {url!r} is not known; write sqlite:///PATH, with four slashes for an absolute path, "
        "or postgresql://USER@HOST/DATABASE"
    )
