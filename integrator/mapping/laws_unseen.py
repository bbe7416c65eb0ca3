"""Law 5: nothing unseen is lost. Each leaf of a document is read, or omitted, or shown as unmapped, and that is true:

what is read changes what the record says when it changes; what is omitted or unmapped does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from integrator.errors import Held, Rejected
from integrator.formats.hl7v2 import Message, parse
from integrator.mapping.casts import NOTHING
from integrator.mapping.face import Face, Reading, tree_of
from integrator.mapping.laws_documents import ZONE, Documents
from integrator.mapping.laws_noise import tree_leaves
from integrator.mapping.lineage import ReadEntry, Trace
from integrator.mapping.model import Omission
from integrator.mapping.read import is_word
from integrator.mapping.spans import bytes_of, true_loc
from integrator.mapping.tree_hl7 import MessageNode
from integrator.mapping.unmapped import Cover, uncovered
from integrator.mapping.walk import Loc, locate

CHARSET = ("MSH", "18")  # bytes of structure: with another character set the others mean something else
ALTERED = 3  # leaves of each kind that are altered in one document


@dataclass
class Seen:
    """One document and what the face makes of each of its leaves."""

    face: Face
    document: Any
    readings: list[Reading]
    spoken: Cover  # what is read or compared: without constants and omissions
    marks: Cover  # constants, conditions and selectors
    leaves: dict[Loc, str] = field(default_factory=dict)
    unmapped: set[Loc] = field(default_factory=set)
    omitted: set[Loc] = field(default_factory=set)
    skipped: set[Loc] = field(default_factory=set)  # shown as not understood, or as not looked at this time

    def __post_init__(self) -> None:
        self.tree = tree_of(self.document)
        self.leaves = {loc: text for loc, text in tree_leaves(self.tree) if (loc[0], *loc[2:3]) != CHARSET}
        for one in self.readings:
            below = self._trues(one.tree, uncovered(self.face, one.tree, self.face.covers))
            self.unmapped |= below
            silent = self._trues(one.tree, uncovered(self.face, one.tree, self.spoken)) - below
            self.omitted |= silent & self.leaves.keys()
            shown = {one.place for one in one.unmapped}
            self.skipped |= {loc for loc in self.leaves if self.place(loc) in shown} - below
        plain = uncovered(self.face, self.tree, self.marks)
        self.marked = {loc for loc in self.leaves if loc not in plain}
        self.before = [(one.said, one.why) for one in self.readings]

    @staticmethod
    def _trues(tree: Any, locs: Any) -> set[Loc]:
        return {_true(tree, loc) for loc in locs}

    def place(self, loc: Loc) -> str:
        return self.face.place_of(self.tree, loc)

    def changes(self, loc: Loc) -> bool:
        """Whether the record says something else when another value stands at the leaf."""
        try:
            document = altered(self.document, self.tree, loc)
            if not self.face.applies(document):
                return True
            return [(one.said, one.why) for one in self.face.read_each(document, ZONE)] != self.before
        except (Held, Rejected):
            return True

    def entries(self) -> list[tuple[Any, ReadEntry]]:
        """How every field was read, each with the tree that it was read from."""
        found = []
        for one in self.readings:
            trace = Trace()
            self.face.read(one.tree, ZONE, trace)
            found += [(one.tree, entry) for entry in trace.entries]
        return found


def _true(tree: Any, loc: Loc) -> Loc:
    return true_loc(tree, loc) if isinstance(tree, MessageNode) else loc


def see(face: Face, documents: Documents, random: Random, wanted: list[Omission]) -> Seen | None:
    """A drawn document that the face reads; None where what was drawn is not for it, or is held."""
    document = documents.draw(random, wanted)
    try:
        readings = face.read_each(document, ZONE) if face.applies(document) else []
    except Held:
        return None
    return Seen(face, document, readings, documents.spoken, documents.marks) if readings else None


def law_5(seen: Seen, random: Random) -> str | None:
    """What is wrong with what the face says of a document's leaves; None: nothing."""
    for loc in _some(seen.unmapped, random):
        if seen.changes(loc):
            return f"{seen.place(loc)} counts as unmapped, and the record says otherwise when it changes"
    claimed = set(seen.leaves) - seen.unmapped - seen.omitted - seen.skipped
    entries = seen.entries()
    for loc in _some(claimed, random):
        if not seen.changes(loc) and (reason := _lost(seen, loc, entries)):
            return f"{seen.place(loc)} ({seen.leaves[loc]!r}) is lost without omission: {reason}"
    return None


def _some(locs: set[Loc], random: Random) -> list[Loc]:
    return random.sample(sorted(locs, key=str), min(ALTERED, len(locs)))


def _lost(seen: Seen, loc: Loc, entries: list[tuple[Any, ReadEntry]]) -> str | None:
    """Why the loss of a leaf that a field speaks of counts; None where the field took another choice, where a code map
    has several places, and where a constant, a condition or a selector speaks of it."""
    if loc in seen.marked:
        return None
    for tree, entry in entries:
        choice = entry.chosen
        if choice is None or choice.cast is None or entry.value is NOTHING or is_word(entry.value):
            continue
        for spot in [one for places in entry.places for one in places]:
            base = _true(tree, spot.loc)
            if loc[: len(base)] == base:
                return f"{choice.cast.name} of {entry.record} does not look at it"
    return None


# another value at a leaf


def altered(document: Any, tree: Any, loc: Loc) -> Any:
    """The document with another value at one leaf; the document itself stays as it is."""
    if isinstance(document, Message):
        span = bytes_of(tree, loc)
        assert span is not None, loc
        assert document.data is not None
        old = document.data[span[0] : span[1]].decode(document.charset)
        fresh = document.data[: span[0]] + str(other(old)).encode(document.charset) + document.data[span[1] :]
        return parse(fresh, document.charset)
    return _altered_json(document, loc)


def _altered_json(node: Any, loc: Loc) -> Any:
    if not loc:
        return other(node)
    fresh = dict(node) if isinstance(node, dict) else list(node)
    fresh[loc[0]] = _altered_json(fresh[loc[0]], loc[1:])  # type: ignore[index]
    return fresh


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    text = str(value)
    try:
        return (date.fromisoformat(text[:10]) + timedelta(days=1)).isoformat() + text[10:]
    except ValueError:
        pass
    if text.isdigit():
        at = 11 if len(text) >= 12 else len(text) - 1  # a time of HL7: its minutes
        return text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]
    return f"{text}x"


def omitted_by(tree: Any, one: Omission) -> list[Loc]:
    """The places that an omission names in a document."""
    return [loc for loc, _ in locate(tree, one.at.steps)] if one.at is not None else []


def used(seen: Seen, loc: Loc) -> bool:
    """Whether the notes of a reading name this place: MSH-7 gives the offset of times."""
    place = seen.place(loc)
    return any(one in (place, "MSH-7") and place.startswith(one) for _, entry in seen.entries() for one in entry.used)
