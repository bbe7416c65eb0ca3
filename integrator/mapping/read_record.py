"""Reading a top-level field of a record: alone, from its parts, or as a list."""

from __future__ import annotations

from typing import Any

from integrator.mapping import record_model
from integrator.mapping.casts import NOTHING
from integrator.mapping.model import Declared, Field
from integrator.mapping.path import Steps
from integrator.mapping.read import ABSENT, NO_VALUE, NONE, PARTLY, UNSAID, FieldReader, is_word
from integrator.mapping.state import State
from integrator.mapping.walk import Loc, every_finder, locate
from integrator.records import KINDS, Said


class TopReader:
    """Reads one top-level field of the record: alone, from parts, or as a list."""

    def __init__(self, name: str, fields: list[Field], declared: Declared):
        self.name = name
        kind, many = record_model.bare(record_model.hints(KINDS[declared.record])[name])
        self.kind, self.many = kind, many
        self.prefix = group_prefix(fields)
        self.fields = [FieldReader(one, declared, self.prefix is not None) for one in fields]
        self.parts = [one.place.parts[0] if one.place.parts else None for one in fields]
        self.lists = {part for part, one in zip(self.parts, fields, strict=True) if one.place.inner}
        self.elements = every_finder(self.prefix) if self.prefix else None
        # Most fields are one place without parts: their reader is asked at once.
        self.alone = self.fields[0].read if self.elements is None and self.parts == [None] else None
        self.silent = declared.absent == "unchanged"

    def read(self, said: Said, state: State) -> None:
        """Adds what the tree says of this field."""
        quick = self.alone if state.trace is None else None
        value = quick(state.tree, state)[0] if quick is not None else self.value(state)
        if value is ABSENT:
            value = UNSAID if self.silent else NONE
        if value is NONE:
            said[self.name] = () if self.many else None
        elif value is not UNSAID and value is not NOTHING and value is not PARTLY:
            said[self.name] = value

    def value(self, state: State) -> Any:
        if self.elements is None:
            return self.element(state.tree, state, ())
        nodes = self.elements(state.tree)
        if not nodes:
            return ABSENT
        if state.trace is None:
            return _list_of([self.element(node, state, ()) for node in nodes])
        values: list[Any] = []
        for loc, node in locate(state.tree, self.prefix or ()):
            state.trace.index = sum(1 for value in values if _made(value))
            values.append(self.element(node, state, loc))
        state.trace.index = None
        return _list_of(values)

    def element(self, node: Any, state: State, loc: Loc) -> Any:
        """The value of one element, or of the field where it is no list."""
        found = []
        for reader in self.fields:
            if state.trace is None:
                found.append(reader.read(node, state)[0])
                continue
            state.trace.begin(state)
            value, number = reader.read(node, state)
            state.trace.end(state, reader.field, node, loc, value, number)
            found.append(value)
        if self.parts == [None]:
            return found[0]
        return self.whole(found)

    def whole(self, found: list[Any]) -> Any:
        """The parts as one value: a part that is not understood makes all of it silent."""
        said = [None if value in NO_VALUE else value for value in found]
        if any(value is NOTHING for value in found):
            return PARTLY if any(value is not None for value in said) else NOTHING
        if any(value is not None for value in said):
            parts = zip(self.parts, said, strict=True)
            return self.kind(
                **{str(part): () if value is None and part in self.lists else value for part, value in parts}
            )
        return NONE if NONE in found else UNSAID if UNSAID in found else ABSENT


def _list_of(values: list[Any]) -> Any:
    """The elements that made a value; those that did not are left out, and alone they make the field silent."""
    if any(value is PARTLY for value in values):
        return PARTLY
    made = tuple(value for value in values if _made(value))
    if made:
        return made
    for word in (NOTHING, UNSAID, NONE):
        if any(value is word for value in values):
            return word
    return ABSENT


def _made(value: Any) -> bool:
    return not is_word(value) and value is not NOTHING


def group_prefix(fields: list[Field]) -> Steps | None:
    """The steps to the list whose elements are those of the record's list; None where nothing is paired."""
    for field in fields:
        for choice in field.choices:
            if field.place.listed and choice.at[0].listed:
                return choice.at[0].steps[: choice.at[0].listed]
    return None
