"""Store and Tx: write transactions, read transactions beside them, and what a database must offer for both."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, CursorResult, Result, Table
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.sql import Executable

from integrator.errors import RetryLater
from integrator.store.together import Together


class Database(Protocol):
    """What differs between databases: store/sqlite.py and store/postgres.py."""

    errors: tuple[type[Exception], ...]  # what its driver and SQLAlchemy raise
    alone: bool  # whether this process is the only one that has the store open
    together: bool  # whether one statement for many rows is quicker than many statements

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

    def many(self, tx: Tx, text: str, together: Together | None, rows: Sequence[Any]) -> int:
        """Runs a statement for each of these rows of parameters; returns how many rows of the table they touched."""
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

    __slots__ = ("changes", "core", "database", "driver", "held", "kind", "known", "later", "seen", "shared", "writing")

    def __init__(self, core: Connection, database: Database, writing: bool):
        self.core, self.database, self.writing = core, database, writing
        self.changes: set[str] = set()
        self.held: set[str] = set()  # the names that are locked
        self.shared: set[str] = set()  # those that are locked together with others
        self.known: dict[Hashable, Any] = {}  # what a room of the store need not ask again; it forgets what it writes
        self.later: dict[Hashable, Later] = {}  # the statements that were not sent to the database yet
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
        mine = self.shared if together else self.held
        names = set(names) - self.held - mine
        self.database.lock(self, names, together)
        mine |= names

    def catch_up(self, tables: frozenset[str] | None = None) -> None:
        """Sends what statements left for later, where it is about these tables; before the commit, of all."""
        waiting = sorted(self.later.items(), key=lambda item: item[1].place)
        asked = (one.place for _, one in waiting if tables is None or not tables.isdisjoint(one.tables))
        last = max(asked, default=(-1, False))
        for statement, one in waiting:
            if one.place <= last:  # what comes before may be what its rows point at
                del self.later[statement]
                one.send(self)


class Later(Protocol):
    """A statement of one transaction that nobody waits for, with its rows: see store/statement.py."""

    tables: frozenset[str]  # that it is about
    place: tuple[int, bool]  # in which order such statements are sent

    def send(self, tx: Tx) -> None:
        """Runs it."""
        ...


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
