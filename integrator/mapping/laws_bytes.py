"""Law 4: change one byte of a message, and only those leaves of the record change whose lineage names the byte.

Bytes of structure (segment names, separators) are outside the law. What holds the message instead is no change.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

from integrator.errors import Held, Rejected
from integrator.formats.hl7v2 import Message, build, parse
from integrator.mapping.context import Context
from integrator.mapping.face import Face
from integrator.mapping.laws_values import Draw
from integrator.mapping.lineage import Trace
from integrator.mapping.spans import bytes_of
from integrator.mapping.walk import locate
from integrator.records import Said

Span = tuple[int, int]
ZONE = Context(zone="Europe/Berlin", default_minutes=30)


def law_4(face: Face, random: Random) -> str | None:
    """On a message drawn at random; a face that only reads is written for this as if it could be."""
    said = Draw(face.declared, random).said()
    writer = face if face.declared.writes else Face(replace(face.declared, direction=None))
    events = [one.values for one in face.declared.when if not one.written]
    context = Context(event=random.choice(events[0]) if events else None)
    return mutated(face, build(writer.write(said, context)), random)


def mutated(face: Face, data: bytes, random: Random, changes: int = 8) -> str | None:
    """What is wrong with the lineage of a message, found by changing some of its bytes; None: nothing."""
    message = parse(data, "utf-8")
    trace = Trace()
    try:
        before = flat(face.read(message, ZONE, trace).said)
    except Held:
        return None
    depends = dependencies(face, message, trace)
    for _ in range(changes):
        place = random.randrange(len(data))
        fresh = _changed(message, data, place, random)
        if fresh is None:
            continue
        after = _read_again(face, fresh)
        if after is None:
            continue
        for leaf in sorted(set(before) | set(after)):
            if before.get(leaf) != after.get(leaf) and not _named(depends, leaf, place):
                return f"byte {place} ({data[place : place + 1]!r}) changes {leaf}, and its lineage does not name it"
    return None


def _changed(message: Message, data: bytes, place: int, random: Random) -> bytes | None:
    """The message with another letter or digit at the place; None where the byte is one of structure."""
    old = data[place : place + 1]
    if not old.isalnum() or old in message.delimiters.encoding_characters.encode():
        return None
    line_start = max(data.rfind(b"\r", 0, place), -1) + 1
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


Depends = list[tuple[str, str, list[Span]]]  # top-level field, the entry's record place, the bytes it depends on


def dependencies(face: Face, message: Message, trace: Trace) -> Depends:
    """For each entry of the trace the bytes that its leaves depend on."""
    tree = face.tree(message)
    always = [loc for one in face.declared.when for loc, _ in locate(tree, one.at.steps)]
    found: Depends = []
    for entry in trace.entries:
        spots = [spot.loc for place in entry.places for spot in place]
        spots += [spot.loc for spot in (*entry.tried, *entry.selected)]
        spans = [span for loc in (*spots, *always) if (span := bytes_of(message, loc)) is not None]
        spans += [span for place in entry.used if (span := _at(message, place)) is not None]
        found.append((entry.field.place.field, entry.record, spans))
    return found


def _at(message: Message, place: str) -> Span | None:
    return message.span_at(place) if "-" in place else None


def _named(depends: Depends, leaf: str, place: int) -> bool:
    """Whether the lineage of a leaf names the byte: of its own entry, or of any of the list that it stands in."""
    top = leaf.partition(".")[0].partition("[")[0]
    mine = [spans for _, record, spans in depends if leaf == record or leaf.startswith((record + ".", record + "["))]
    if not mine or "[" in leaf:
        mine = [spans for field, _, spans in depends if field == top]
    return any(start <= place < end for spans in mine for start, end in spans)
