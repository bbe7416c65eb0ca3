"""Named statements: written once with SQLAlchemy, compiled once for a database, then run by its driver.

Building and compiling anew at each use costs ten times what the database needs for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, LargeBinary, Table, bindparam, or_
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import NullType, TypeEngine

from integrator.errors import RetryLater
from integrator.store.schema import metadata
from integrator.store.together import Together, together
from integrator.store.transaction import Tx

Insert = Callable[[Table], SqliteInsert | PostgresInsert]  # an insert that can say `on conflict`
ORDER = {table.name: place for place, table in enumerate(metadata.sorted_tables)}  # parents before children
_PREFIX = "given_"  # SQLAlchemy keeps the names of columns for itself


def given(name: str, type_: TypeEngine[Any] | None = None) -> BindParameter[Any]:
    """A parameter of a statement; its type is that of the column it meets, unless it is named."""
    return bindparam(_PREFIX + name, type_=type_)


def among(column: Column[Any], names: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column is one of some constants; SQLAlchemy's `in_` would have to be compiled anew each time."""
    return or_(*(column == name for name in names))


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    positional: bool
    names: tuple[str, ...]  # the parameters in order, given ones and constants
    constants: dict[str, Any]
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    adapts: tuple[tuple[int, Callable[[Any], Any]], ...]  # the parameters that need adapting to the database
    results: tuple[tuple[int, Callable[[Any], Any]], ...]  # the columns of a row that need adapting to Python
    tables: frozenset[str]  # that it reads or writes
    needs: frozenset[str]  # those, and the tables that its rows point at
    place: tuple[int, bool]  # of the table that it writes, parents before children; an insert before an update
    together: Together | None  # for many rows at once, where the database has that

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The driver's parameters. KeyError: one is missing."""
        bound = list(self.pick({**self.constants, **values} if self.constants else values))
        for place, adapt in self.adapts:
            if bound[place] is not None:
                bound[place] = adapt(bound[place])
        return bound if self.positional else dict(zip(self.names, bound, strict=True))

    def row(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row as Python values."""
        if not self.results:
            return row
        values = list(row)
        for place, adapt in self.results:
            values[place] = adapt(values[place])
        return tuple(values)


class Statement:
    """One statement. `clause` is an SQLAlchemy statement, or a function that makes one of the database's own insert.

    `locks`: in a write transaction nobody else changes the rows that this query finds, until the end.
    `once`: rows of parameters that agree in these are about one row of the table, and are not sent together.
    `lost`: what it means when one of them touches no row, which is a RetryLater.
    """

    def __init__(
        self,
        clause: ClauseElement | Callable[[Insert], ClauseElement],
        locks: bool = False,
        once: tuple[str, ...] = (),
        lost: str = "",
    ):
        self._clause, self._locks, self._once, self._lost = clause, locks, once, lost
        self._compiled: dict[str, _Compiled] = {}

    def all(self, tx: Tx, **values: Any) -> list[tuple[Any, ...]]:
        """The rows."""
        compiled = self._for(tx)
        cursor = tx.driver.execute(compiled.text, compiled.bind(values))
        return [compiled.row(row) for row in cursor.fetchall()]

    def first(self, tx: Tx, **values: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        compiled = self._for(tx)
        rows = tx.driver.execute(compiled.text, compiled.bind(values)).fetchall()
        return compiled.row(rows[0]) if rows else None

    def value(self, tx: Tx, **values: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.first(tx, **values)
        return None if row is None else row[0]

    def run(self, tx: Tx, **values: Any) -> int:
        """Runs it and returns how many rows it touched."""
        compiled = self._for(tx)
        return int(tx.driver.execute(compiled.text, compiled.bind(values)).rowcount)

    def later(self, tx: Tx, **values: Any) -> None:
        """Runs it before its tables are asked in this transaction, at the latest before the commit; the rows of many
        go together."""
        compiled = self._compiled_for(tx)
        waiting: Any = tx.later.get(self)
        if waiting is None:
            waiting = tx.later[self] = _Waiting(compiled, self._lost)
        waiting.add(tuple(values[name] for name in self._once), compiled.bind(values))

    def many(self, tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
        """Runs it once for each row of parameters."""
        compiled = self._for(tx)
        tx.driver.executemany(compiled.text, [compiled.bind(values) for values in rows])

    def _for(self, tx: Tx) -> _Compiled:
        compiled = self._compiled_for(tx)
        if tx.later:
            tx.catch_up(compiled.needs)
        return compiled

    def _compiled_for(self, tx: Tx) -> _Compiled:
        found = self._compiled.get(tx.kind)
        if found is None:
            found = self._compiled[tx.kind] = self._compile(tx)
        return found

    def _compile(self, tx: Tx) -> _Compiled:
        dialect = tx.core.dialect
        clause: Any = self._clause if isinstance(self._clause, ClauseElement) else self._clause(tx.database.insert)
        if self._locks and tx.writing:
            clause = clause.with_for_update(key_share=True)  # those who only point at the row need not wait
        compiled: Any = clause.compile(dialect=dialect)
        names = tuple(compiled.positiontup or compiled.params)
        fixed = {f"= {name}": compiled.params[name] for name in names if not name.startswith(_PREFIX)}
        plain = [name.removeprefix(_PREFIX) if name.startswith(_PREFIX) else f"= {name}" for name in names]
        types = [compiled.binds[name].type for name in names]
        text, written = str(compiled), getattr(clause, "table", None)
        tables = frozenset(str(part.name) for part in iterate(clause) if isinstance(part, Table))
        several = tx.database.together and written is not None and not any(isinstance(one, NullType) for one in types)
        words = [type_.compile(dialect) for type_ in types] if several else []
        constants = frozenset(name for name in names if not name.startswith(_PREFIX))
        return _Compiled(
            text=text,
            positional=compiled.positional,
            names=names,
            constants=fixed,
            pick=itemgetter(*plain) if len(plain) > 1 else lambda values: tuple(values[name] for name in plain),
            adapts=_adapting(
                None if isinstance(type_, LargeBinary) else type_.dialect_impl(dialect).bind_processor(dialect)
                for type_ in types
            ),
            results=_adapting(
                column.type.dialect_impl(dialect).result_processor(dialect, None) for column in compiled._result_columns
            ),
            tables=tables,
            needs=tables | _parents(written),
            place=(ORDER[written.name], compiled.isupdate) if written is not None else (-1, False),
            together=together(text, names, words, constants) if several else None,
        )


class _Waiting:
    """Rows of one statement that nobody waits for."""

    def __init__(self, compiled: _Compiled, lost: str):
        self.tables, self.place = compiled.tables, compiled.place
        self._compiled, self._lost = compiled, lost
        self._parts: list[list[Any]] = [[]]
        self._seen: set[tuple[Any, ...]] = set()

    def add(self, key: tuple[Any, ...], row: Any) -> None:
        """One more; of two with the same key, which is not empty, the second goes after the first."""
        if key in self._seen:
            self._parts.append([])
            self._seen.clear()
        if key:
            self._seen.add(key)
        self._parts[-1].append(row)

    def send(self, tx: Tx) -> None:
        """Runs it. RetryLater: one of them touched no row, and that matters."""
        for rows in self._parts:
            touched = tx.database.many(tx, self._compiled.text, self._compiled.together, rows)
            if self._lost and touched < len(rows):
                raise RetryLater(self._lost)


def _parents(table: Table | None) -> frozenset[str]:
    keys = table.foreign_keys if table is not None else ()
    return frozenset(str(key.column.table.name) for key in keys)


def _adapting(functions: Iterable[Callable[[Any], Any] | None]) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    return tuple((place, function) for place, function in enumerate(functions) if function is not None)
