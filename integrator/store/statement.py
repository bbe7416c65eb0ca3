"""Named statements: written once with SQLAlchemy, compiled once for a database, then run by its driver.

Building and compiling anew at each use costs ten times what the database needs for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, Table, bindparam, or_
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import TypeEngine

from integrator.store.transaction import Tx

Insert = Callable[[Table], SqliteInsert | PostgresInsert]  # an insert that can say `on conflict`
_PREFIX = "given_"  # SQLAlchemy keeps the names of columns for itself


def given(name: str, type_: TypeEngine[Any] | None = None) -> BindParameter[Any]:
    """A parameter of a statement; its type is that of the column it meets, unless it is named."""
    return bindparam(_PREFIX + name, type_=type_)


def among(column: Column[Any], names: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column is one of some constants; SQLAlchemy's `in_` would have to be compiled anew each time."""
    return or_(*(column == name for name in names))


@dataclass(frozen=True, slots=True)
class _Parameter:
    """How one place of a compiled statement gets its value: a constant, or a given one as the database wants it."""

    place: str
    name: str | None
    constant: Any
    adapt: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    positional: bool
    parameters: tuple[_Parameter, ...]
    results: tuple[tuple[int, Callable[[Any], Any]], ...]  # the columns of a row that need adapting

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The driver's parameters. KeyError: one is missing."""
        bound = [self._value(parameter, values) for parameter in self.parameters]
        return bound if self.positional else {p.place: v for p, v in zip(self.parameters, bound, strict=True)}

    def _value(self, parameter: _Parameter, values: Mapping[str, Any]) -> Any:
        if parameter.name is None:
            return parameter.constant
        value = values[parameter.name]
        return value if parameter.adapt is None or value is None else parameter.adapt(value)

    def row(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row as Python values."""
        if not self.results:
            return row
        values = list(row)
        for place, adapt in self.results:
            values[place] = adapt(values[place])
        return tuple(values)


class Statement:
    """One statement. `clause` is an SQLAlchemy statement, or a function that makes one of the database's own insert."""

    def __init__(self, clause: ClauseElement | Callable[[Insert], ClauseElement]):
        self._clause = clause
        self._compiled: dict[str, _Compiled] = {}

    def all(self, tx: Tx, **values: Any) -> list[tuple[Any, ...]]:
        """The rows."""
        compiled = self._for(tx)
        cursor = tx.driver.execute(compiled.text, compiled.bind(values))
        return [compiled.row(row) for row in cursor.fetchall()]

    def first(self, tx: Tx, **values: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        compiled = self._for(tx)
        cursor = tx.driver.execute(compiled.text, compiled.bind(values))
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else compiled.row(row)

    def value(self, tx: Tx, **values: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.first(tx, **values)
        return None if row is None else row[0]

    def run(self, tx: Tx, **values: Any) -> int:
        """Runs it and returns how many rows it touched."""
        compiled = self._for(tx)
        return int(tx.driver.execute(compiled.text, compiled.bind(values)).rowcount)

    def many(self, tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
        """Runs it once for each row of parameters."""
        compiled = self._for(tx)
        tx.driver.executemany(compiled.text, [compiled.bind(values) for values in rows])

    def _for(self, tx: Tx) -> _Compiled:
        found = self._compiled.get(tx.core.dialect.name)
        if found is None:
            found = self._compiled[tx.core.dialect.name] = self._compile(tx)
        return found

    def _compile(self, tx: Tx) -> _Compiled:
        dialect = tx.core.dialect
        clause = self._clause if isinstance(self._clause, ClauseElement) else self._clause(tx.database.insert)
        compiled: Any = clause.compile(dialect=dialect)
        constants = compiled.params
        parameters = []
        for place in compiled.positiontup or constants:
            bind = compiled.binds.get(place)
            adapt = None if bind is None else bind.type.dialect_impl(dialect).bind_processor(dialect)
            if place.startswith(_PREFIX):
                parameters.append(_Parameter(place, place.removeprefix(_PREFIX), None, adapt))
            else:
                constant = constants[place]
                parameters.append(_Parameter(place, None, adapt(constant) if adapt else constant, None))
        results = [
            (place, adapt)
            for place, column in enumerate(compiled._result_columns)
            if (adapt := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]
        return _Compiled(str(compiled), compiled.positional, tuple(parameters), tuple(results))
