"""All that is PostgreSQL's own: pools, what a connection must promise, locks by name, errors that pass.

Several processes may have the store open. Write transactions are READ COMMITTED, several at once; what must not be
done twice is locked by row or by name (docs/decisions/0007). Read transactions are REPEATABLE READ.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import BigInteger, Connection, Dialect, Engine, LargeBinary, Table, bindparam, cast, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.types import Text

from integrator.errors import RetryLater
from integrator.store import postgres_connection as connections
from integrator.store.migrate import migrate
from integrator.store.schema import facts
from integrator.store.statement import Statement, given
from integrator.store.together import Together
from integrator.store.transaction import Tx
from integrator.store.turns import NESTED

BEGIN_WRITING = "begin isolation level read committed read write"
BEGIN_READING = "begin isolation level repeatable read read only"
KEPT = 4  # connections kept open of each kind; more are opened when all are in use
MORE = 28
TOLD = "told: "  # facts of this name count the changes that other processes must see
SCHEMA_LOCK = "the schema"

GUARD = """create or replace function journal_is_append_only() returns trigger language plpgsql as
$$ begin raise exception 'the journal is append-only'; end $$;
create or replace trigger journal_append_only before update or delete or truncate on journal
for each statement execute function journal_is_append_only()"""

_names = bindparam("given_names", type_=postgresql.ARRAY(BigInteger))
_name = func.unnest(_names).column_valued("name")
LOCK = Statement(select(func.pg_advisory_xact_lock(_name)))
"""Waits for locks by name, in the order they are given, and holds them to the end of the transaction."""

LOCK_TOGETHER = Statement(select(func.pg_advisory_xact_lock_shared(_name)))
"""The same, shared with others that take them so."""

HEARD = Statement(select(cast(facts.c.value, BigInteger)).where(facts.c.name == given("name")))
"""How often a change was told."""

TELL = Statement(
    lambda insert: (
        insert(facts)
        .values(name=given("name"), value="1")
        .on_conflict_do_update(index_elements=["name"], set_={"value": cast(cast(facts.c.value, BigInteger) + 1, Text)})
    )
)
"""Counts a change for the other processes."""


class PostgresDatabase:
    """A PostgreSQL database; errors of the driver say why it cannot be used."""

    errors: tuple[type[Exception], ...] = (psycopg.Error, DBAPIError, PoolTimeout)
    alone = False
    together = True

    def __init__(self, url: str):
        self._place = connections.place(url)
        self._writers = connections.engine(self._place, KEPT, MORE)
        self._readers = connections.engine(self._place, KEPT, MORE)
        self._writing: set[int] = set()  # the threads that have a write transaction open
        self._ended = threading.Condition()
        self._closed = False

    def open(self) -> None:
        """Brings it to the schema of this release; of several processes one does so, the others wait for it."""
        migrate(self._writers, self.guard, self._wait)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Several at once, each on its own connection."""
        me = threading.get_ident()
        with self._ended:
            if me in self._writing:
                raise RuntimeError(NESTED)
            if self._closed:
                raise RetryLater("the store is closed")
            self._writing.add(me)
        try:
            with self._transaction(self._writers, BEGIN_WRITING, writing=True) as tx:
                yield tx
        finally:
            with self._ended:
                self._writing.discard(me)
                self._ended.notify_all()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """On a connection of its own; sees the state of its first query."""
        if self._closed:
            raise RetryLater("the store is closed")
        with self._transaction(self._readers, BEGIN_READING, writing=False) as tx:
            yield tx

    @contextmanager
    def _transaction(self, engine: Engine, begin: str, writing: bool) -> Iterator[Tx]:
        with engine.connect() as core:
            _begin(core, begin)
            try:
                tx = Tx(core, self, writing)
                yield tx
                if writing:
                    connections.refuse_broken_off(tx.driver)
                core.commit()  # where no query of SQLAlchemy ran it knows of no transaction, and does nothing
                tx.driver.commit()
            except BaseException:
                _roll_back(core)
                raise

    def insert(self, table: Table) -> postgresql.Insert:
        """An insert that can say `on conflict`."""
        return postgresql.insert(table)

    def append(self, tx: Tx, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> list[int]:
        """All in one statement; a number of a transaction that fails is left out for good."""
        appending = _appending(tx.core.dialect, table, names)
        return sorted(row[0] for row in tx.driver.execute(appending.text, appending.bind(rows)).fetchall())

    def many(self, tx: Tx, text: str, together: Together | None, rows: Sequence[Any]) -> int:
        """All in one statement; one by one, even without waiting between them, costs server and us twice as much."""
        if together is None or len(rows) == 1:
            return sum(int(tx.driver.execute(text, row).rowcount) for row in rows)
        return int(tx.driver.execute(together.text, together.bind(rows)).rowcount)

    def lock(self, tx: Tx, names: Iterable[str], together: bool) -> None:
        """Advisory locks, in the order of their numbers, so that nobody waits crosswise."""
        numbers = sorted({connections.lock_number(name) for name in names})
        if numbers:
            (LOCK_TOGETHER if together else LOCK).all(tx, names=numbers)

    def tell(self, tx: Tx) -> None:
        """Counts each change; last in the transaction, since others that change the same wait from here on."""
        for name in sorted(tx.changes):
            TELL.run(tx, name=TOLD + name)

    def told(self, tx: Tx, name: str) -> int:
        """The count; in a write transaction it is locked, so that it stays true to the end."""
        if name not in tx.seen:
            if tx.writing:
                self.lock(tx, [name], together=True)
            tx.seen[name] = HEARD.value(tx, name=TOLD + name) or 0
        return tx.seen[name]

    def guard(self, connection: Connection) -> None:
        """Makes the journal append-only."""
        connection.exec_driver_sql(GUARD)

    def _wait(self, connection: Connection) -> None:
        number = connections.lock_number(SCHEMA_LOCK)
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({number})")

    def passing(self, error: Exception) -> str | None:
        """What is wrong in words, where it passes by itself or an operator mends it while we wait."""
        return connections.passing(error)

    def words(self, error: Exception) -> str:
        """What PostgreSQL says is wrong, and what to do."""
        return connections.words(error)

    def close(self) -> None:
        """Waits for the open write transactions, then closes every connection."""
        with self._ended:
            self._closed = True
            while self._writing - {threading.get_ident()}:
                self._ended.wait()
        self._readers.dispose()
        self._writers.dispose()


@dataclass(frozen=True, slots=True)
class _Appending:
    text: str
    adapts: tuple[Callable[[Any], Any] | None, ...]  # of each column, where its values need adapting

    def bind(self, rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
        """A list of values for each column."""
        columns = zip(*rows, strict=True)
        return [
            list(values) if adapt is None else [None if value is None else adapt(value) for value in values]
            for adapt, values in zip(self.adapts, columns, strict=True)
        ]


@cache
def _appending(dialect: Dialect, table: Table, names: tuple[str, ...]) -> _Appending:
    types = [table.c[name].type for name in names]
    quoted = ", ".join(f'"{name}"' for name in names)
    lists = ", ".join(f"%b::{type_.compile(dialect)}[]" for type_ in types)
    adapts = (None if isinstance(t, LargeBinary) else t.dialect_impl(dialect).bind_processor(dialect) for t in types)
    return _Appending(
        f"insert into {table.name} ({quoted}) select {quoted} from unnest({lists}) with ordinality "
        f"as given ({quoted}, place) order by place returning id",
        tuple(adapts),
    )


def _begin(core: Connection, begin: str) -> None:
    """Begins; where the connection broke while nobody used it (the server was started anew), on a new one."""
    driver: Any = core.connection.driver_connection
    try:
        driver.execute(begin)
    except psycopg.OperationalError:
        if not driver.broken:
            raise
        core.invalidate()
        driver = core.connection.driver_connection
        driver.execute(begin)


def _roll_back(core: Connection) -> None:
    """Rolls back; a connection that broke is thrown away."""
    driver: Any = core.connection.driver_connection
    if driver.broken:
        core.invalidate()
        return
    with contextlib.suppress(psycopg.OperationalError):  # it breaks now: the server rolls back by itself
        core.rollback()
        driver.rollback()
    if driver.broken:
        core.invalidate()
