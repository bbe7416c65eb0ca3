"""All that is SQLite's own: connections and their pragmas, receipt numbers, guards of the journal, errors that pass.

SQLite before 3.51.3 can lose committed writes when one connection resets the write-ahead log while another writes
(docs/decisions/0001). So exactly one connection of one process writes and checkpoints; readers do neither.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from integrator.errors import ConfigError, RetryLater
from integrator.store.lock import StoreLock
from integrator.store.migrate import migrate
from integrator.store.statement import Statement, given
from integrator.store.together import Together
from integrator.store.transaction import Tx
from integrator.store.turns import Turns

CHECKPOINT_PAGES = (
    1000  # 4 MB of log between two checkpoints: each stops the writer for some milliseconds, more would for longer
)
READERS = 8  # connections kept open; more are opened when all are in use
BEGIN_WRITING = "BEGIN IMMEDIATE"
WRITER_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # the log is synced at every commit: durable against loss of power
    "foreign_keys = ON",
    "busy_timeout = 5000",
    "secure_delete = ON",  # an erased key is overwritten, not only unlinked
    f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
    "journal_size_limit = 67108864",  # a log that a long reader let grow shrinks again
    "cache_size = -16000",
    "temp_store = MEMORY",
)
READER_PRAGMAS = (
    "query_only = ON",
    "wal_autocheckpoint = 0",
    "busy_timeout = 5000",
    "cache_size = -4000",
    "temp_store = MEMORY",
)
PASSING = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR": "the disk fails",
    "SQLITE_BUSY": "the database is locked by a program that is not ours",
    "SQLITE_LOCKED": "the database is locked by a program that is not ours",
    "SQLITE_READONLY": "the database may not be written",
    "SQLITE_CANTOPEN": "the database cannot be opened",
}
APPEND_ONLY = """create trigger if not exists journal_{verb} before {verb} on journal
begin select raise(abort, 'the journal is append-only'); end"""


class SqliteDatabase:
    """A SQLite file, locked for this process; ConfigError where it cannot be used."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error, DBAPIError)
    alone = True
    together = False

    def __init__(self, path: Path, now: datetime):
        if not path.parent.is_dir():
            raise ConfigError(f"the store's folder {path.parent} is not there; `integrator init` makes it")
        self.path = path
        self._lock = StoreLock(path, now)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # -wal and -shm get the mode of this file
        self.writer = _engine(path, WRITER_PRAGMAS, BEGIN_WRITING, poolclass=StaticPool)
        self._readers = _engine(
            path, READER_PRAGMAS, "BEGIN", poolclass=QueuePool, pool_size=READERS, max_overflow=24, pool_timeout=30
        )
        self._turns = Turns()
        self._writing: Connection | None = None

    def open(self) -> None:
        """Brings it to the schema of this release and connects the writer."""
        migrate(self.writer, self.guard)
        self._writing = self.writer.connect()

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """One at a time, in turns, on the only connection that writes."""
        with self._turns:
            if self._writing is None:
                raise RetryLater("the store is closed")
            tx = Tx(self._writing, self, writing=True)
            with _transaction(tx):
                yield tx

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """On a connection of its own; sees the state of its first query."""
        if self._writing is None:
            raise RetryLater("the store is closed")
        with self._readers.connect() as connection, connection.begin():
            yield Tx(connection, self, writing=False)

    def insert(self, table: Table) -> sqlite.Insert:
        """An insert that can say `on conflict`."""
        return sqlite.insert(table)

    def append(self, tx: Tx, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> list[int]:
        """Numbers them after the greatest; sure, because only one connection writes and no such row is deleted."""
        last = tx.driver.execute(f"select coalesce(max(id), 0) from {table.name}").fetchone()[0]
        numbers = range(last + 1, last + 1 + len(rows))
        columns = ("id", *names)
        numbered = (dict(zip(columns, (number, *row), strict=True)) for number, row in zip(numbers, rows, strict=True))
        _inserting(table, columns).many(tx, numbered)
        return list(numbers)

    def many(self, tx: Tx, text: str, together: Together | None, rows: Sequence[Any]) -> int:
        """One after the other: in this process that costs nothing."""
        return int(tx.driver.executemany(text, rows).rowcount)

    def lock(self, tx: Tx, names: Iterable[str], together: bool) -> None:
        """Nothing: there is one transaction that writes."""

    def tell(self, tx: Tx) -> None:
        """Nothing: there is no other process."""

    def told(self, tx: Tx, name: str) -> int:
        """Nothing was told: there is no other process."""
        return 0

    def guard(self, connection: Connection) -> None:
        """Makes the journal append-only."""
        for verb in ("update", "delete"):
            connection.exec_driver_sql(APPEND_ONLY.format(verb=verb))

    def passing(self, error: Exception) -> str | None:
        """What is wrong in words, where it passes by itself; None for every other error."""
        name = getattr(_cause(error), "sqlite_errorname", None) or ""
        for start, words in PASSING.items():
            if name.startswith(start):
                return words
        return None

    def words(self, error: Exception) -> str:
        """What SQLite says is wrong."""
        return str(_cause(error))

    def close(self) -> None:
        """Waits for the open write transaction, then closes readers first and the writer last; lets others in."""
        with self._turns:
            self._readers.dispose()
            if self._writing is not None:
                self._writing.close()
            self._writing = None
            self.writer.dispose()
            self._lock.close()


@contextmanager
def _transaction(tx: Tx) -> Iterator[None]:
    """Begins and commits with the driver's own words, or rolls back; SQLAlchemy's detour costs half an insert.

    Where a query of SQLAlchemy ran meanwhile, it thinks that it began the transaction, and must end it.
    """
    tx.driver.execute(BEGIN_WRITING)
    try:
        yield
        if tx.core.in_transaction():
            tx.core.commit()
        else:
            tx.driver.commit()
    except BaseException:
        tx.core.rollback()
        tx.driver.rollback()
        raise


@cache
def _inserting(table: Table, columns: tuple[str, ...]) -> Statement:
    return Statement(insert(table).values({name: given(name) for name in columns}))


def _cause(error: Exception) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _engine(path: Path, pragmas: tuple[str, ...], begin: str, **pool: Any) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"check_same_thread": False, "cached_statements": 256},
        hide_parameters=True,
        **pool,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # sqlite3 begins nothing by itself; `begin` below does
        for pragma in pragmas:
            connection.execute(f"pragma {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:  # else `_transaction` began it
            driver.execute(begin)

    return engine
