"""A face, compiled: reads a record from an outside document and writes it onto nothing or onto one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from integrator.errors import CannotWrite, Held
from integrator.formats.hl7v2 import Message
from integrator.mapping.casts import Wrong
from integrator.mapping.codes import Unknown
from integrator.mapping.context import EMPTY, Context
from integrator.mapping.lineage import Trace
from integrator.mapping.log import Log
from integrator.mapping.model import Declared, Field, Outside
from integrator.mapping.otherwise import otherwise
from integrator.mapping.path import Steps
from integrator.mapping.places import place_text
from integrator.mapping.read import Missing, condition_test, text_at
from integrator.mapping.read_record import TopReader
from integrator.mapping.spans import raw_text, true_loc
from integrator.mapping.state import State
from integrator.mapping.tree_hl7 import MessageNode
from integrator.mapping.unmapped import Unmapped, covers, unmapped
from integrator.mapping.walk import Loc, every_finder, locate, node_at, plain
from integrator.mapping.writing import Writing
from integrator.mapping.written import WrittenReader
from integrator.mapping.written_values import Unusual, usual
from integrator.records import Said


@dataclass
class Reading:
    """What a document says of a record."""

    face: Face
    tree: Any
    context: Context
    said: Said
    why: str | None  # the sender's reason for the message, where the face names its place
    notes: list[str]  # what a person should know: a default length, a doubled hour
    open_codes: list[tuple[str, str]]  # (code map, code) of codes that an open map does not know
    missed: bool = False  # whether something was there and not understood
    unknown: list[Unknown] = field(default_factory=list)  # the open codes with all their columns

    @cached_property
    def unmapped(self) -> list[Unmapped]:
        """Every leaf that no field, selector, constant, condition or omission speaks of, or that was not understood."""
        return unmapped(self)

    @cached_property
    def otherwise(self) -> list[Unmapped]:
        """Other places that say another time than the one that was read: shown, not mixed in."""
        trace = Trace()
        self.face.read(self.tree, self.context, trace)
        state = State(self.tree, self.context)
        found = [spot for entry in trace.entries for spot in otherwise(entry, state)]
        return [
            Unmapped(self.face.place_of(self.tree, s.loc, s.steps), plain(node_at(self.tree, s.loc))) for s in found
        ]


def tree_of(document: Any) -> Any:
    """A document as the tree that faces work on; a tree stays what it is."""
    return MessageNode(document) if isinstance(document, Message) else document


class Face:
    """One mapping file (with what it extends), as the code uses it. Shared by threads: it keeps nothing of a run."""

    def __init__(self, declared: Declared):
        self.declared = declared
        self.name, self.record = declared.name, declared.record
        self.form = f"{declared.form.family} {declared.form.name}"
        texts = {f"mappings/{name.partition('/')[2]}": text for name, text in self._texts().items()}  # in any folder
        self.text = "\n".join(f"# {name}\n{text}" for name, text in sorted(texts.items()))
        self.hash = hashlib.sha256(self.text.encode()).hexdigest()
        self.covers = covers(declared)
        grouped = _by_top(declared.fields)
        of_type = [one for one in declared.when if [step.name for step in one.at.steps[:2]] == ["MSH", "9"]]
        self.by_type = len(of_type) == len(declared.when)  # whether MSH-9 alone says that it applies
        self._tests = [condition_test(one) for one in declared.when]
        self._type_tests = [condition_test(one) for one in of_type]
        self._readers = [
            TopReader(name, fields, declared)
            for name, all_fields in grouped.items()
            if (fields := [one for one in all_fields if one.read]) and declared.reads
        ]
        self._writing = Writing(declared, grouped) if declared.writes else None
        self.carries: frozenset[str] = self._writing.carries if self._writing else frozenset()

    def __repr__(self) -> str:
        return f"<Face {self.name}>"

    @cached_property
    def written(self) -> WrittenReader | None:
        """Reading written out as one function, made when the first message comes; None: closures only."""
        return WrittenReader(self.declared, self._readers) if self.declared.form.hl7 and self._readers else None

    def _texts(self) -> dict[str, str]:
        texts = dict(self.declared.texts)
        for one in self.declared.fields:
            for choice in one.choices:
                if choice.codes:
                    texts.update(choice.codes.texts)
        return texts

    def applies(self, document: Any) -> bool:
        """Whether [when] holds."""
        tree = tree_of(document)
        return all(test(tree) for test in self._tests)

    def reads_type(self, message: Message) -> bool:
        """Whether the conditions on MSH-9 hold."""
        tree = tree_of(message)
        return all(test(tree) for test in self._type_tests)

    def read(self, document: Any, context: Context = EMPTY, trace: Trace | None = None) -> Reading:
        """What a Message or a resource says. Held, with place and text, where a value cannot be understood."""
        if trace is None and document.__class__ is Message and self.written is not None:
            found = self._read_new(self.written, document, context)
            if found is not None:
                return found
        return self.read_by_closures(document, context, trace)

    def _read_new(self, written: WrittenReader, message: Message, context: Context) -> Reading | None:
        """A message that nobody looked at yet, without a trace; None: the closures have to say what it says."""
        if not usual(message):
            return None
        tree = MessageNode(message)
        state = State(tree, context)
        try:
            said, why = written.read(message, state)
        except (Unusual, Wrong):
            return None
        return Reading(self, tree, context, said, why, state.notes, state.open_codes, state.missed, state.unknown)

    def read_by_closures(self, document: Any, context: Context = EMPTY, trace: Trace | None = None) -> Reading:
        """As `read`, by the reference: what traces, existing documents and unusual messages are read by."""
        tree = tree_of(document)
        state = State(tree, context, trace)
        said: Said = {}
        try:
            for reader in self._readers:
                reader.read(said, state)
        except Missing as wrong:
            raise self._held(wrong, tree) from None
        why = text_at(tree, self.declared.why) if self.declared.why else None
        return Reading(self, tree, context, said, why, state.notes, state.open_codes, state.missed, state.unknown)

    def read_each(self, document: Any, context: Context = EMPTY) -> list[Reading]:
        """One reading for each element that `each` names; a face without `each` gives one."""
        each = self.declared.each
        if each is None:
            return [self.read(document, context)]
        tree = tree_of(document)
        return [self.read(_narrowed(tree, each, node), context) for node in every_finder(each.steps)(tree)]

    def write(self, said: Said, context: Context = EMPTY, onto: Any = None, log: Log | None = None) -> Any:
        """The record in the outside form: a resource, or a Message. `onto` stays as it is. Raises CannotWrite."""
        if self._writing is None:
            raise CannotWrite(f"{self.name} is only read")
        return self._writing.write(said, context, tree_of(onto) if onto is not None else None, self._readers, log)

    def _held(self, wrong: Missing, tree: Any) -> Held:
        """The error with the places where it stands and what stands there."""
        at = wrong.choice.at[min(wrong.which, len(wrong.choice.at) - 1)]
        first = self._stands(at, wrong, tree) or (at.text, "")
        others = [wrong.choice.at[number] for number in wrong.others if number < len(wrong.choice.at)]
        found = [first, *(place for one in others if (place := self._stands(one, wrong, tree)))]
        if wrong.beside and isinstance(tree, MessageNode):
            found.append((wrong.beside, tree.message.raw(wrong.beside)))
        places, texts = ", ".join(place for place, _ in found), ", ".join(text for _, text in found)
        return Held(wrong.reason, places, texts, wrong.unknown)

    def _stands(self, at: Outside, wrong: Missing, tree: Any) -> tuple[str, str] | None:
        """The place that a path means where it went wrong, and what stands there; None: nothing."""
        elements = locate(tree, at.steps[: at.listed])
        if at.listed and wrong.node is not tree:
            elements = [(loc, node) for loc, node in elements if node is wrong.node]
        elif at.listed and wrong.element is not None:
            elements = elements[wrong.element : wrong.element + 1]
        found = [(loc + deep, one) for loc, node in elements for deep, one in locate(node, at.steps[at.listed :])]
        if not found:
            return None
        loc, node = found[0]
        text = plain(node)
        if isinstance(tree, MessageNode) and node.__class__ is dict:
            text = raw_text(tree, loc) or text
        return self.place_of(tree, loc, at.steps), text

    def place_of(self, tree: Any, loc: Loc, steps: Steps = ()) -> str:
        """How a place of a tree is written, counted over the whole message."""
        hl7 = isinstance(tree, MessageNode)
        return place_text(true_loc(tree, loc) if hl7 else loc, steps, self.declared.form.hl7)


def _by_top(fields: tuple[Field, ...]) -> dict[str, list[Field]]:
    found: dict[str, list[Field]] = {}
    for one in fields:
        found.setdefault(one.place.field, []).append(one)
    return found


def _narrowed(tree: Any, each: Outside, node: Any) -> Any:
    """The tree with this element alone in the list that `each` names, so that the paths mean this one."""
    if isinstance(tree, MessageNode):
        fresh: Any = MessageNode(tree.message)
    else:
        fresh = dict(tree)
    inner = fresh
    for step in each.steps[:-1]:
        below = inner.get(step.name)
        below = below[0] if below.__class__ is list and below else below
        inner[step.name] = inner = dict(below or {})
    inner[each.steps[-1].name] = [node]
    return fresh
