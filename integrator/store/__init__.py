"""The store: messages, records, what is owed, people, questions and the journal; the only room with SQL.

Open it with `open_store`, take a transaction with `store.write()` or `store.read()`, and hand that to the functions of
`messages`, `records`, `owed`, `people`, `questions`, `journal`, `tallies`, `leases`, `faces` and `facts`.
"""

from __future__ import annotations

from pathlib import Path

from integrator.clock import Clock
from integrator.errors import ConfigError
from integrator.store import leases
from integrator.store.sqlite import SqliteDatabase
from integrator.store.transaction import Store, Tx

__all__ = ["Store", "Tx", "open_store"]


def open_store(url: str, clock: Clock) -> Store:
    """Opens the store at an address and brings it to the schema of this release.

    `sqlite:///PATH` is for this process alone; a PostgreSQL database may be opened by many. ConfigError: another
    process has the file open, its folder is not there, the store was written by a newer release.
    """
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise ConfigError(f"store {url!r} is not known; write sqlite:///PATH, with four slashes for an absolute path")
    database = SqliteDatabase(Path(path), clock.now())
    try:
        database.open()
        store = Store(database)
        with store.write() as tx:
            leases.end_all(tx)  # there is one process: whoever held them is gone
    except BaseException as error:
        database.close()
        if isinstance(error, database.errors):
            raise ConfigError(f"the store {url} cannot be opened: {database.words(error)}") from error
        raise
    return store
