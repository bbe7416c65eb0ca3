"""Store and Tx: write transactions one at a time in the order they were asked for, read transactions beside them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, CursorResult, Engine, Result, Table
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.sql import Executable

from integrator.errors import RetryLater


class Database(Protocol):
    """What differs between databases; store/sqlite.py is the first."""

    writer: Engine
    readers: Engine
    errors: tuple[type[Exception], ...]  # what its driver and SQLAlchemy raise
    begin_writing: str  # the statement that begins a write transaction

    def insert(self, table: Table) -> SqliteInsert | PostgresInsert:
        """An insert that can say `on conflict`."""
        ...

    def next_ids(self, driver: Any, table: Table, n: int) -> range:
        """The next n numbers of a table, for rows that get theirs from us."""
        ...

    def passing(self, error: Exception) -> str | None:
        """What is wrong in words, where it passes by itself (disk full, busy); None for every other error."""
        ...

    def close(self) -> None:
        """Gives back whatever the database holds outside its connections."""
        ...


class Tx:
    """One open transaction. Named statements run on `driver`; `run` and its like take queries built for one use.

    Into `changes` goes the name of whatever is kept in memory elsewhere and must be read again after the commit.
    """

    __slots__ = ("changes", "core", "database", "driver")

    def __init__(self, core: Connection, database: Database):
        self.core, self.database = core, database
        self.changes: set[str] = set()
        self.driver: Any = core.connection.driver_connection

    def run(self, statement: Executable) -> Result[*tuple[Any, ...]]:
        """Runs one SQLAlchemy statement."""
        return self.core.execute(statement)

    def all(self, statement: Executable) -> list[Any]:
        """The rows of a query."""
        return list(self.core.execute(statement))

    def first(self, statement: Executable) -> Any:
        """The first row of a query, or None."""
        return self.core.execute(statement).first()

    def value(self, statement: Executable) -> Any:
        """The first column of the first row, or None."""
        return self.core.execute(statement).scalar()

    def changed(self, statement: Executable) -> int:
        """Runs an update or delete and returns how many rows it changed."""
        result = self.core.execute(statement)
        return result.rowcount if isinstance(result, CursorResult) else 0


@contextmanager
def _transaction(tx: Tx) -> Iterator[None]:
    """Begins and commits with the driver's own words, or rolls back; SQLAlchemy's detour costs half an insert.

    Where a query of SQLAlchemy ran meanwhile, it thinks that it began the transaction, and must end it.
    """
    tx.driver.execute(tx.database.begin_writing)
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


class Turns:
    """A lock that is given in the order it was asked for, so that a busy worker cannot starve the receivers."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._holder: int | None = None

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._guard:
            if self._holder == me:
                raise RuntimeError("a write transaction is open in this thread already")
            if self._holder is None:
                self._holder = me
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        turn.acquire()
        self._holder = me

    def __exit__(self, *error: object) -> None:
        with self._guard:
            if self._queue:
                self._holder = -1  # of the next in the queue, which is about to write its own name here
                self._queue.popleft().release()
            else:
                self._holder = None


class Store:
    """An open store. One connection writes, in turns; readers see the state of their first query."""

    def __init__(self, database: Database):
        self._database = database
        self._turns = Turns()
        self._writer: Connection | None = database.writer.connect()
        self._changes: dict[str, int] = {}

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A write transaction: durable against loss of power when the block ends, rolled back when it raises.

        Waits for its turn; keep the block short. Not to be nested. RetryLater: the disk is full or fails.
        """
        with self._turns:
            if self._writer is None:
                raise RetryLater("the store is closed")
            try:
                tx = Tx(self._writer, self._database)
                with _transaction(tx):
                    yield tx
                for name in tx.changes:
                    self._changes[name] = self._changes.get(name, 0) + 1
            except self._database.errors as error:
                raise self._translated(error) from error

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A read transaction on its own connection; sees one state of the store from its first query on."""
        if self._writer is None:
            raise RetryLater("the store is closed")
        try:
            with self._database.readers.connect() as connection, connection.begin():
                yield Tx(connection, self._database)
        except self._database.errors as error:
            raise self._translated(error) from error

    def changes(self, name: str) -> int:
        """How often something kept in memory ("participants") was changed by a committed transaction of this store."""
        return self._changes.get(name, 0)

    def close(self) -> None:
        """Waits for the open write transaction, then closes readers first and the writer last."""
        with self._turns:
            if self._writer is None:
                return
            self._database.readers.dispose()
            self._writer.close()
            self._writer = None
            self._database.writer.dispose()
            self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _translated(self, error: Exception) -> Exception:
        words = self._database.passing(error)
        return RetryLater(f"the store cannot be used now: {words}") if words else error
