"""Law 4: change one byte of a message, and only those leaves of the record change whose lineage names the byte.

Bytes of structure (segment names, separators) are outside the law. What holds the message instead is no change.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

from integrator.errors import CannotWrite, Held, Rejected
from integrator.formats.hl7v2 import Message, build, parse
from integrator.mapping.context import Context
from integrator.mapping.face import Face, tree_of
from integrator.mapping.laws_values import Draw
from integrator.mapping.lineage import ReadEntry, Trace
from integrator.mapping.spans import bytes_of
from integrator.mapping.walk import Loc, locate
from integrator.records import Said

Span = tuple[int, int]
DRAWS = 50  # records drawn until one can be written
ZONE = Context(zone="Europe/Berlin", default_minutes=30)


def law_4(face: Face, random: Random) -> str | None:
    """On a message drawn at random; a face that only reads is written for this as if it could be."""
    writer = face if face.declared.writes else Face(replace(face.declared, direction=None))
    events = [one.values for one in face.declared.when if not one.written]
    context = Context(event=random.choice(events[0]) if events else None)
    for _ in range(DRAWS):
        try:
            message = writer.write(Draw(face.declared, random).said(), context)
        except CannotWrite:  # a time with an end where the form has only days: no message says that
            continue
        return mutated(face, build(message), random)
    return f"of {DRAWS} records none can be written"


def mutated(face: Face, data: bytes, random: Random, changes: int = 8) -> str | None:
    """What is wrong with the lineage of a message, found by changing some of its bytes; None: nothing."""
    message = parse(data, "utf-8")
    trace = Trace()
    try:
        before = flat(face.read(message, ZONE, trace).said)
    except Held:
        return None
    depends = Depends(face, message, trace)
    for _ in range(changes):
        place = random.randrange(len(data))
        fresh = _changed(message, data, place, random)
        if fresh is None:
            continue
        after = _read_again(face, fresh)
        if after is None:
            continue
        changed = [leaf for leaf in sorted(set(before) | set(after)) if before.get(leaf) != after.get(leaf)]
        for leaf in changed:
            moved = _elements(before, leaf) != _elements(after, leaf)
            if not depends.names(leaf, place, moved):
                return f"byte {place} ({data[place : place + 1]!r}) changes {leaf}, and its lineage does not name it"
    return None


def _changed(message: Message, data: bytes, place: int, random: Random) -> bytes | None:
    """The message with another letter or digit at the place; None where the byte is one of structure."""
    old = data[place : place + 1]
    if not old.isalnum() or old in message.delimiters.encoding_characters.encode():
        return None
    line_start = max(data.rfind(b"\r", 0, place), data.rfind(b"\n", 0, place)) + 1
    if place < line_start + 4 or (data[line_start:place].startswith(b"MSH") and place < line_start + 9):
        return None
    new = random.choice(b"0123456789" if old.isdigit() else b"ABCDEFGHxyz")
    return data[:place] + bytes([new]) + data[place + 1 :]


def _read_again(face: Face, data: bytes) -> dict[str, Any] | None:
    """The leaves of the changed message; None where it is held or is no message of this face any more."""
    try:
        message = parse(data, "utf-8")
        return flat(face.read(message, ZONE).said) if face.applies(message) else None
    except (Held, Rejected):
        return None


def flat(said: Said) -> dict[str, Any]:
    """A record leaf by leaf: "services[0].code.codings[0].system"."""
    found: dict[str, Any] = {}
    for name, value in said.items():
        found |= _flat(name, value)
    return found


def _flat(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, tuple):
        found: dict[str, Any] = {}
        for number, one in enumerate(value):
            found |= _flat(f"{name}[{number}]", one)
        return found or {name: ()}
    if is_dataclass(value) and not isinstance(value, type):
        found = {}
        for one in fields(value):
            if getattr(value, one.name) not in (None, ()):
                found |= _flat(f"{name}.{one.name}", getattr(value, one.name))
        return found
    return {name: value}


def _elements(leaves: dict[str, Any], leaf: str) -> set[str]:
    """The elements of the list that a leaf stands in, or whether the field is there."""
    top = leaf.partition(".")[0].partition("[")[0]
    return {one.partition("]")[0] for one in leaves if one.startswith(top + "[")} or {
        one for one in leaves if one == top
    }


class Depends:
    """The bytes that each leaf of a record depends on, by its lineage."""

    def __init__(self, face: Face, message: Message, trace: Trace):
        self.message, self.trace, self.tree = message, trace, tree_of(message)
        always = [loc for one in face.declared.when for loc, _ in locate(self.tree, one.at.steps)]
        self._always = self._spans(always)

    def names(self, leaf: str, place: int, moved: bool) -> bool:
        """Whether the lineage of the leaf names the byte; `moved`: elements of its list came or went, so any of it."""
        top = leaf.partition(".")[0].partition("[")[0]
        spans = list(self._always)
        for entry in self.trace.entries:
            own = leaf == entry.record or leaf.startswith((entry.record + ".", entry.record + "["))
            if own or (moved and entry.field.place.field == top):
                spans += self._of(entry, leaf if own and not moved else entry.record)
        return any(start <= place < end for start, end in spans)

    def _of(self, entry: ReadEntry, leaf: str) -> list[Span]:
        spots = (*entry.spots_of(leaf), *entry.tried, *entry.selected)
        used = [span for place in entry.used if "-" in place and (span := self.message.span_at(place)) is not None]
        return self._spans([spot.loc for spot in spots]) + used

    def _spans(self, locs: list[Loc]) -> list[Span]:
        return [span for loc in locs if (span := bytes_of(self.tree, loc)) is not None]
