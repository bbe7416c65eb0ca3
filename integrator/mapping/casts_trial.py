"""Conversions of the trial's own records in FHIR: times as precise as they are, quantities, codes as tokens."""

from __future__ import annotations

import re
from typing import Any

from integrator.formats.fhir.dates import is_date, is_date_time, read_instant, write_instant
from integrator.mapping.casts import NOTHING, CannotHold, Cast, Wrong
from integrator.mapping.casts_fhir_plain import string, without_none, word
from integrator.mapping.state import State
from integrator.records.values import Period, Quantity, When

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_SYSTEM = re.compile(r"[a-z][a-z0-9+.-]*:\S+")


# times


def _read_when(nodes: list[Any], state: State) -> Any:
    """A dateTime: an instant, or a day, month or year without a time of day."""
    text = nodes[0]
    if isinstance(text, str) and is_date(text):
        return When(day=text)
    try:
        return When(read_instant(text))
    except (TypeError, ValueError):
        raise Wrong("a time that does not exist or has no offset") from None


def _instant(when: When) -> str:
    if when.start is None:
        raise CannotHold("a day without a time of day")
    offset = when.start.utcoffset()
    if offset is None or offset.seconds % 60:
        raise CannotHold("FHIR needs an offset of whole minutes")
    return write_instant(when.start)


def _write_when(value: When, state: State) -> list[Any]:
    if value.end is not None:
        raise CannotHold("a time with an end")
    return [_instant(value) if value.start is not None else value.day]


def _write_at(value: When, state: State) -> list[Any]:
    if value.end is not None:
        raise CannotHold("a time with an end")
    return [_instant(value)]


def _read_from_to(nodes: list[Any], state: State) -> Any:
    """A Period whose start and end are instants; of days only it makes no value."""
    start = _read_when(nodes, state)
    if start.start is None or nodes[1] is None:
        return NOTHING
    end = _read_when(nodes[1:], state)
    if end.start is None:
        return NOTHING
    if end.start < start.start:
        raise Wrong("the end is before the start", 1)
    return When(start.start, end.start)


def _write_from_to(value: When, state: State) -> list[Any]:
    if value.end is None:
        raise CannotHold("a time without an end")
    return [_instant(value), _instant(When(value.end))]


def _read_open(nodes: list[Any], state: State) -> Any:
    """A Period whose end may be missing."""
    start = _read_when(nodes, state)
    end = _read_when(nodes[1:], state) if nodes[1] is not None else When()
    return NOTHING if start.start is None else Period(start.start, end.start)


def _write_open(value: Period, state: State) -> list[Any]:
    return [_instant(When(value.start)), _instant(When(value.end)) if value.end else None]


def _read_date_time(nodes: list[Any], state: State) -> Any:
    if not isinstance(nodes[0], str) or not is_date_time(nodes[0]):
        raise Wrong("a date that does not exist")
    return nodes[0]


def _write_date_time(value: str, state: State) -> list[Any]:
    if not is_date_time(value):
        raise CannotHold("a date that does not exist")
    return [value]


# numbers


def _read_quantity(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    value = node.get("value") if isinstance(node, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return NOTHING
    return Quantity(value, *(word(node, name) for name in ("unit", "code", "system", "comparator")))


def _write_quantity(value: Quantity, state: State) -> list[Any]:
    unit = string(value.unit) if value.unit else None
    parts = {"comparator": value.comparator, "unit": unit, "system": value.system, "code": value.code}
    return [without_none(value=value.value, **parts)]


def _read_count(nodes: list[Any], state: State) -> Any:
    return Quantity(nodes[0]) if isinstance(nodes[0], int) and not isinstance(nodes[0], bool) else NOTHING


def _write_count(value: Quantity, state: State) -> list[Any]:
    if value != Quantity(value.value) or value.value != int(value.value):
        raise CannotHold("a number with a unit, or one that is not whole")
    return [int(value.value)]


# codes


def _read_token(nodes: list[Any], state: State) -> Any:
    """System and code as one text: http://loinc.org|29463-7."""
    system, code = nodes
    if not isinstance(system, str) or not isinstance(code, str) or not _SYSTEM.fullmatch(system) or "|" in system:
        return NOTHING
    return f"{system}|{code}"


def _write_token(value: str, state: State) -> list[Any]:
    system, bar, code = value.partition("|")
    if not bar or not _SYSTEM.fullmatch(system) or not code.strip():
        raise CannotHold("a code without its system")
    return [system, code]


def _read_word(nodes: list[Any], state: State) -> Any:
    return nodes[0] if isinstance(nodes[0], str) and nodes[0] else NOTHING


def _write_word(value: str, state: State) -> list[Any]:
    """A code of a system of ours; what names its own system is none."""
    if "|" in value or not re.fullmatch(r"\S+( \S+)*", value):
        raise CannotHold("a code of another system")
    return [value]


def _write_id(value: str, state: State) -> list[Any]:
    if not _ID.fullmatch(value):
        raise CannotHold("letters, digits, dashes and points only, 64 at most")
    return [value]


_START_END = {"start": ((0, ""),), "end": ((1, ""),)}

TRIAL_IN_FHIR = (
    Cast("when", _read_when, _write_when),
    Cast("when-at", _read_when, _write_at),
    Cast("from-to", _read_from_to, _write_from_to),
    Cast("open-period", _read_open, _write_open, sources=_START_END),
    Cast("date-time", _read_date_time, _write_date_time),
    Cast("quantity", _read_quantity, _write_quantity, (("value", "comparator", "unit", "system", "code"),)),
    Cast("count", _read_count, _write_count),
    Cast("token", _read_token, _write_token),
    Cast("word", _read_word, _write_word),
    Cast("linked-id", _read_word, _write_id),
)

# Without `as`, the type of the record's value and the element's type decide.
TRIAL_DEFAULTS = {
    ("When", "dateTime"): "when",
    ("When", "instant"): "when-at",
    ("Quantity", "Quantity"): "quantity",
    ("Quantity", "integer"): "count",
    ("str", "dateTime"): "date-time",
}
