"""Writing a list of the record onto a list outside: elements are paired in order, or by a key, and keep their slots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from integrator.mapping.model import Declared, Field
from integrator.mapping.path import Steps
from integrator.mapping.put import Ours, Slot, delete, new_element, prune_up, reach
from integrator.mapping.read_record import TopReader
from integrator.mapping.state import State
from integrator.mapping.walk import finder, plain
from integrator.mapping.write import NOTHING_THERE, Current, Elements, FieldWriter


class TopWriter:
    """One top-level field of the record: alone, in parts, or as a list."""

    def __init__(self, declared: Declared, reader: TopReader, fields: list[Field], owned: set[int]):
        self.name, self.reader = reader.name, reader
        self.prefix: Steps | None = reader.prefix
        grouped = self.prefix is not None
        self.writers = [
            FieldWriter(declared, one, its, grouped, owned) for one, its in zip(fields, reader.fields, strict=True)
        ]
        self.parts = [one.place.parts[0] if one.place.parts else None for one in fields]
        self.whens = any(one.when for one in fields)

    def write(self, slot: Slot, value: Any, current: list[Current] | Elements, state: State, ours: Ours) -> None:
        """Lets the tree say the value of the field."""
        if self.prefix is not None:
            found = current if isinstance(current, Elements) else Elements()
            self._list(slot, self.prefix, self.sayable(value or ()), found, state, ours)
            return
        assert isinstance(current, list)
        for writer, part, one in zip(self.writers, self.parts, current, strict=True):
            writer.write(slot, value if part is None or value is None else getattr(value, part), one, state, ours)

    def sayable(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The elements of which this form holds anything: a service without a code is nothing in FHIR."""
        if None in self.parts:
            return values
        return tuple(v for v in values if any(getattr(v, str(part)) not in (None, ()) for part in self.parts))

    def _list(
        self, slot: Slot, prefix: Steps, values: tuple[Any, ...], found: Elements, state: State, ours: Ours
    ) -> None:
        if not values and not found.positions:
            return
        step = prefix[-1]
        container, key = reach(slot, prefix[:-1], state.made)
        parent = container[key]
        if not isinstance(parent, dict):
            parent = container[key] = {}
        old = parent.get(step.name) or []
        old = old if isinstance(old, list) else [old]
        found = replace(found, positions=found.standing(old))
        pairs = self._pairs(values, found, old)
        elements = [
            old[found.positions[pairs[n]]] if n in pairs else new_element(parent, step, state.made)
            for n in range(len(values))
        ]
        fresh, targets = _arranged(old, found.positions, elements)
        parent[step.name] = fresh
        for number, (value, target) in enumerate(zip(values, targets, strict=True)):
            was = found.parts[pairs[number]] if number in pairs else [NOTHING_THERE] * len(self.writers)
            if state.log is not None:
                state.log.index = number
                state.log.passed([(fresh, target, step)])
            self._element((fresh, target), value, was, state, ours)
        if state.log is not None:
            state.log.index = None
        if not fresh:
            delete(parent, step.name)
            prune_up(slot, prefix[:-1], ours)

    def _pairs(self, values: tuple[Any, ...], found: Elements, old: list[Any]) -> dict[int, int]:
        """Which value belongs to which element that was there: number of the value to number of the element."""
        key = self.prefix[-1].key if self.prefix else None
        writer = self._key_writer(key)
        if writer is None:
            return {number: number for number in range(min(len(values), len(found.positions)))}
        find = finder(writer.choices[0][1][0].steps)
        theirs = {plain(find(old[position])): n for n, position in reversed(list(enumerate(found.positions)))}
        part = self.parts[self.writers.index(writer)]
        pairs: dict[int, int] = {}
        for number, value in enumerate(values):
            text = plain(value if part is None else getattr(value, part))
            if text in theirs:
                pairs[number] = theirs.pop(text)
        return pairs

    def _key_writer(self, key: str | None) -> FieldWriter | None:
        for writer in self.writers:
            steps = writer.choices[0][1][0].steps
            if key is not None and [step.name for step in steps] == [key]:
                return writer
        return None

    def _element(self, slot: Slot, value: Any, was: list[Current], state: State, ours: Ours) -> None:
        for writer, part, one in zip(self.writers, self.parts, was, strict=True):
            writer.write(slot, value if part is None else getattr(value, part), one, state, ours)


def _arranged(old: list[Any], positions: list[int], elements: list[Any]) -> tuple[list[Any], list[int]]:
    """The new list, and where in it each of our elements stands: they take the slots that ours had, then follow."""
    ours_at, last = set(positions), max(positions, default=len(old) - 1)
    fresh: list[Any] = []
    targets: list[int] = []
    waiting = list(elements)
    for position, element in enumerate(old):
        if position not in ours_at:
            fresh.append(element)
        elif waiting:
            targets.append(len(fresh))
            fresh.append(waiting.pop(0))
        if position == last:
            targets.extend(range(len(fresh), len(fresh) + len(waiting)))
            fresh.extend(waiting)
            waiting = []
    targets.extend(range(len(fresh), len(fresh) + len(waiting)))
    return [*fresh, *waiting], targets
