"""The log of a writing run: why each leaf of an outside document stands there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from integrator.mapping.model import Choice, Constant, Field
from integrator.mapping.path import Step
from integrator.mapping.tree_hl7 import MessageNode, SegmentNode
from integrator.mapping.walk import Loc

if TYPE_CHECKING:
    from integrator.mapping.put import Passed


@dataclass(frozen=True, slots=True)
class Mark:
    """What put something into a slot: a field with its choice and the place of it, or a constant."""

    field: Field | None = None
    choice: int = 0
    place: int = 0
    index: int | None = None  # of the element in the record's list
    constant: Constant | None = None

    @property
    def chosen(self) -> Choice | None:
        return self.field.choices[self.choice] if self.field else None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of what was written. `kind`: record, link, constant, selector; "" for what stood there before."""

    loc: Loc
    value: Any
    kind: str
    mark: Mark | None = None
    record: str | None = None  # the record's leaf: "time.start"
    step: Step | None = None  # the step whose selector put it there


@dataclass
class Log:
    """Marks on slots, kept by the identity of the container; read with `leaves` once the document is whole."""

    marks: dict[tuple[int, Any], Mark] = field(default_factory=dict)
    selected: dict[int, list[Step]] = field(default_factory=dict)
    index: int | None = None
    tree: Any = None  # what was written, before an HL7 message is built of it
    _alive: list[Any] = field(default_factory=list)  # so that no identity is used twice

    def wrote(self, container: Any, key: Any, one: Field, choice: int, place: int) -> None:
        """A field wrote this slot."""
        self._mark(container, key, Mark(one, choice, place, self.index))

    def constant(self, container: Any, key: Any, one: Constant) -> None:
        """A constant stands in this slot."""
        self._mark(container, key, Mark(constant=one))

    def passed(self, passed: Passed) -> None:
        """Elements that selectors led to."""
        for container, key, step in passed:
            element = container[key]
            self._alive.append(element)
            self.selected.setdefault(id(element), []).append(step)

    def _mark(self, container: Any, key: Any, mark: Mark) -> None:
        self._alive.append(container)
        element = container[key]
        if container.__class__ is list and isinstance(element, dict):  # positions may shift, the element does not
            self._alive.append(element)
            self.marks[id(element), None] = mark
        else:
            self.marks[id(container), key] = mark

    def leaves(self) -> list[Leaf]:
        """Every leaf of what was written, with its kind."""
        return list(self._walk(self.tree, (), None, 0, ()))

    def _walk(
        self, node: Any, loc: Loc, mark: Mark | None, depth: int, chosen: tuple[tuple[int, Step], ...]
    ) -> Iterator[Leaf]:
        """`depth` is how long the place was where the mark was put, `chosen` the elements with selectors above."""
        if isinstance(node, dict):
            if (id(node), None) in self.marks:
                mark, depth = self.marks[id(node), None], len(loc)
            chosen += tuple((len(loc), step) for step in self.selected.get(id(node), ()))
            for name in _names(node):
                found = self.marks.get((id(node), name))
                here = (*loc, name)
                yield from self._walk(node.get(name), here, found or mark, len(here) if found else depth, chosen)
        elif isinstance(node, list):
            for index, one in enumerate(node):
                found = self.marks.get((id(node), index))
                here = (*loc, index)
                yield from self._walk(one, here, found or mark, len(here) if found else depth, chosen)
        elif node not in (None, ""):
            yield _leaf(node, loc, mark, depth, chosen)


def _names(node: dict[str, Any]) -> list[str]:
    if isinstance(node, MessageNode):
        return node.names()
    return node.fields() if isinstance(node, SegmentNode) else list(node)


def _leaf(node: Any, loc: Loc, mark: Mark | None, depth: int, chosen: tuple[tuple[int, Step], ...]) -> Leaf:
    part = [one for one in loc[depth:] if isinstance(one, str)]
    looked_at = mark is not None and _is_looked_at(mark, part)
    if not looked_at or (mark is not None and mark.constant):
        for above, step in chosen:
            if _says(step, [one for one in loc[above:] if isinstance(one, str)]):
                return Leaf(loc, node, "selector", step=step)
    if mark is None:
        return Leaf(loc, node, "")
    if mark.constant:
        return Leaf(loc, node, "constant", mark)
    kind = "link" if part == ["reference"] else "record"
    return Leaf(loc, node, kind, mark, _record_leaf(mark, part))


def _is_looked_at(mark: Mark, part: list[str]) -> bool:
    """Whether the conversion of the mark made this part of its element."""
    if mark.chosen is None:
        return True
    parts = mark.chosen.cast.parts_of(mark.place) if mark.chosen.cast else ()
    text = ".".join(part)
    return not parts or any(
        text == one or text.startswith(one + ".") or one.startswith(text + ".") or not text for one in parts
    )


def _says(step: Step, part: list[str]) -> bool:
    """Whether a selector of the step speaks of this leaf below its element."""
    for one in step.selectors:
        child = list(one.child)
        if part[: len(child)] != child:
            continue
        rest = part[len(child) :]
        allowed = {"text": ([],), "reference": (["type"],), "coding": (["system"], ["code"])}[one.kind]
        if rest in allowed or (one.kind == "coding" and rest[:1] == ["coding"] and rest[1:] in allowed):
            return True
    return False


def _record_leaf(mark: Mark, part: list[str]) -> str:
    """The record's leaf that this part was made of; the field itself where the conversion does not say."""
    assert mark.field is not None
    assert mark.chosen is not None
    name = mark.field.place.text
    if mark.index is not None:
        name = name.replace("[]", f"[{mark.index}]", 1)
    sources = mark.chosen.cast.sources if mark.chosen.cast else {}
    text = ".".join(part) or "1"  # in HL7 a text is its own first part
    for leaf, places in sources.items():
        for place, inner in places:
            if place == mark.place and (
                not inner or f"{text}.".startswith(inner + ".") or inner.startswith(text + ".")
            ):
                return f"{name}.{leaf}"
    return name
