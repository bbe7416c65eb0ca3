"""What segments are made of: fields, types, repetition and message structures of 2.3 to 2.8.2, as facts.

segments.json is made by scripts/reduce_hl7v2.py. Versions are merged: faces are checked against what any version
allows, for senders mix them. 2.1 and 2.2 count as 2.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import orjson

from integrator.formats.hl7v2.path import Place, parse_path

# A field of this type holds what a neighbour says (OBX-5 what OBX-2 says), so it may have any components.
VARIES = "varies"


class Part(NamedTuple):
    """A field of a segment or a component of a data type. `types`: those of all versions, the newest first."""

    number: int
    name: str
    types: tuple[str, ...]
    repeats: bool

    @property
    def type(self) -> str:
        """The newest type; "" for a number that no version uses."""
        return self.types[0] if self.types else ""


class Group(NamedTuple):
    """A segment (no children) or a group in a message structure."""

    name: str
    repeats: bool
    children: tuple[Group, ...]


@dataclass(frozen=True)
class SegmentTable:
    """The facts, looked up by name. Z segments are not in it: of them everything is allowed."""

    segments: dict[str, tuple[Part, ...]]
    types: dict[str, tuple[Part, ...]]
    structures: dict[str, tuple[Group, ...]]

    def fields(self, segment: str) -> tuple[Part, ...]:
        """The fields of a segment, in order; () for one that HL7 does not have."""
        return self.segments.get(segment, ())

    def field(self, segment: str, number: int) -> Part | None:
        """One field; None if there is none."""
        fields = self.fields(segment)
        return fields[number - 1] if 0 < number <= len(fields) else None

    def components(self, types: tuple[str, ...]) -> tuple[Part, ...]:
        """The components that these types have between them; () if they are all primitive."""
        return max((self.types.get(name, ()) for name in types), key=len, default=())

    def part(self, place: Place | str) -> Part | None:
        """The field, component or subcomponent at a place; None if HL7 has none there (or it is a Z segment)."""
        place = parse_path(place) if isinstance(place, str) else place
        part = self.field(place.segment, place.field)
        for number in (place.component, place.subcomponent):
            if number is not None and part is not None and VARIES not in part.types:
                part = self._below(part, number)
        return part

    def _below(self, part: Part, number: int) -> Part | None:
        below = self.components(part.types)
        if not below and number == 1:
            return part  # a value without components is its own first component (HL7 2.6: nothing need be said)
        return below[number - 1] if 0 < number <= len(below) else None

    def problem(self, place: Place | str) -> str | None:
        """Why HL7 has no such place, with what it has; None if all is well. Brackets on what does not repeat count."""
        place = parse_path(place) if isinstance(place, str) else place
        if place.segment.startswith("Z"):
            return None
        fields = self.fields(place.segment)
        if not fields:
            return f"HL7 v2 has no segment {place.segment}"
        field = self.field(place.segment, place.field)
        if field is None:
            return f"{place.segment} has {len(fields)} fields: there is no {place.segment}-{place.field}"
        if place.repetition not in (None, 1) and not field.repeats:
            return f"{place.segment}-{place.field} ({field.name}) does not repeat"
        here = f"{place.segment}-{place.field}"
        for number in (place.component, place.subcomponent):
            if number is None or VARIES in field.types:
                continue
            below = self._below(field, number)
            if below is None:
                most = len(self.components(field.types)) or 1
                return f"{here} ({field.name}, {field.type}) has {most} parts: there is no {here}.{number}"
            field, here = below, f"{here}.{number}"
        return None

    def name(self, place: Place | str) -> str:
        """What a person calls a place: "Placer Appointment ID, Namespace ID"; "" where HL7 has no name for it."""
        place = parse_path(place) if isinstance(place, str) else place
        whole = place._replace(component=None, subcomponent=None)
        steps = [whole]
        if place.component is not None:
            steps.append(place._replace(subcomponent=None))
        if place.subcomponent is not None:
            steps.append(place)
        names = [part.name for step in steps if (part := self.part(step)) is not None and part.name]
        return ", ".join(dict.fromkeys(names))

    def order(self, structure: str) -> list[str]:
        """The segments of a message structure in the order in which they are written; a segment may stand twice."""
        return [group.name for group, _ in self._walk(structure)]

    def repeats(self, structure: str, segment: str) -> bool:
        """Whether the segment may come more than once: it or a group around it repeats, or it stands at two places."""
        found = [repeats for group, repeats in self._walk(structure) if group.name == segment]
        return len(found) > 1 or any(found)

    def _walk(self, structure: str) -> Iterator[tuple[Group, bool]]:
        def below(groups: tuple[Group, ...], repeats: bool) -> Iterator[tuple[Group, bool]]:
            for group in groups:
                if group.children:
                    yield from below(group.children, repeats or group.repeats)
                else:
                    yield group, repeats or group.repeats

        return below(self.structures.get(structure, ()), False)


@cache
def segment_table() -> SegmentTable:
    """The facts, read once."""
    facts = orjson.loads(files("integrator.formats.hl7v2").joinpath("segments.json").read_bytes())
    return SegmentTable(
        {name: _parts(rows) for name, rows in facts["segments"].items()},
        {name: _parts(rows) for name, rows in facts["types"].items()},
        {name: tuple(_group(row) for row in rows) for name, rows in facts["structures"].items()},
    )


def _parts(rows: list[list[Any]]) -> tuple[Part, ...]:
    return tuple(Part(n, row[0], tuple(row[1].split()), len(row) > 2) for n, row in enumerate(rows, 1))


def _group(row: list[Any]) -> Group:
    return Group(row[0], bool(row[1]), tuple(_group(child) for child in row[2]) if len(row) > 2 else ())
