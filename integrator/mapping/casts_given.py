"""Conversions of HL7 v2 for what was given: a day or time of service, from its start to its end, a radiation dose."""

from __future__ import annotations

from typing import Any

from integrator.formats.hl7v2.times import parse_time
from integrator.mapping.casts import NOTHING, CannotHold, Cast, Wrong
from integrator.mapping.casts_time import read_ts, write_ts
from integrator.mapping.state import State
from integrator.mapping.tree_hl7 import text_of
from integrator.records.doses import UNITS, read_dose
from integrator.records.texts import Unclear
from integrator.records.values import Quantity, When


def _read_when(nodes: list[Any], state: State) -> Any:
    """A day stays a day: billing knows no time of day, and midnight would be an invented one."""
    try:
        stamp = parse_time(text_of(nodes[0]))
    except ValueError:
        raise Wrong("a day or time that does not exist or is not written as HL7 says") from None
    if stamp.precision in ("month", "year"):
        raise Wrong("a month is no day of service")
    if stamp.precision == "day":
        return When(day=stamp.local.date().isoformat())
    return When(read_ts(nodes[0], state))


def _read_from_to(nodes: list[Any], state: State) -> Any:
    start = _read_when(nodes, state)
    if nodes[1] is None or start.start is None or not text_of(nodes[1]).strip():
        return start
    end = read_ts(nodes[1], state, 1)
    if end < start.start:
        raise Wrong("the end is before the start", 1, (0,))
    return When(start.start, end)


def _read_dose(nodes: list[Any], state: State) -> Any:
    text, unit = text_of(nodes[0]).strip(), text_of(nodes[1]) if nodes[1] is not None else None
    if not text:
        return NOTHING
    try:
        return read_dose(text, unit)
    except Unclear as wrong:
        raise Wrong(str(wrong), 1 if wrong.field == "unit" else 0) from None


def _write_when(value: When, state: State) -> list[Any]:
    if value.end is not None:
        raise CannotHold("a time with an end")
    return [_written(value)]


def _write_from_to(value: When, state: State) -> list[Any]:
    return [_written(value), write_ts(value.end) if value.end else None]


def _written(value: When) -> str:
    if value.start is not None:
        return write_ts(value.start)
    if value.day is None or len(value.day) != len("2026-03-12"):
        raise CannotHold("a time that is no day")
    return value.day.replace("-", "")


def _write_dose(value: Quantity, state: State) -> list[Any]:
    if value.code not in UNITS.values() or value.comparator is not None:
        raise CannotHold("a dose in another unit, or a limit")
    return [f"{value.value:g}", value.code]


HL7_GIVEN = (
    Cast("when", _read_when, _write_when),
    Cast("from-to", _read_from_to, _write_from_to),
    Cast("dose", _read_dose, _write_dose, ((), ("1",))),
)
