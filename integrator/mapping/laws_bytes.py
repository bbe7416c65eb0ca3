"""Law 4: change one byte of a message, and only those leaves of the record change whose lineage names the byte.

Bytes of structure (segment names, separators) are outside the law. What holds the message instead is no change.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from integrator.errors import CannotWrite, Held, Rejected
from integrator.formats.hl7v2 import Message, build, parse
from integrator.mapping.context import Context
from integrator.mapping.face import Face, Reading
from integrator.mapping.laws_values import Draw
from integrator.mapping.leaves import Joined, Why, flat
from integrator.mapping.spans import bytes_of
from integrator.mapping.walk import locate

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
    try:
        reading = face.read(message, ZONE)
    except Held:
        return None
    before, depends = flat(reading.said), Depends(reading)
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
            moved = elements(before, leaf) != elements(after, leaf)
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


def elements(leaves: dict[str, Any], leaf: str) -> set[str]:
    """The elements of the lists in the field of a leaf, and whether the field is there."""
    mine = [one for one in leaves if top(one) == top(leaf)]
    return {one[: number + 1] for one in mine for number, letter in enumerate(one) if letter == "]"} | set(mine[:1])


def top(leaf: str) -> str:
    """The field of a leaf: "services" of "services[0].code"."""
    return leaf.partition(".")[0].partition("[")[0]


class Depends:
    """The bytes that each leaf of a record depends on, by the answer that `explain` gives."""

    def __init__(self, reading: Reading):
        self.joined = Joined.of(reading)
        tree = self.joined.tree
        locs = [loc for one in reading.face.declared.when for loc, _ in locate(tree, one.at.steps)]
        self.always = [span for loc in locs if (span := bytes_of(tree, loc)) is not None]

    def names(self, leaf: str, place: int, moved: bool) -> bool:
        """Whether lineage names the byte for a leaf; `moved`: elements of its list came or went, so any of it."""
        return any(start <= place < end for start, end in (*self.always, *self.spans(top(leaf) if moved else leaf)))

    def spans(self, leaf: str) -> list[Span]:
        """All bytes that the answer for a leaf of the record names."""
        return [span for why in self.joined.of_leaf(leaf) for span in spans_of(why)]


def spans_of(why: Why) -> list[Span]:
    """All bytes that an answer names."""
    return [one.span for one in (*why.places, *why.before, *why.chosen_by) if one.span]
