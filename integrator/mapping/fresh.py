"""The hot path of writing: a resource onto nothing, without a log. The rules are those of write.py, the reference.

Onto nothing every element is one that this run made, so nothing is looked for: elements with selectors are remembered
by their path, and come with their selectors and constants. Faces that need more (running numbers, selectors inside
lists) have no hot path. A test compares both over records drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrator.errors import CannotWrite
from integrator.mapping.casts import CannotHold
from integrator.mapping.model import Choice, Constant, Declared
from integrator.mapping.path import Steps
from integrator.mapping.put import Ours, choose, reach
from integrator.mapping.read import condition_test
from integrator.mapping.state import State
from integrator.mapping.write import FieldWriter, PlaceWriter, bare
from integrator.mapping.write_lists import TopWriter
from integrator.records import Said

Run = dict[Any, Any]  # the elements with selectors that this run made, by their path
Way = tuple[str, bool, Any, dict[str, Any]]  # name, a list, the key in a Run, the new element
Put = Callable[[dict[str, Any], Any, Run], None]
Write = Callable[[dict[str, Any], Any, State, Run], None]


class NotHot(Exception):
    """This face has no hot path."""


def fresh_writer(declared: Declared, tops: list[TopWriter], ours: Ours, order: dict[str, int]) -> Fresh | None:
    """The hot path of a face; None where it has none."""
    if declared.form.hl7:
        return None
    try:
        return Fresh(declared, tops, ours, order)
    except NotHot:
        return None


class Fresh:
    """Writes records onto nothing. Shared by threads: it keeps nothing of a run."""

    def __init__(self, declared: Declared, tops: list[TopWriter], ours: Ours, order: dict[str, int]):
        self._ours, self._used = ours, set[Steps]()
        self._order = order
        self.conditions = [(_name(one.at.steps), one.values[0]) for one in declared.when if one.written]
        if len(self.conditions) != len(declared.when):
            raise NotHot
        self.constants = [(_name(one.at.steps), one.value) for one in declared.constants if not _is_inside(one)]
        self._first = [(top.name, self._top(top)) for top in tops if not top.whens]
        self._last = [
            (top.name, [condition_test(one) for one in top.writers[0].field.when], self._top(top))
            for top in tops
            if top.whens
        ]
        if set(ours) - self._used or any(len(top.writers) > 1 for top in tops if top.whens):
            raise NotHot

    def write(self, said: Said, state: State) -> dict[str, Any]:
        """The record as a new resource. Raises CannotWrite."""
        tree: dict[str, Any] = dict(self.conditions)
        run: Run = {}
        for name, write in self._first:
            value = said.get(name)
            if value is not None and value != ():
                write(tree, value, state, run)
        for name, constant in self.constants:
            tree.setdefault(name, constant)
        for name, tests, write in self._last:
            value = said.get(name)
            if value is not None and value != () and all(test(tree) for test in tests):
                write(tree, value, state, run)
        order = self._order
        return {name: tree[name] for name in sorted(tree, key=order.__getitem__)}

    def _top(self, top: TopWriter) -> Write:
        if top.prefix is not None:
            return self._list(top, top.prefix)
        writes = [(part, self._field(writer)) for writer, part in zip(top.writers, top.parts, strict=True)]
        if len(writes) == 1 and writes[0][0] is None:
            return writes[0][1]

        def write(tree: dict[str, Any], value: Any, state: State, run: Run) -> None:
            for part, inner in writes:
                one = value if part is None else getattr(value, part)
                if one is not None and one != ():
                    inner(tree, one, state, run)

        return write

    def _list(self, top: TopWriter, prefix: Steps) -> Write:
        if any(step.selectors for step in prefix) or len(prefix) != 1:
            raise NotHot
        name = prefix[0].name
        self._used |= {bare(prefix)} & set(self._ours)
        constants = self.template(prefix)
        writes = [(part, self._element(writer)) for writer, part in zip(top.writers, top.parts, strict=True)]

        def write(tree: dict[str, Any], value: Any, state: State, run: Run) -> None:
            children: list[Any] = tree.setdefault(name, [])
            for element in top.sayable(value):
                holder: dict[str, Any] = {"": copied(constants)}
                for part, inner in writes:
                    one = element if part is None else getattr(element, part)
                    if one is not None and one != ():
                        inner(holder, one, state, run)
                children.append(holder[""])
            if not children:
                del tree[name]

        return write

    def _element(self, writer: FieldWriter) -> Write:
        """A field of an element; the element stands under "" of its holder."""
        for _, places in writer.choices:
            if any(step.selectors or step.every for place in places for step in place.steps):
                raise NotHot
        return self._field(writer, inside=True)

    def _field(self, writer: FieldWriter, inside: bool = False) -> Write:
        choices = [
            (choice, places, [self._put(place, inside) for place in places])
            for choice, places in writer.choices
            if choice.codes is not None or (choice.cast is not None and choice.cast.write is not None)
        ]

        def write(tree: dict[str, Any], value: Any, state: State, run: Run) -> None:
            reason = ""
            for choice, places, puts in choices:
                try:
                    nodes = writer.nodes((choice, places), value, state)
                except CannotHold as error:
                    reason = str(error)
                    continue
                for put, node in zip(puts, nodes or (), strict=True):
                    if node is not None:
                        put(tree, node, run)
                return
            raise CannotWrite(writer.cannot(reason))

        simple = _simple(writer, choices)
        return simple or write

    def _put(self, place: PlaceWriter, inside: bool) -> Put:
        """Sets a place in a new tree."""
        if place.only_chooses or any(step.every for step in place.steps):
            raise NotHot
        way: list[Way] = [("", False, None, {})] if inside else []
        for depth, step in enumerate(place.steps, 1):
            path = place.steps[:depth]
            self._used |= {bare(path)} & set(self._ours)
            key = tuple(str(one) for one in path) if step.selectors else None
            way.append((step.name, step.many, key, self.template(path)))
        return _putter(way)

    def template(self, path: Steps) -> dict[str, Any]:
        """A new element: what its selectors and the face's constants say of it."""
        element: dict[str, Any] = {}
        for one in path[-1].selectors:
            choose(element, one)
        for steps, value in self._ours.get(bare(path), []):
            if value == "#":
                raise NotHot
            container, key = reach(([element], 0), steps, set())
            container[key] = value
        return element


def _simple(writer: FieldWriter, choices: list[tuple[Choice, list[PlaceWriter], list[Put]]]) -> Write | None:
    """The commonest field, written out: one choice, one place, one conversion, no selector that could contradict."""
    if len(choices) != 1 or len(choices[0][1]) != 1 or choices[0][1][0].checks or choices[0][0].cast is None:
        return None
    convert, put = choices[0][0].cast.write, choices[0][2][0]
    assert convert is not None

    def write(tree: dict[str, Any], value: Any, state: State, run: Run) -> None:
        try:
            node = convert(value, state)[0]
        except CannotHold as error:
            raise CannotWrite(writer.cannot(str(error))) from None
        if node is not None:
            put(tree, node, run)

    return write


def _putter(way: list[Way]) -> Put:
    """A function that goes down, makes what is missing and sets the last."""
    above, (last, many, key, template) = way[:-1], way[-1]

    def put(tree: dict[str, Any], node: Any, run: Run) -> None:
        for name, inner_many, inner_key, inner_template in above:
            if inner_many:
                tree = _element_of(tree, name, inner_key, inner_template, run)
            else:
                child = tree.get(name)
                if child is None:
                    child = tree[name] = {}
                tree = child
        if many and node.__class__ is dict:
            _element_of(tree, last, key, template, run).update(node)
        elif many:
            tree[last] = [node]
        elif node.__class__ is dict and last in tree:
            tree[last].update(node)
        else:
            tree[last] = node

    return put


def _element_of(tree: dict[str, Any], name: str, key: Any, template: dict[str, Any], run: Run) -> dict[str, Any]:
    found: dict[str, Any] | None = run.get(key) if key is not None else None
    children = tree.get(name)
    if children is None:
        children = tree[name] = []
    elif key is None:
        found = children[0]
    if found is None:
        found = copied(template)
        children.append(found)
        if key is not None:
            run[key] = found
    return found


def copied(node: Any) -> Any:
    """A copy of dictionaries and lists."""
    if node.__class__ is dict:
        return {name: copied(value) for name, value in node.items()}
    return [copied(one) for one in node] if node.__class__ is list else node


def _name(steps: Steps) -> str:
    if len(steps) != 1 or steps[0].many:
        raise NotHot
    return steps[0].name


def _is_inside(one: Constant) -> bool:
    return any(step.selectors or step.every for step in one.at.steps)
