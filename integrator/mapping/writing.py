"""Writing a whole record: conditions, fields, constants, then the fields that depend on what was written."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from integrator.errors import CannotWrite
from integrator.mapping.build_hl7 import build_message
from integrator.mapping.casts import NOTHING, CannotHold
from integrator.mapping.context import Context
from integrator.mapping.fresh import Fresh, NotHot, fresh_writer
from integrator.mapping.log import Log
from integrator.mapping.model import Constant, Declared, Field, Outside
from integrator.mapping.overlap import owned_elsewhere
from integrator.mapping.path import Steps
from integrator.mapping.put import Ours, reach
from integrator.mapping.read import ABSENT, FieldReader, Missing, condition_test
from integrator.mapping.read_record import TopReader
from integrator.mapping.state import State
from integrator.mapping.tree_hl7 import MessageNode, new_message
from integrator.mapping.walk import elements, finder
from integrator.mapping.write import NOTHING_THERE, Current, Elements, bare
from integrator.mapping.write_lists import TopWriter
from integrator.mapping.written_fresh import WrittenFresh
from integrator.records import Said

Before = dict[str, list[Current] | Elements]


class Writing:
    """The writing half of a face. Shared by threads: it keeps nothing of a run."""

    def __init__(self, declared: Declared, grouped: dict[str, list[Field]]):
        self.declared = declared
        written = {
            name: fields for name, all_fields in grouped.items() if (fields := [f for f in all_fields if f.written])
        }
        owned = owned_elsewhere(declared)
        self.readers = {name: TopReader(name, fields, declared) for name, fields in written.items()}
        self.tops = [TopWriter(declared, self.readers[name], fields, owned) for name, fields in written.items()]
        self.carries = frozenset(written)
        self.conditions = [condition_test(one) for one in declared.when]
        self.plain = [_Constant(one) for one in declared.constants if not _bracketed(one.at)]
        self.inside = [_Constant(one) for one in declared.constants if _bracketed(one.at)]
        self.ours: Ours = {}
        for one in self.inside:
            self.ours.setdefault(bare(one.outer), []).append((one.inner, one.constant.value))
        self.order = _order(declared)
        self.fresh = fresh_writer(declared, self.tops, self.ours, self.order)

    def write(self, said: Said, context: Context, onto: Any, readers: list[TopReader], log: Log | None) -> Any:
        """The record as a resource or a Message; `onto` is a tree or None."""
        if onto is None and log is None and self.fresh is not None:
            return self._write_new(self.fresh, said, context)
        tree = self._start(onto)
        state = State(onto if self.declared.form.hl7 else tree, context, None, log)
        before, held = self._before(state) if onto is not None else ({}, {})
        state.tree = tree
        root = ([tree], 0)
        self._conditions(tree, state)
        for top in self.tops:
            if not top.whens:
                self._top(top, root, said, before, state, onto is None)
        for one in self.plain:
            one.put(root, state)
        for top in self.tops:
            if top.whens:
                self._dependent(top, root, said, before, held, state, onto is None)
        for one in self.inside:
            one.put_inside(root, state)
        if log is not None:
            log.tree = tree
        return self._finish(tree, onto)

    @cached_property
    def written(self) -> WrittenFresh | None:
        """Writing onto nothing as one function, made when it is first needed; None: the closures of `fresh` only."""
        try:
            return WrittenFresh(self.declared.name, self.fresh, self.tops, self.order) if self.fresh else None
        except NotHot:
            return None

    def _write_new(self, fresh: Fresh, said: Said, context: Context) -> Any:
        """The record onto nothing; where a value is not held by the first choice of its field, by closures."""
        if self.written is not None:
            try:
                return self.written.write(said, State({}, context))
            except CannotHold:
                pass
        return fresh.write(said, State({}, context))

    def _top(self, top: TopWriter, root: Any, said: Said, before: Before, state: State, new: bool) -> None:
        if top.name in said or new:
            current = before.get(top.name) or [NOTHING_THERE] * len(top.writers)
            top.write(root, said.get(top.name), current, state, self.ours)

    def _dependent(
        self,
        top: TopWriter,
        root: Any,
        said: Said,
        before: Before,
        held: dict[str, bool],
        state: State,
        new: bool,
    ) -> None:
        """A field with `when`: written where it holds; what stood there while it held goes when it no longer does."""
        if self._holds(top, state.tree):
            self._top(top, root, said, before, state, new)
        elif held.get(top.name):
            current = before.get(top.name) or [NOTHING_THERE] * len(top.writers)
            top.write(root, None, current, state, self.ours)

    def _holds(self, top: TopWriter, tree: Any) -> bool:
        return all(reader.holds(tree) for reader in self.readers[top.name].fields)

    def _before(self, state: State) -> tuple[Before, dict[str, bool]]:
        """What stands in the document: for each field the value and the choice that says it."""
        before: Before = {}
        held: dict[str, bool] = {}
        for top in self.tops:
            reader = self.readers[top.name]
            if top.whens:
                held[top.name] = self._holds(top, state.tree)
            if reader.elements is None:
                before[top.name] = [_current(one, state.tree, state) for one in reader.fields]
            else:
                before[top.name] = _elements(reader, state)
        return before, held

    def _start(self, onto: Any) -> Any:
        if self.declared.form.hl7:
            return MessageNode(onto.message) if onto is not None else new_message()
        return _copied(onto) if onto is not None else {}

    def _conditions(self, tree: Any, state: State) -> None:
        """A condition with one value is written; of a list the event that the caller wants."""
        for one in self.declared.when:
            event = state.context.event if state.context.event in one.values else None
            value = one.values[0] if one.written else event
            if value is not None:
                _Constant(Constant(one.at, value, one.where)).put(([tree], 0), state)

    def _finish(self, tree: Any, onto: Any) -> Any:
        for test, one in zip(self.conditions, self.declared.when, strict=True):
            if not test(tree):
                name = f"{self.declared.form.family} {self.declared.form.name}"
                raise CannotWrite(f"{name} needs {one.at.text} to be one of {', '.join(one.values)}")
        if isinstance(tree, MessageNode):
            return build_message(tree, self.declared.form.name)
        if onto is None:
            return dict(sorted(tree.items(), key=lambda item: self.order.get(item[0], 0)))
        return tree


class _Constant:
    """A constant, split at its last bracket."""

    def __init__(self, constant: Constant):
        self.constant = constant
        steps = constant.at.steps
        last = max((n for n, step in enumerate(steps, 1) if step.every or step.selectors), default=0)
        self.outer, self.inner = steps[:last], steps[last:]
        self.find = finder(self.inner)

    def put(self, root: Any, state: State) -> None:
        """Writes it where nothing stands."""
        found = finder(self.constant.at.steps)(root[0][root[1]])
        if found is None or found == "":
            self._set(root, self.constant.at.steps, self.constant.value, state)

    def put_inside(self, root: Any, state: State) -> None:
        """Writes it into the elements that a field made, where nothing stands there."""
        for holder, number in _all(root[0][root[1]], self.outer):
            element = holder[number]
            if id(element) in state.made and self.find(element) is None:
                value: Any = self.constant.value
                self._set((holder, number), self.inner, str(number + 1) if value == "#" else value, state)

    def _set(self, slot: Any, steps: Steps, value: Any, state: State) -> None:
        container, key = reach(slot, steps, set())
        container[key] = value
        if state.log is not None:
            state.log.constant(container, key, self.constant)


def _all(root: Any, steps: Steps) -> list[tuple[Any, int]]:
    """Every element that a path means, as (list, position); the running number counts in the list of what is meant."""
    nodes = [root]
    for step in steps[:-1]:
        nodes = [child for node in nodes for _, child in elements(node, step)]
    found: list[tuple[Any, int]] = []
    for node in nodes:
        chosen = [child for _, child in elements(node, steps[-1])]
        found += [(chosen, number) for number in range(len(chosen))]
    return found


def _bracketed(at: Outside) -> bool:
    return any(step.every or step.selectors for step in at.steps)


def _current(reader: FieldReader, node: Any, state: State) -> Current:
    """What a field says of a node; what cannot be understood is there and will be replaced."""
    try:
        value, choice = reader.read(node, state)
    except Missing as wrong:
        return Current(NOTHING, wrong.number, True)
    return Current(value, choice)


def _elements(reader: TopReader, state: State) -> Elements:
    """The elements of a list that the face reads, with their parts; those it does not understand are not ours."""
    found = Elements()
    prefix = reader.prefix or ()
    nodes = [state.tree]
    for step in prefix[:-1]:
        nodes = [child for node in nodes for _, child in elements(node, step)][:1]
    for node in nodes:
        for position, element in elements(node, prefix[-1]):
            parts = [_current(one, element, state) for one in reader.fields]
            if any(one.value is not ABSENT and one.value is not NOTHING for one in parts):
                found.positions.append(position or 0)
                found.nodes.append(element)
                found.parts.append(parts)
    return found


def _copied(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _copied(value) for key, value in node.items()}
    return [_copied(one) for one in node] if isinstance(node, list) else node


def _order(declared: Declared) -> dict[str, int]:
    names = ["resourceType", *declared.form.names]
    return {name: number for number, name in enumerate(dict.fromkeys(names))}
