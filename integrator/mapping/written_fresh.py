"""Writing onto nothing, written out: the rules of a FHIR face as the source of one Python function.

The closures of fresh.py say the same, and are asked where a value cannot be held: they say what cannot be written.
The elements at the top of the resource are local variables (`at_participant`), and so are elements with selectors
(`element_3`), which one run makes once. `source` is the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrator.mapping.casts import CannotHold
from integrator.mapping.fresh import Fresh, NotHot
from integrator.mapping.model import Choice, Condition
from integrator.mapping.path import Step, Steps
from integrator.mapping.state import State
from integrator.mapping.walk import plain
from integrator.mapping.write import FieldWriter, PlaceWriter
from integrator.mapping.write_lists import TopWriter
from integrator.records import Said

Lines = list[str]


class WrittenFresh:
    """The function and its text; `write(said, state)` makes the resource, or raises CannotHold."""

    def __init__(self, name: str, fresh: Fresh, tops: list[TopWriter], order: dict[str, int]):
        self._fresh = fresh
        self._names: dict[str, Any] = {"CannotHold": CannotHold, "plain": plain}
        self._tops = dict.fromkeys(one for one, _ in (*fresh.conditions, *fresh.constants))
        self._elements: dict[tuple[str, ...], str] = {}  # those with selectors, by their path
        body: Lines = [f"at_{one} = {value!r}" for one, value in fresh.conditions]
        for top in tops:
            if not top.whens:
                body += self._top(top)
        for one, value in fresh.constants:
            body += [f"if at_{one} is None:", f"    at_{one} = {value!r}"]
        for top in tops:
            if top.whens:
                body += self._top(top)
        names = sorted(self._tops, key=order.__getitem__)
        unset = " = ".join([*(f"at_{one}" for one in names), *self._elements.values()])
        lines = [f"{unset} = None", *body, "made = {}"]
        for one in names:
            lines += [f"if at_{one} is not None:", f"    made[{one!r}] = at_{one}"]
        self.source = "\n".join(["def write(said, state):", *indented(lines), "    return made", ""])
        exec(compile(self.source, f"<{name}, written out>", "exec"), self._names)
        self.write: Callable[[Said, State], dict[str, Any]] = self._names["write"]

    # fields of the record

    def _top(self, top: TopWriter) -> Lines:
        """One top-level field."""
        inner = self._list(top, top.prefix) if top.prefix is not None else self._parts(top, "value", None)
        tests = [self._condition(one) for one in top.writers[0].field.when] if top.whens else []
        test = " and ".join([_said("value"), *tests])
        return [f"# {top.name}", f"value = said.get({top.name!r})", f"if {test}:", *indented(inner)]

    def _condition(self, one: Condition) -> str:
        """A field that counts only where something was written at the top."""
        if len(one.at.steps) != 1 or one.at.steps[0].many or one.at.steps[0].selectors:
            raise NotHot
        name = one.at.steps[0].name
        self._tops[name] = None
        return f"(plain(at_{name}) if at_{name} is not None else '') in {tuple(one.values)!r}"

    def _list(self, top: TopWriter, prefix: Steps) -> Lines:
        """A list of the record onto a list at the top: an element for each."""
        name = prefix[0].name
        self._tops[name] = None
        sayable = self._named(f"sayable_{top.name}", top.sayable)
        return [
            f"for each in {sayable}(value):",
            f"    element = {self._template(prefix)}",
            *indented(self._parts(top, "each", "element")),
            f"    if at_{name} is None:",
            f"        at_{name} = []",
            f"    at_{name}.append(element)",
        ]

    def _parts(self, top: TopWriter, value: str, inside: str | None) -> Lines:
        """The fields of a value: itself, or its parts."""
        lines: Lines = []
        for writer, part in zip(top.writers, top.parts, strict=True):
            if part is None and len(top.writers) == 1 and inside is None:
                return self._field(writer, value, inside)
            one = value if part is None else f"{value}.{part}"
            inner = self._field(writer, "its", inside)
            lines += [f"its = {one}", f"if {_said('its')}:", *indented(inner)]
        return lines

    def _field(self, writer: FieldWriter, value: str, inside: str | None) -> Lines:
        """The first choice that can hold the value."""
        choices = [
            (choice, places)
            for choice, places in writer.choices
            if choice.codes is not None or (choice.cast is not None and choice.cast.write is not None)
        ]
        if not choices:
            raise NotHot
        *before, (choice, places) = choices
        lines = [*self._nodes(choice, places, value), *self._puts(choice, places, inside)]
        for choice, places in reversed(before):
            lines = [
                "try:",
                *indented(self._nodes(choice, places, value)),
                "except CannotHold:",
                *indented(lines),
                "else:",
                *indented(self._puts(choice, places, inside)),
            ]
        return lines

    def _nodes(self, choice: Choice, places: list[PlaceWriter], value: str) -> Lines:
        """What the conversion or the code map makes of the value: a node for each place."""
        if choice.codes is not None:
            write = self._named(f"codes_{choice.codes.name}", choice.codes.write)
            lines = [f"nodes = {write}({value}, state.context.event)", "if nodes is None:", "    raise CannotHold"]
        else:
            assert choice.cast is not None
            lines = [f"nodes = {self._named(f'write_{choice.cast.name}', choice.cast.write)}({value}, state)"]
        for number, place in enumerate(places):
            if any(_may_conflict(place, at, one.child) for at, one in place.checks):
                conflict = self._named("conflict", place.conflict)
                lines += [f"if {conflict}(nodes[{number}]):", "    raise CannotHold"]
        return lines

    def _puts(self, choice: Choice, places: list[PlaceWriter], inside: str | None) -> Lines:
        lines: Lines = []
        for number, place in enumerate(places):
            node = f"nodes[{number}]" + (" or None" if choice.codes is not None else "")
            simple = choice.at[number].type[:1].islower()  # no element with parts
            lines += [f"node = {node}", "if node is not None:", *indented(self._put(place.steps, inside, simple))]
        return lines

    # places of the resource

    def _put(self, steps: Steps, inside: str | None, simple: bool) -> Lines:
        """Sets a place to `node`, with what is missing on the way; `simple`: it has no parts."""
        if not steps:  # the element itself
            return ["if node.__class__ is dict:", f"    {inside}.update(node)", "else:", f"    {inside} = node"]
        lines: Lines = []
        parent = inside
        for depth in range(1, len(steps)):
            more, parent = self._down(steps[:depth], parent)
            lines += more
        last = steps[-1]
        slot = self._slot(last, parent)
        if simple:
            return [*lines, f"{slot} = [node]" if last.many else f"{slot} = node"]
        if last.many:
            more, element = self._down(steps, parent)
            return [
                *lines,
                "if node.__class__ is dict:",
                *indented([*more, f"{element}.update(node)"]),
                "else:",
                f"    {slot} = [node]",
            ]
        there = f"at_{last.name} is not None" if parent is None else f"{last.name!r} in {parent}"
        update = [f"if node.__class__ is dict and {there}:", f"    {slot}.update(node)", "else:"]
        return [*lines, *update, f"    {slot} = node"]

    def _slot(self, step: Step, parent: str | None) -> str:
        if parent is not None:
            return f"{parent}[{step.name!r}]"
        self._tops[step.name] = None
        return f"at_{step.name}"

    def _down(self, path: Steps, parent: str | None) -> tuple[Lines, str]:
        """Lines that make the element at a path where it is missing, and its variable."""
        step, slot = path[-1], self._slot(path[-1], parent)
        missing = f"{slot} is None" if parent is None else f"{step.name!r} not in {parent}"
        if not step.many and len(path) > 1 and path[-2].many and path[-2].selectors:
            above = self._fresh.template(path[:-1])
            if isinstance(above.get(step.name), dict):  # it came with its parent
                return [], slot
        if not step.many:
            return [f"if {missing}:", f"    {slot} = {{}}"], slot
        template = self._template(path)
        if not step.selectors:
            return [f"if {missing}:", f"    {slot} = [{template}]"], f"{slot}[0]"
        key = tuple(str(one) for one in path)
        element = self._elements.setdefault(key, f"element_{len(self._elements) + 1}")
        return [
            f"if {element} is None:",
            f"    {element} = {template}",
            f"    if {missing}:",
            f"        {slot} = [{element}]",
            "    else:",
            f"        {slot}.append({element})",
        ], element

    def _template(self, path: Steps) -> str:
        """A new element as Python writes it: what its selectors and the face's constants say of it."""
        return repr(self._fresh.template(path))

    def _named(self, name: str, value: Any) -> str:
        """A name of the function's module for a value."""
        name = "".join(letter if letter.isalnum() else "_" for letter in name)
        while name in self._names and self._names[name] != value:
            name += "_"
        self._names[name] = value
        return name


def _may_conflict(place: PlaceWriter, at: int, child: tuple[str, ...]) -> bool:
    """Whether a selector looks at what the place sets; see PlaceWriter.conflict."""
    path = tuple(step.name for step in place.steps[at + 1 :])
    return child[: len(path)] == path


def _said(name: str) -> str:
    """Whether a value is said, and not to be none; `!= ()` would ask the values' own __eq__."""
    return f"{name} is not None and ({name} or {name}.__class__ is not tuple)"


def indented(lines: Lines) -> Lines:
    return [f"    {line}" for line in lines]
