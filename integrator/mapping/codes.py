"""Code maps: rows from outside codes to a record's word and back, total over what may come.

Rows are read top to bottom, the first match counts; `A|B` any of these, `*` anything, "" nothing there, an empty last
column: no value. Written is the first row of the value without `*`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

OPEN = "open"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what may stand in each outside column (None: anything), our word (None: no value), and its place."""

    cells: tuple[tuple[str, ...] | None, ...]
    value: str | None
    file: str
    line: int

    def matches(self, codes: tuple[str, ...]) -> bool:
        return all(cell is None or code in cell for cell, code in zip(self.cells, codes, strict=True))

    @property
    def exact(self) -> bool:
        """Whether it can be written: no `*`."""
        return all(cell is not None for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Found:
    """What a map says of codes: the row (None: no row) and whether it is an open map that does not know the code."""

    row: Row | None
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """What came in the outside columns of a map that has no row for it; `which` is the column that nobody mapped."""

    map: str
    columns: tuple[str, ...]
    codes: tuple[str, ...]
    which: int


class CodeMap:
    """A map as a face uses it: with the rows of a site before the common ones, folded for HL7."""

    def __init__(
        self,
        name: str,
        columns: tuple[str, ...],
        values: tuple[tuple[str, ...] | None, ...],
        rows: tuple[Row, ...],
        lossy: dict[str, str],
        texts: dict[str, str],
        order: tuple[str, ...] = (),
    ):
        self.name, self.columns, self.values, self.rows, self.lossy, self.texts = (
            name,
            columns,
            values,  # for each outside column what may come; None: open
            rows,
            lossy,
            texts,
        )
        self.order = order  # of a list of codes the one counts whose value stands first here
        self._folded: list[Row] = [_folded(row) for row in rows]
        self._memory: dict[tuple[tuple[str, ...], bool], Found] = {}

    def __repr__(self) -> str:
        return f"<CodeMap {self.name}>"

    @property
    def open(self) -> bool:
        return all(values is None for values in self.values)

    def read(self, codes: tuple[str, ...], fold: bool) -> Found:
        """The row of these codes. `fold`: trimmed and compared without case, as HL7 v2 codes are."""
        key = (codes, fold)
        found = self._memory.get(key)
        if found is None:
            found = self._look(codes, fold)
            if len(self._memory) < 4096:  # what comes is a small set, but a sender may be broken
                self._memory[key] = found
        return found

    def _look(self, codes: tuple[str, ...], fold: bool) -> Found:
        if fold:
            codes = tuple(code.strip().casefold() for code in codes)
        for row, folded in zip(self.rows, self._folded, strict=True):
            if (folded if fold else row).matches(codes):
                unknown = row.value is None and not row.exact and self.open and any(codes)
                return Found(row, unknown)
        return Found(None)

    def strongest(self, found: Sequence[Found]) -> Found:
        """Of what a list of codes means, what counts: the value that stands first in `order`. A code that is not known
        may mean any of them, so only the first value counts beside it."""
        known = [one for one in found if not one.unknown and one.row and one.row.value]
        best = min(known, key=self._place, default=None)
        unknown = next((one for one in found if one.unknown), None)
        if best is None or (unknown and self._place(best) > 0):
            return unknown or found[0]
        return best

    def _place(self, found: Found) -> int:
        value = found.row.value if found.row else None
        return self.order.index(value) if value in self.order else len(self.order)

    def write(self, value: str | None, event: str | None = None) -> tuple[str, ...] | None:
        """The codes of a value: of its first row without `*`; of several codes `event`, else the first."""
        for row in self.rows:
            if row.value == value and row.exact:
                return tuple(_chosen(cell or ("",), event) for cell in row.cells)
        return None

    def words(self) -> set[str]:
        """The record's words that some row has."""
        return {row.value for row in self.rows if row.value is not None}

    def gaps(self, fold: bool) -> list[tuple[str, ...]]:
        """The combinations of values that no row matches; an open column has what rows name, and more."""
        if any(all(cell is None for cell in row.cells) for row in self.rows):
            return []  # a row of nothing but "*" leaves no gap
        columns = []
        for number, values in enumerate(self.values):
            if values is None:
                named = {code for row in self.rows for code in (row.cells[number] or ())}
                values = (*sorted(named), "\x00anything else")
            columns.append(values)
        return [codes for codes in product(*columns) if self._look(codes, fold).row is None]


def _chosen(cell: tuple[str, ...], event: str | None) -> str:
    return event if event is not None and event in cell else cell[0]


def _folded(row: Row) -> Row:
    cells = tuple(None if cell is None else tuple(code.strip().casefold() for code in cell) for cell in row.cells)
    return Row(cells, row.value, row.file, row.line)


def cell(text: str) -> tuple[str, ...] | None:
    """One cell of a row: None for `*`."""
    return None if text == "*" else tuple(text.split("|"))
