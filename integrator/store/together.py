"""The text of a statement for many rows at once: a list of each parameter instead of one value; PostgreSQL's.

insert into t (a, b) values (%s, %s) ...       insert into t (a, b) select given.p0, given.p1 from unnest(...) ...
update t set a=%s where t.b = %s               update t set a=given.p0 from unnest(...) where t.b = given.p1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

GIVEN = "\0"  # stands in a text for the lists


@dataclass(frozen=True, slots=True)
class Together:
    """Which parameters become lists, by their places in a row, and which are the same in all rows."""

    text: str
    lists: tuple[int, ...]
    constants: tuple[int, ...]

    def bind(self, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """The driver's parameters for these rows."""
        columns = list(zip(*rows, strict=True))
        bound: dict[str, Any] = {f"p{place}": list(columns[place]) for place in self.lists}
        return bound | {f"p{place}": rows[0][place] for place in self.constants}


def together(text: str, names: Sequence[str], types: Sequence[str], constants: frozenset[str]) -> Together | None:
    """An insert or update with %s for each of these parameters, whose types are in PostgreSQL's words; None: another
    statement. `constants`: the names of those that are the same in all rows."""
    if text.startswith("INSERT"):
        head, _, rest = text.partition(" VALUES (")
        values, _, tail = rest.partition(")")
        text = f"{head} SELECT {values} FROM {GIVEN}{tail}"
    elif text.startswith("UPDATE"):
        head, _, tail = text.partition(" WHERE ")
        text = f"{head} FROM {GIVEN} WHERE {tail}"
    else:
        return None
    first = {name: place for place, name in reversed(list(enumerate(names)))}
    pieces = text.split("%s")
    filled = pieces[0]
    for name, piece in zip(names, pieces[1:], strict=True):
        filled += (f"%(p{first[name]})s" if name in constants else f"given.p{first[name]}") + piece
    lists = sorted(place for name, place in first.items() if name not in constants)
    arrays = ", ".join(f"%(p{place})b::{types[place]}[]" for place in lists)
    given = f"unnest({arrays}) AS given({', '.join(f'p{place}' for place in lists)})"
    same = tuple(place for name, place in first.items() if name in constants)
    return Together(filled.replace(GIVEN, given), tuple(lists), same)
