"""One byte of a message is changed, and the answer of `explain` is held to it: what changed is what lineage names.

Judged on the line's own reading, from bytes to the record and on to the resource. Bytes of structure stand apart:
segment names, separators, encoding characters, line ends and the character set (MSH-18).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random
from string import ascii_letters
from typing import Any

from integrator.config import Source
from integrator.errors import CannotWrite, ConfigError, Held, Rejected
from integrator.formats.hl7v2 import Message, charset_codec, parse
from integrator.mapping import Faces
from integrator.mapping.context import Context
from integrator.mapping.face import tree_of
from integrator.mapping.laws_bytes import Depends, Span, elements, spans_of
from integrator.mapping.leaves import Why, flat, written_leaves
from integrator.mapping.spans import bytes_of
from integrator.mapping.walk import locate
from integrator.reading import Read, Spoken, read

ABSENT = object()


@dataclass(frozen=True)
class Verdict:
    """What a change of one byte did, and what is wrong with the lineage; `fault` None: nothing."""

    what: str  # same, changed, held, left: no face reads it any more
    fault: str | None = None
    right: int = 0  # leaves that are said to be made of this byte, and were changed by it
    vain: int = 0  # leaves that are said to be made of it, and were not


@dataclass(frozen=True)
class Sample:
    """A message of a name, as one source sends it."""

    name: str
    data: bytes
    source: Source
    faces: Faces

    def __str__(self) -> str:
        return f"{self.name} as {self.source.site or 'no site'} reads it"

    @cached_property
    def message(self) -> Message:
        return parse(self.data, charset_codec(self.source.charset))

    @cached_property
    def known(self) -> Known | None:
        """What it says; None: it is held, or no face reads it."""
        said = self.read(self.data)
        return Known(self.faces, said) if isinstance(said, Read) and said.records else None

    @cached_property
    def readable(self) -> bool:
        """Whether it says anything that a change could change."""
        try:
            return self.known is not None
        except Rejected:
            return False

    def read(self, data: bytes) -> Read | Held:
        try:
            return read(data, self.source, self.faces)
        except Held as held:
            return held

    @cached_property
    def places(self) -> list[int]:
        """The bytes that are no structure."""
        message, found = self.message, []
        delims = message.delimiters
        structure = {ord(one) for one in (delims.field + delims.encoding_characters) if one} | set(b"\r\n")
        charset = {place for path in ("MSH-1", "MSH-2", "MSH-18") for place in self._inside(path)}
        for segment in message.segments:
            for number in range(1, len(segment.fields)):
                span = message.span(segment.index, number)
                found += [place for place in range(*(span or (0, 0))) if place not in charset]
        return [place for place in found if self.data[place] not in structure]

    @cached_property
    def structure(self) -> set[int]:
        """The byte values that would make structure."""
        delims = self.message.delimiters
        return {ord(one) for one in delims.field + delims.encoding_characters} | set(b"\r\n\x0b\x1c")

    def _inside(self, path: str) -> Iterator[int]:
        span = self.message.span_at(path)
        yield from range(*(span or (0, 0)))

    def taken_by(self, data: bytes) -> list[str]:
        """The faces that read these bytes."""
        message = parse(data, charset_codec(self.source.charset))
        return [face.name for face in self.faces.reading("hl7v2", message, self.source.site or None)]

    @cached_property
    def conditions(self) -> list[Span]:
        """The bytes that decide which faces read it."""
        tree = tree_of(self.message)
        faces = self.faces.reading("hl7v2", self.message, self.source.site or None)
        locs = [loc for face in faces for one in face.declared.when for loc, _ in locate(tree, one.at.steps)]
        return [span for loc in locs if (span := bytes_of(tree, loc))]


class Known:
    """The records that a message says, each with its leaves, and the resources that they become."""

    def __init__(self, faces: Faces, said: Read):
        self.records = [Record(faces, one) for one in said.records]


class Record:
    """One record of a message: leaf by leaf, in the record and in the resource."""

    def __init__(self, faces: Faces, spoken: Spoken):
        assert spoken.reading is not None
        self.spoken, self.reading = spoken, spoken.reading
        self.leaves = flat(spoken.said)
        self.depends = Depends(self.reading)
        self.joined = self.depends.joined
        self.written = self._resource(faces)

    def _resource(self, faces: Faces) -> dict[str, Why]:
        writer = faces.writing(self.spoken.kind, "fhir-r4")
        try:
            found = written_leaves(writer, self.spoken.said, Context(), self.joined)
        except CannotWrite:
            return {}
        return {one.leaf: one for one in found}

    def copied(self, leaf: str) -> list[Span]:
        """The bytes that the answer says are copied into the leaf as they stand."""
        found = self.joined.of_leaf(leaf, self.leaves.get(leaf))
        places = [one for why in found if why.kind == "source" for one in why.places if one.text == why.value]
        return [one.span for one in places if one.span]

    @cached_property
    def made_of(self) -> dict[str, list[Span]]:
        """For each leaf the bytes that it is said to be made of."""
        whys = {leaf: self.joined.of_leaf(leaf, self.leaves[leaf]) for leaf in self.leaves}
        return {leaf: [one.span for why in of for one in why.places if one.span] for leaf, of in whys.items()}


def change(sample: Sample, random: Random) -> tuple[int, bytes]:
    """A byte that is no structure, and the message with another one there that makes none: every second time of the
    same kind (a digit for a digit), so that more than noise is tried; else any."""
    place = random.choice(sample.places)
    old = sample.data[place]
    alike = next((kind for kind in (b"0123456789", ascii_letters.encode()) if old in kind), b"")
    values = alike if alike and random.random() < 0.5 else range(256)
    values = [value for value in values if value not in sample.structure and value != old]
    return place, sample.data[:place] + bytes([random.choice(values)]) + sample.data[place + 1 :]


def judge(sample: Sample, place: int, data: bytes) -> Verdict:
    """What the change did, and whether lineage named it."""
    known = sample.known
    assert known is not None
    said = sample.read(data)
    decides = _in(place, sample.conditions)
    if isinstance(said, Held):
        if names(sample, said, place):
            return Verdict("held")
        if decides and sample.taken_by(data) != sample.taken_by(sample.data):
            return Verdict("left")  # what is another trigger now is another reading's, with its own reasons
        return Verdict("held", f"held: {said.whole()}, which is another place")
    if len(said.records) != len(known.records) or not said.records:
        return Verdict("left", None if decides else "no face reads it any more, and no condition looks there")
    changed, right, vain = False, 0, 0
    for before, after in zip(known.records, Known(sample.faces, said).records, strict=True):
        leaves = _changed(before, after)
        if fault := _judged(before, after, leaves, place):
            return Verdict("changed", fault)
        named = {leaf for leaf, spans in before.made_of.items() if _in(place, spans)}
        changed, right, vain = changed or bool(leaves), right + len(named & leaves), vain + len(named - leaves)
    return Verdict("changed" if changed else "same", None, right, vain)


def _changed(before: Record, after: Record) -> set[str]:
    """The leaves of the record that are not as they were."""
    every = before.leaves.keys() | after.leaves.keys()
    return {leaf for leaf in every if before.leaves.get(leaf, ABSENT) != after.leaves.get(leaf, ABSENT)}


def _judged(before: Record, after: Record, changed: set[str], place: int) -> str | None:
    """The first leaf, of the record or the resource, whose lineage does not say what it should; None: there is none."""
    for leaf in sorted(changed):
        moved = elements(before.leaves, leaf) != elements(after.leaves, leaf)
        if not before.depends.names(leaf, place, moved):
            return f"{leaf} changes, and its lineage does not name the byte"
    for leaf in before.leaves:
        if leaf not in changed and _in(place, before.copied(leaf)):
            return f"{leaf} is said to be copied from the byte, and does not change"
    for path in sorted(before.written.keys() & after.written.keys()):
        old, new = before.written[path], after.written[path]
        alike = old.record == new.record and old.kind != "selector"
        if alike and old.value != new.value and not _in(place, [*spans_of(old), *spans_of(new)]):
            return f"{path} changes, and its lineage does not name the byte"
    return None


def names(sample: Sample, held: Held, place: int) -> bool:
    """Whether the place that a reason names has the byte in it."""
    found = []
    for one in (held.place or "").split(", "):
        try:
            found.append(sample.message.span_at(one))
        except (ConfigError, Rejected):
            continue
    return _in(place, [span for span in found if span])


def _in(place: int, spans: list[Any]) -> bool:
    return any(start <= place < end for start, end in spans)
