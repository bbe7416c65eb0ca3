"""Store and Tx: write transactions, read transactions beside them, and what a database must offer for both."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, CursorResult, Result, Table
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.sql import Executable

from integrator.errors import RetryLater


class Database(Protocol):
    """What differs between databases: store/sqlite.py and store/postgres.py."""

    errors: tuple[type[Exception], ...]  # what its driver and SQLAlchemy raise
    alone: bool  # whether this process is the only one that has the store open

    def open(self) -> None:
        """Brings it to the schema of this release, and begins."""
        ...

    def write(self) -> AbstractContextManager[Tx]:
        """A write transaction, durable when the block ends, rolled back when it raises. RetryLater: it is closed."""
        ...

    def read(self) -> AbstractContextManager[Tx]:
        """A read transaction that sees one state of the store. RetryLater: it is closed."""
        ...

    def insert(self, table: Table) -> SqliteInsert | PostgresInsert:
        """An insert that can say `on conflict`."""
        ...

    def append(self, tx: Tx, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> list[int]:
        """Stores rows with these columns in this order and returns their numbers, which count up."""
        ...

    def lock(self, tx: Tx, names: Iterable[str], together: bool) -> None:
        """See Tx.lock."""
        ...

    def tell(self, tx: Tx) -> None:
        """Before the commit: lets other processes see what is in `tx.changes`."""
        ...

    def told(self, tx: Tx, name: str) -> int:
        """How often other processes and this one have told of a change of this name."""
        ...

    def passing(self, error: Exception) -> str | None:
        """What is wrong in words, where it passes by itself (disk full, busy); None for every other error.

        Afterwards the error itself names no value either.
        """
        ...

    def words(self, error: Exception) -> str:
        """What is wrong, in the words of the database, and what to do where we know it."""
        ...

    def close(self) -> None:
        """Waits for what is written now, and gives back whatever is held."""
        ...


class Tx:
    """One open transaction. Named statements run on `driver`; `run` and its like take queries built for one use.

    Into `changes` goes the name of whatever is kept in memory elsewhere and must be read again after the commit.
    """

    __slots__ = ("changes", "core", "database", "driver", "held", "kind", "known", "later", "seen", "writing")

    def __init__(self, core: Connection, database: Database, writing: bool):
        self.core, self.database, self.writing = core, database, writing
        self.changes: set[str] = set()
        self.held: set[str] = set()  # the names that are locked
        self.known: dict[Hashable, Any] = {}  # what a room of the store need not ask again; it forgets what it writes
        self.later: dict[str, Later] = {}  # the texts that were not sent to the database yet
        self.seen: dict[str, int] = {}  # what `Database.told` said within this transaction
        self.driver: Any = core.connection.driver_connection
        self.kind = core.dialect.name if writing else core.dialect.name + ", reading"  # what a statement is written for

    def run(self, statement: Executable) -> Result[*tuple[Any, ...]]:
        """Runs one SQLAlchemy statement."""
        self.catch_up()
        return self.core.execute(statement)

    def all(self, statement: Executable) -> list[Any]:
        """The rows of a query."""
        return list(self.run(statement))

    def first(self, statement: Executable) -> Any:
        """The first row of a query, or None."""
        return self.run(statement).first()

    def value(self, statement: Executable) -> Any:
        """The first column of the first row, or None."""
        return self.run(statement).scalar()

    def changed(self, statement: Executable) -> int:
        """Runs an update or delete and returns how many rows it changed."""
        result = self.run(statement)
        return result.rowcount if isinstance(result, CursorResult) else 0

    def lock(self, names: Iterable[str], together: bool = False) -> None:
        """Waits until no other write transaction holds one of these names, and holds them to its end.

        Taken in one order, so that two transactions never wait for each other. `together`: shared with others that
        take them so. Costs nothing where only one transaction writes at a time.
        """
        if self.database.alone:
            return
        names = set(names) - self.held
        self.database.lock(self, names, together)
        if not together:
            self.held |= names

    def catch_up(self, tables: frozenset[str] | None = None) -> None:
        """Sends what statements left for later, where it is about these tables; before the commit, of all."""
        if self.later:
            now = [text for text, one in self.later.items() if tables is None or not tables.isdisjoint(one.tables)]
            for text in now:
                self.driver.executemany(text, self.later.pop(text).rows)


class Later(NamedTuple):
    """A statement of one transaction that nobody waits for: the tables that it is about, its rows of parameters."""

    tables: frozenset[str]
    rows: list[Any]


class Store:
    """An open store; `write` and `read` give transactions to the functions of this room."""

    def __init__(self, database: Database):
        self._database = database
        self._changes: dict[str, int] = {}

    @property
    def alone(self) -> bool:
        """Whether no other process can have this store open."""
        return self._database.alone

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A write transaction: durable against loss of power when the block ends, rolled back when it raises.

        With SQLite it waits for its turn; keep the block short. Not to be nested. RetryLater: the disk is full or
        fails, the server is away, two transactions met crosswise; nothing of the block is stored.
        """
        try:
            with self._database.write() as tx:
                yield tx
                if tx.changes:
                    self._database.tell(tx)
                if tx.later:
                    tx.catch_up()
        except self._database.errors as error:
            self._if_passing(error)
            raise
        for name in tx.changes:
            self._changes[name] = self._changes.get(name, 0) + 1

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A read transaction on its own connection; sees one state of the store from its first query on."""
        try:
            with self._database.read() as tx:
                yield tx
        except self._database.errors as error:
            self._if_passing(error)
            raise

    def changes(self, name: str) -> int:
        """How often something kept in memory ("participants") was changed by a committed transaction of this store."""
        return self._changes.get(name, 0)

    def told(self, tx: Tx, name: str) -> tuple[int, int]:
        """What differs once something kept in memory was changed by this process or, as tx sees it, by another.

        In a write transaction nobody changes it from then to its end.
        """
        return self._changes.get(name, 0), self._database.told(tx, name)

    def close(self) -> None:
        """Waits for what is written now, then closes."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _if_passing(self, error: Exception) -> None:
        words = self._database.passing(error)
        if words:
            raise RetryLater(f"the store cannot be used now: {words}") from error
