"""Leaves and why each is what it is: what reading traced, joined with what writing logged, on the record's leaf."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from integrator.formats.hl7v2.segments import segment_table
from integrator.mapping.casts import NOTHING
from integrator.mapping.context import Context
from integrator.mapping.face import Face, Reading
from integrator.mapping.lineage import ReadEntry, Spot, Trace
from integrator.mapping.log import Leaf, Log
from integrator.mapping.otherwise import otherwise
from integrator.mapping.places import place_text
from integrator.mapping.read import is_word
from integrator.mapping.spans import bytes_of, raw_text
from integrator.mapping.state import State
from integrator.mapping.tree_hl7 import MessageNode, text_of
from integrator.mapping.walk import node_at, plain
from integrator.records import Said, wire

KINDS = ("source", "conversion", "constant", "selector", "link", "person", "")
"""source: as it stands in its place; conversion: made of what stands there; person: entered; "": none of ours."""


@dataclass(frozen=True, slots=True)
class Came:
    """One place of the message: what stands there, and its bytes (start, end)."""

    place: str
    text: str
    span: tuple[int, int] | None = None
    name: str = ""  # what HL7 calls it


@dataclass(slots=True)
class Step:
    """A line of a face that had a part in it."""

    face: str
    where: str  # file:line
    conversion: str = ""
    choice: str = ""  # "1 of 6"
    hash: str = ""  # of the face


@dataclass(slots=True)
class Why:
    """The answer for one leaf; `kind` is one of KINDS."""

    leaf: str
    value: Any
    kind: str
    record: str | None = None
    written: Step | None = None
    read: Step | None = None
    places: list[Came] = field(default_factory=list)
    row: str | None = None
    notes: list[str] = field(default_factory=list)
    before: list[Came] = field(default_factory=list)  # places of the choices tried before
    chosen_by: list[Came] = field(default_factory=list)  # what selectors, conditions and notes looked at
    otherwise: list[Came] = field(default_factory=list)  # places that say another time


def read_leaves(reading: Reading, path: str = "") -> list[Why]:
    """Every field of a record that a document says: one for each, in a list one for each element; with a path the
    fields or the leaves that it names."""
    joined = Joined.of(reading)
    found = [joined.only_read(entry) for entry in joined.entries if not path or within(entry.record, path)]
    return found if found or not path else joined.leaves(reading.said, path)


def written_leaves(writer: Face, said: Said, context: Context, joined: Joined | None = None) -> list[Why]:
    """Every leaf of the resource that a record makes. `joined`: what was read, where that is known."""
    log = Log()
    writer.write(said, context, log=log)
    return [_written(leaf, writer, joined) for leaf in log.leaves()]


def _written(leaf: Leaf, writer: Face, joined: Joined | None) -> Why:
    text = f"{writer.declared.form.name}.{place_text(leaf.loc)}"
    why = Why(text, leaf.value, "source" if leaf.kind == "record" else leaf.kind, leaf.record)
    if leaf.mark is not None and leaf.mark.constant is not None:
        why.written = Step(writer.name, str(leaf.mark.constant.where), hash=writer.hash)
    elif leaf.mark is not None and leaf.mark.field is not None and leaf.mark.chosen is not None:
        chosen, of = leaf.mark.chosen, len(leaf.mark.field.choices)
        why.written = Step(writer.name, str(chosen.where), chosen.name, f"{leaf.mark.choice + 1} of {of}", writer.hash)
        if joined is not None:
            joined.add_to(why)
    elif leaf.step is not None:
        why.notes.append(f"set by the selector in {leaf.step}")
    return why


@dataclass(frozen=True, slots=True)
class Joined:
    """What reading did, to be joined with what writing did."""

    face: Face
    tree: Any
    context: Context
    entries: list[ReadEntry]
    silent: list[ReadEntry]  # of fields that no choice made a value of

    @classmethod
    def of(cls, reading: Reading) -> Joined:
        """Reads once more, with a trace."""
        trace = Trace()
        again = reading.face.read(reading.tree, reading.context, trace)
        entries = [entry for entry in trace.entries if entry.chosen is not None]
        silent = [entry for entry in trace.entries if entry.chosen is None]
        return cls(reading.face, again.tree, reading.context, entries, silent)

    def add_to(self, why: Why) -> None:
        """Adds to a leaf of the resource where its leaf of the record came from."""
        leaf = (why.record or "").replace("[]", "")
        for entry in self.entries:
            if within(leaf, entry.record) or within(entry.record, leaf):
                self._add_read(why, entry, leaf)

    def leaves(self, said: Said, path: str) -> list[Why]:
        """The leaves of the record that a path names, down to the last: "services[0].code.codings[0].code"."""
        every = flat(said)
        return [one for leaf in every if within(leaf, path) for one in self.of_leaf(leaf, every[leaf])]

    def of_leaf(self, leaf: str, value: Any = None) -> list[Why]:
        """Why a leaf of the record ("time.start") is what it is, or why nothing says it."""
        found = []
        for entry in (*self.entries, *self.silent):
            if within(leaf, entry.record) or within(entry.record, leaf):
                why = Why(f"{self.face.record}.{leaf}", _shown(self.face, value), "source", leaf)
                self._add_read(why, entry, leaf)
                found.append(why)
        return found

    def only_read(self, entry: ReadEntry) -> Why:
        """The answer for a field of the record."""
        value = entry.value
        if value is NOTHING:
            value = "(no value could be made of what stands there)"
        elif is_word(value):
            value = None
        shown = _shown(self.face, value)
        why = Why(f"{self.face.record}.{entry.record}", shown, "source", entry.record)
        self._add_read(why, entry, entry.record)
        return why

    def _add_read(self, why: Why, entry: ReadEntry, leaf: str) -> None:
        """Adds where a leaf of the record came from."""
        if (chosen := entry.chosen) is not None and why.read is None:
            choice = f"{(entry.choice or 0) + 1} of {len(entry.field.choices)}"
            why.read = Step(self.face.name, str(chosen.where), chosen.name, choice, self.face.hash)
        spots = [spot for spot in entry.spots_of(leaf) if node_at(self.tree, spot.loc)]
        spots = spots or [spot for place in entry.places for spot in place]  # another part stands in for it
        why.places += [place for place in self.came(spots) if place not in why.places]
        if why.kind == "source" and why.value not in [plain(node_at(self.tree, spot.loc)) for spot in spots]:
            why.kind = "conversion"
        if entry.row is not None:
            cells = ", ".join("*" if cell is None else "|".join(cell) for cell in entry.row.cells)
            why.row = f"{entry.row.file}:{entry.row.line} ({cells} -> {entry.row.value or 'no value'})"
        why.notes += dict.fromkeys(entry.notes)
        used = [place for one in entry.used if (place := self._used(one))]
        why.before += [place for place in self.came(entry.tried) if place not in why.before]
        looked = dict.fromkeys((*self.came(entry.selected), *used))
        why.chosen_by += [place for place in looked if place not in why.chosen_by]
        why.otherwise += self.came(otherwise(entry, State(self.tree, self.context)))

    def came(self, spots: list[Spot]) -> list[Came]:
        """The places where something stands."""
        return list(dict.fromkeys(self._came(spot) for spot in spots if node_at(self.tree, spot.loc)))

    def _used(self, place: str) -> Came | None:
        """A place that a note used: the offset in MSH-7."""
        if not isinstance(self.tree, MessageNode) or "-" not in place:
            return None
        span, text = self.tree.message.span_at(place), self.tree.message.raw(place)
        return Came(place, text, span, segment_table().name(place)) if span and text else None

    def _came(self, spot: Spot) -> Came:
        hl7 = self.face.declared.form.hl7
        node = node_at(self.tree, spot.loc)
        text = self.face.place_of(self.tree, spot.loc, spot.steps)
        if not hl7:
            return Came(text, plain(node))
        span = bytes_of(self.tree, spot.loc)
        name = segment_table().name(re.sub(r"\[\d+\]", "", text)) if "-" in text else ""
        return Came(text, raw_text(self.tree, spot.loc) or text_of(node), span, name)


def _shown(face: Face, value: Any) -> Any:
    return wire.to_json(face.record, {"it": value})["it"]


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


def within(text: str, wanted: str) -> bool:
    """Whether a place is the wanted one or lies below it; positions that the wanted one does not say are all."""
    if "[" not in wanted:
        text = re.sub(r"\[\d+\]", "", text)
    return text == wanted or (text.startswith(wanted) and text[len(wanted)] in ".[-")
