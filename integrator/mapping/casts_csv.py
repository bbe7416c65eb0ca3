"""Conversions of the cells of a delimited file: the words, numbers, days and times that people write in tables.

They are only read. What is unclear is told in the words of records/schemas, which name what to write instead; so a
face's reason speaks of the cell, and whoever shows it must be someone who may see the row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrator.mapping.casts import Cast, Wrong
from integrator.mapping.read import UNSAID
from integrator.mapping.state import State
from integrator.records import results, texts
from integrator.records.doses import read_dose
from integrator.records.instruments import INSTRUMENTS
from integrator.records.texts import not_one_of
from integrator.records.values import Concept, Identifier, Period, When

INSTRUMENT = 1  # the second place of "measured" and "answered"


def _clear(read: Callable[[], Any], which: int = 0) -> Any:
    try:
        return read()
    except texts.Unclear as wrong:
        raise Wrong(str(wrong), which) from None


def _text(nodes: list[Any], state: State) -> Any:
    return nodes[0]


def _number(nodes: list[Any], state: State) -> Any:
    return _clear(lambda: texts.read_number(nodes[0], state.context.comma))


def _whole(nodes: list[Any], state: State) -> Any:
    number = _clear(lambda: texts.read_number(nodes[0], state.context.comma))
    if number != int(number) or number < 1:
        raise Wrong(f"{nodes[0]!r} is no whole number from 1 up")
    return int(number)


def _dose(nodes: list[Any], state: State) -> Any:
    try:
        return read_dose(nodes[0], nodes[1], state.context.comma)
    except texts.Unclear as wrong:
        raise Wrong(str(wrong), 1 if wrong.field == "unit" else 0) from None


def _number_of(nodes: list[Any], state: State) -> Any:
    return Identifier(nodes[0])


def _day(nodes: list[Any], state: State) -> Any:
    return _clear(lambda: texts.read_day(nodes[0]))


def _yes_no(nodes: list[Any], state: State) -> Any:
    return _clear(lambda: texts.read_yes_no(nodes[0]))


def _moment(nodes: list[Any], state: State, which: int = 0) -> When:
    found: When = _clear(lambda: texts.read_moment(nodes[which], state.context.zone), which)
    return found


def _from_to(nodes: list[Any], state: State) -> Any:
    """Start and end; an end needs a start with a time of day."""
    start = _moment(nodes, state)
    if nodes[1] is None:
        return start
    end = _moment(nodes, state, 1)
    if start.start is None or end.start is None:
        raise Wrong("a start with an end needs a time of day; write 2026-03-03 10:00", 0 if start.start is None else 1)
    return When(start.start, end.start)


def _planned(nodes: list[Any], state: State) -> Any:
    when = _from_to(nodes, state)
    if when.start is None:
        raise Wrong("a planned time needs its time of day; write 2026-03-03 10:00")
    return Period(when.start, when.end)


def _no_start(nodes: list[Any], state: State) -> Any:
    raise Wrong("an end without a start")


def _code(nodes: list[Any], state: State) -> Any:
    if not results.is_code(nodes[0]):
        raise Wrong(not_one_of("instrument", nodes[0], tuple(INSTRUMENTS)))
    return nodes[0]


def _measured(nodes: list[Any], state: State) -> Any:
    """A number in the unit of the instrument beside it; nothing where the instrument asks for yes or no."""
    code = nodes[INSTRUMENT]
    if code is None:
        raise Wrong("say of which instrument the value is", INSTRUMENT)
    if results.is_answered(code):
        return UNSAID
    try:
        return results.read_measure(code, nodes[0], nodes[2], state.context.comma)
    except texts.Unclear as wrong:
        raise Wrong(str(wrong), 2 if wrong.field == "unit" else 0) from None


def _answered(nodes: list[Any], state: State) -> Any:
    code = nodes[INSTRUMENT]
    return _clear(lambda: results.read_answer(nodes[0])) if code and results.is_answered(code) else UNSAID


def _session(nodes: list[Any], state: State) -> Any:
    """The session that a row names, of the subject beside it."""
    return results.session_of(nodes[1] or "", nodes[0])


def _meaning(nodes: list[Any], state: State) -> Any:
    return Concept((), nodes[0])


def _lines(nodes: list[Any], state: State) -> Any:
    return tuple(line.strip() for line in nodes[0].splitlines() if line.strip())


CSV_CASTS = {
    cast.name: cast
    for cast in (
        Cast("text", _text),
        Cast("number", _number),
        Cast("whole", _whole),
        Cast("dose", _dose),
        Cast("number-of", _number_of),
        Cast("day", _day),
        Cast("yes-no", _yes_no),
        Cast("when", _moment),
        Cast("from-to", _from_to),
        Cast("planned", _planned),
        Cast("no-start", _no_start),
        Cast("instrument", _code),
        Cast("measured", _measured),
        Cast("answered", _answered),
        Cast("session", _session),
        Cast("meaning", _meaning),
        Cast("lines", _lines, lists=True),
    )
}

# Without `as`, the type of the record's value decides.
CSV_DEFAULTS = {
    "str": "text",
    "float": "number",
    "int": "whole",
    "Identifier": "number-of",
    "bool": "yes-no",
    "When": "when",
    "Concept": "meaning",
}
