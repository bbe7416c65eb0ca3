"""Store and Tx: write transactions one at a time in the order they were asked for, read transactions beside them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, CursorResult, Engine, Result, Table
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement, Executable

from integrator.errors import RetryLater


class Database(Protocol):
    """What differs between databases; store/sqlite.py is the first."""

    writer: Engine
    readers: Engine

    def insert(self, table: Table) -> SqliteInsert | PostgresInsert:
        """An insert that can say `on conflict`."""
        ...

    def next_ids(self, connection: Connection, table: Table, n: int) -> range:
        """The next n numbers of a table, for rows that get theirs from us."""
        ...

    def passing(self, error: DBAPIError) -> str | None:
        """What is wrong in words, where it passes by itself (disk full, busy); None for every other error."""
        ...

    def close(self) -> None:
        """Gives back whatever the database holds outside its connections."""
        ...


class Hot:
    """A statement that runs so often that it goes past SQLAlchemy to the driver, with a tuple of parameters.

    `names` fixes the order of the parameters. They are given as the database stores them: instants by `micros`.
    """

    def __init__(self, statement: ClauseElement, names: Sequence[str]):
        self.statement, self.names = statement, tuple(names)
        self._texts: dict[str, str] = {}

    def text(self, connection: Connection) -> str:
        """The statement in the words of this database."""
        name = connection.dialect.name
        if name not in self._texts:
            self._texts[name] = self._compile(connection)
        return self._texts[name]

    def _compile(self, connection: Connection) -> str:
        style = "qmark" if connection.dialect.name == "sqlite" else "format"
        dialect: Any = type(connection.dialect)
        compiled: Any = self.statement.compile(dialect=dialect(paramstyle=style))
        if tuple(compiled.positiontup) != self.names:
            raise ValueError(f"the parameters stand in the order {compiled.positiontup}, not {self.names}")
        return str(compiled)


class Tx:
    """One open transaction: `run` and its like for SQLAlchemy statements, `rows` and `many` for hot ones.

    Into `changes` goes the name of whatever is kept in memory elsewhere and must be read again after the commit.
    """

    __slots__ = ("_driver", "changes", "core", "database")

    def __init__(self, core: Connection, database: Database):
        self.core, self.database = core, database
        self.changes: set[str] = set()
        self._driver: Any = core.connection.driver_connection

    def run(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Result[*tuple[Any, ...]]:
        """Runs one SQLAlchemy statement."""
        return self.core.execute(statement, parameters)

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

    def rows(self, hot: Hot, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """The rows of a hot query, as the driver gives them."""
        return self._driver.execute(hot.text(self.core), parameters).fetchall()  # type: ignore[no-any-return]

    def many(self, hot: Hot, rows: Sequence[tuple[Any, ...]]) -> None:
        """Runs a hot statement once for each tuple."""
        self._driver.executemany(hot.text(self.core), rows)

    def put(self, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Inserts the row with this key, or sets these values in it."""
        statement = self.database.insert(table).values(**key, **values)
        if values:
            statement = statement.on_conflict_do_update(index_elements=list(key), set_=dict(values))
        else:
            statement = statement.on_conflict_do_nothing(index_elements=list(key))
        self.core.execute(statement)


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
                with self._writer.begin():
                    yield tx
                for name in tx.changes:
                    self._changes[name] = self._changes.get(name, 0) + 1
            except DBAPIError as error:
                raise self._translated(error) from error

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A read transaction on its own connection; sees one state of the store from its first query on."""
        if self._writer is None:
            raise RetryLater("the store is closed")
        try:
            with self._database.readers.connect() as connection, connection.begin():
                yield Tx(connection, self._database)
        except DBAPIError as error:
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

    def _translated(self, error: DBAPIError) -> Exception:
        words = self._database.passing(error)
        return RetryLater(f"the store cannot be used now: {words}") if words else error
