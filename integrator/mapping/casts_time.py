"""Conversions of times: instants, pairs of them, starts with a length; nothing is ever taken to be UTC by default.

An HL7 time takes its offset from the field, else from MSH-7, else from the context (FACES, "Context"). The hour that
spring leaves out is held; of the hour that autumn repeats the earlier reading is taken and noted.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from integrator.formats.fhir.dates import read_instant, write_instant
from integrator.formats.hl7v2.times import Stamp, instants, parse_time, zone_of
from integrator.mapping.casts import NOTHING, CannotHold, Cast, Wrong
from integrator.mapping.state import State
from integrator.mapping.tree_hl7 import text_of
from integrator.records.values import Period

_LENGTH = re.compile(r"(\d{1,6})(?:\.(\d+))?")
_TQ_LENGTH = re.compile(r"([SMHD])(\d{1,6})")  # TQ.3: a letter, then a whole number
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunden"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuten"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden"), "h"),
    **dict.fromkeys(("d", "day", "days", "tag", "tage"), "d"),
}


def read_ts(node: Any, state: State, which: int = 0) -> datetime:
    """One HL7 TS or DTM as an aware datetime; raises Wrong."""
    if state.trace is None and (offset := state.message_offset()) is not None:
        try:
            found, agrees = _at_offset(text_of(node), offset, state.context.zone)
        except ValueError:  # the reason is told below
            pass
        else:
            if not agrees:
                state.note(_disagrees(offset, state), person=True)
            return found
    try:
        stamp = parse_time(text_of(node))
    except ValueError:
        raise Wrong("a time that does not exist or is not written as HL7 says", which) from None
    if stamp.precision in ("day", "month", "year"):
        raise Wrong("a day without a time of day", which)
    if stamp.offset is not None:
        return stamp.local.replace(tzinfo=zone_of(stamp.offset))
    return _local(stamp, state, which)


def _local(stamp: Stamp, state: State, which: int) -> datetime:
    context = state.context
    offset = state.message_offset()
    if offset is None and context.offset is None:
        if context.zone is None:
            raise Wrong("a time without offset, and neither MSH-7 nor the source's settings say a zone", which)
        return _in_zone(stamp, context.zone, state, which)
    try:
        found = stamp.local.replace(tzinfo=zone_of(offset or context.offset or ""))
    except ValueError:
        raise Wrong("a time without offset, and the offset of MSH-7 is none", which, beside=_of(offset)) from None
    if state.trace is not None:
        state.note(
            f"offset {offset} of MSH-7" if offset else f"offset {context.offset} of the source", place=_of(offset)
        )
    if context.zone and (readings := instants(stamp, context.zone)) and found not in readings:
        state.note(_disagrees(offset, state), person=True)
    return found


@lru_cache(maxsize=4096)  # as `parse_time`
def _at_offset(text: str, offset: str, zone: str | None) -> tuple[datetime, bool]:
    """A time in a message whose MSH-7 has an offset, and whether that is the zone's; ValueError where it is none."""
    stamp = parse_time(text)
    if stamp.precision in ("day", "month", "year"):
        raise ValueError("a day without a time of day")
    if stamp.offset is not None:
        return stamp.local.replace(tzinfo=zone_of(stamp.offset)), True
    found = stamp.local.replace(tzinfo=zone_of(offset))
    readings = instants(stamp, zone) if zone else ()
    return found, not readings or found in readings


def _disagrees(offset: str | None, state: State) -> str:
    return f"the offset {offset} of MSH-7 is not that of {state.context.zone} at this time"


def _of(offset: str | None) -> str | None:
    return "MSH-7" if offset else None


def _in_zone(stamp: Stamp, zone: str, state: State, which: int) -> datetime:
    readings = instants(stamp, zone)
    if not readings:
        raise Wrong(f"a time in the hour that spring leaves out in {zone}", which)
    state.note(f"zone {zone}", place="MSH-7")
    if len(readings) > 1:
        state.note(f"the earlier reading of the hour that autumn repeats in {zone}", person=True)
    return readings[0]


def write_ts(at: datetime) -> str:
    """An aware datetime as a DTM with offset; raises CannotHold for what is finer than 1/10 ms."""
    text = at.strftime("%Y%m%d%H%M%S").rjust(14, "0")
    if at.microsecond:
        if at.microsecond % 100:
            raise CannotHold("HL7 v2 holds no time finer than 1/10 ms")
        text += f".{at.microsecond // 100:04}"
    offset = at.utcoffset()
    if offset is None or offset.seconds % 60:
        raise CannotHold("HL7 v2 needs an offset of whole minutes")
    return text + at.strftime("%z")[:5]


def _there(node: Any) -> bool:
    text = text_of(node).strip()
    return bool(text) and text != '""'


def _period(start: datetime, end: datetime, which: int = 1) -> Period:
    if end < start:
        raise Wrong("the end is before the start", which, (0,))
    return Period(start, end)


def _alone(start: datetime, state: State) -> Period:
    minutes = state.context.default_minutes
    if not minutes:
        raise Wrong("a start without an end or a length, and the source has no default_minutes", 0, (1,))
    state.note(f"no end and no length: {minutes} minutes by the source's default_minutes", person=True)
    return Period(start, start + timedelta(minutes=minutes))


# HL7 v2


def _read_time(nodes: list[Any], state: State) -> Any:
    return read_ts(nodes[0], state)


def _write_time(value: datetime, state: State) -> list[Any]:
    return [write_ts(value)]


def _read_pair(nodes: list[Any], state: State) -> Any:
    if not _there(nodes[1]):
        return NOTHING
    return _period(read_ts(nodes[0], state), read_ts(nodes[1], state, 1))


def _write_pair(value: Period, state: State) -> list[Any]:
    if value.end is None:
        raise CannotHold("a time without an end")
    return [write_ts(value.start), write_ts(value.end)]


def _start_alone(nodes: list[Any], state: State) -> Any:
    return _alone(read_ts(nodes[0], state), state)


def read_length(node: Any, unit: Any, state: State, which: int = 1) -> timedelta:
    """A length with its unit: in a place of its own, in the second part (CQ), or in front (TQ.3, "M30")."""
    text = text_of(node).strip()
    if found := _TQ_LENGTH.fullmatch(text):
        return timedelta(seconds=int(found[2]) * _SECONDS[_UNITS[found[1].lower()]])
    if not (found := _LENGTH.fullmatch(text)):
        raise Wrong("a length that is not a number", which)
    if unit is None and node.__class__ is dict:
        unit = node.get("2")
    name = _unit_name(unit)
    if not name:
        name = state.context.default_unit or "min"
        state.note(f"no unit of the length: {name}", person=True)
    elif name == '""':
        name = "min"
    kind = _UNITS.get(name.strip().lower())
    if kind is None:
        raise Wrong("an unknown unit of a length", which + 1 if unit is not None else which)
    return timedelta(seconds=float(text) * _SECONDS[kind])


def _unit_name(unit: Any) -> str:
    """The code of a unit (CE), or its text where it has no code."""
    name = text_of(unit)
    if not name and unit.__class__ is dict:
        name = text_of(unit.get("2"))
    return name.strip()


def _read_start_length(nodes: list[Any], state: State) -> Any:
    if not _there(nodes[1]):
        return NOTHING
    start = read_ts(nodes[0], state)
    return Period(start, start + read_length(nodes[1], nodes[2] if len(nodes) > 2 else None, state))


def _read_span(nodes: list[Any], state: State) -> Any:
    """Several services: the first start to the last end; NOTHING unless each start has its length."""
    starts, lengths, units = nodes[0], nodes[1], nodes[2] if len(nodes) > 2 else [None] * len(nodes[0])
    first: datetime | None = None
    last: datetime | None = None
    for number, (start_node, length_node, unit) in enumerate(zip(starts, lengths, units, strict=True)):
        if not _there(start_node):
            continue
        if not _there(length_node):
            return NOTHING
        try:
            start = read_ts(start_node, state)
            end = start + read_length(length_node, unit, state)
        except Wrong as wrong:
            raise Wrong(wrong.reason, wrong.which, wrong.others, number, wrong.beside) from None
        first = start if first is None else min(first, start)
        last = end if last is None else max(last, end)
    return NOTHING if first is None else Period(first, last)


def _span_alone(nodes: list[Any], state: State) -> Any:
    starts = [read_ts(node, state) for node in nodes[0] if _there(node)]
    return _alone(min(starts), state) if starts else NOTHING


def _read_minutes(nodes: list[Any], state: State) -> Any:
    seconds = read_length(nodes[0], nodes[1] if len(nodes) > 1 else None, state, 0).total_seconds()
    return NOTHING if seconds % 60 else int(seconds // 60)


def _write_minutes(value: int, state: State) -> list[Any]:
    return [str(value), "min"]


_START_END = {"start": ((0, ""),), "end": ((1, ""),)}
_START_LENGTH = {"start": ((0, ""),), "end": ((0, ""), (1, ""), (2, ""))}
_LABEL = ("1", "2", "3")  # code, text and system of a unit

HL7_TIMES = (
    Cast("ts", _read_time, _write_time),
    Cast("period", _read_pair, _write_pair, sources=_START_END, alone=_start_alone),
    Cast("start+length", _read_start_length, None, ((), (), _LABEL), sources=_START_LENGTH, alone=_start_alone),
    Cast("span", _read_span, None, ((), (), _LABEL), lists=True, alone=_span_alone),
    Cast("minutes", _read_minutes, _write_minutes, ((), _LABEL)),
)


# FHIR


def _instant(node: Any, which: int = 0) -> datetime:
    if not isinstance(node, str):
        raise Wrong("an instant that is not a text", which)
    try:
        return read_instant(node)
    except ValueError:
        raise Wrong("an instant that does not exist or has no offset", which) from None


def _write_fhir(at: datetime) -> str:
    offset = at.utcoffset()
    if offset is None or offset.seconds % 60:
        raise CannotHold("FHIR needs an offset of whole minutes")
    return write_instant(at)


def _read_fhir_instant(nodes: list[Any], state: State) -> Any:
    return _instant(nodes[0])


def _write_fhir_instant(value: datetime, state: State) -> list[Any]:
    return [_write_fhir(value)]


def _read_fhir_period(nodes: list[Any], state: State) -> Any:
    if nodes[1] is None:
        return NOTHING
    return _period(_instant(nodes[0]), _instant(nodes[1], 1))


def _write_fhir_period(value: Period, state: State) -> list[Any]:
    if value.end is None:
        raise CannotHold("a time without an end")
    return [_write_fhir(value.start), _write_fhir(value.end)]


def _fhir_alone(nodes: list[Any], state: State) -> Any:
    return _alone(_instant(nodes[0]), state)


FHIR_TIMES = (
    Cast("instant", _read_fhir_instant, _write_fhir_instant),
    Cast("period", _read_fhir_period, _write_fhir_period, sources=_START_END, alone=_fhir_alone),
)
