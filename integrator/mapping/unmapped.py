"""What of a document nobody speaks of: every leaf outside that no line of the face names, and what was not understood.

The paths of a face are laid over the document as one tree of covers, so that each leaf is looked at once. A conversion
covers the parts of its element that it looks at; an omission covers all below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from integrator.mapping.casts import NOTHING
from integrator.mapping.lineage import ReadEntry, Trace, spots
from integrator.mapping.model import Choice, Declared, Outside
from integrator.mapping.path import Selector, Step, Steps
from integrator.mapping.read import PARTLY
from integrator.mapping.tree_hl7 import NULL, MessageNode, SegmentNode
from integrator.mapping.walk import Loc, Match, matcher, node_at, plain

if TYPE_CHECKING:
    from integrator.mapping.face import Face, Reading

_CODE = tuple((Step(number, every=True),) for number in "123")  # of a CE: the code, its text and its system


@dataclass(frozen=True, slots=True)
class Unmapped:
    """One leaf that was not read."""

    place: str
    text: str


@dataclass(slots=True)
class Cover:
    """What the face says of a node and below it."""

    whole: bool = False  # all of it
    first: bool = False  # HL7: its first leaf
    leaf: bool = False  # of a leaf that stands here, since in HL7 a text is also its own first part; `settle` sets it
    # set by `settle`: the names below whose text is covered, and those whose first node is wholly covered
    leaves: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    below: dict[str, list[Below]] = field(default_factory=dict)

    def add(self, steps: Steps) -> Cover:
        """The cover at the end of a path, made if need be."""
        cover = self
        for step in steps:
            known = cover.below.setdefault(step.name, [])
            found = next((one for have, _, one in known if have == step), None)
            if found is None:
                found = Cover()
                known.append((step, matcher(step), found))
            cover = found
        return cover

    def settle(self) -> None:
        """Once all is added: works out `leaf`, `leaves` and `passed`, here and below."""
        for name, known in self.below.items():
            for _, match, cover in known:
                cover.settle()
                if match is None and cover.leaf:
                    self.leaves.add(name)
                if match is None and cover.whole:
                    self.passed.add(name)
        if self.first:
            self.leaves.add("1")
        self.leaf = self.first or self.whole or any(cover.leaf for _, _, cover in self.below.get("1", ()))


Below = tuple[Step, Match | None, Cover]
_FIRST: Below = (Step("1"), None, Cover(first=True, leaf=True))


def covers(
    declared: Declared, values: bool = True, marks: bool = True, constants: bool = True, omissions: bool = True
) -> Cover:
    """Everything that a face speaks of: the places of its fields (`values`), what it compares (`marks`), what it writes
    of itself (`constants`), what it omits."""
    root = Cover()
    hl7 = declared.form.hl7
    for one in declared.fields if values else ():
        for choice in one.choices:
            for number, at in enumerate(choice.at):
                _cover_place(root.add(at.steps), choice, number, hl7)
    if marks:
        _cover_marks(root, declared, hl7)
    for constant in declared.constants if constants else ():
        _cover_leaf(root, constant.at, hl7)
    for omission in declared.omit_theirs if omissions else ():
        if omission.at is not None:
            root.add(omission.at.steps).whole = True
            _cover_selectors(root, omission.at.steps)
    root.settle()
    return root


def _cover_marks(root: Cover, declared: Declared, hl7: bool) -> None:
    """Selectors, conditions, and why the message was sent."""
    for one in declared.fields:
        for choice in one.choices:
            for at in choice.at:
                _cover_selectors(root, at.steps)
        for condition in one.when:
            _cover_leaf(root, condition.at, hl7)
    for condition in declared.when:
        _cover_leaf(root, condition.at, hl7)
    if declared.why:
        root.add(declared.why.steps).whole = True


def _cover_leaf(root: Cover, at: Outside, hl7: bool) -> None:
    cover = root.add(at.steps)
    cover.first, cover.whole = hl7, cover.whole or not hl7
    _cover_selectors(root, at.steps)


def _cover_place(cover: Cover, choice: Choice, number: int, hl7: bool) -> None:
    seen = choice.cast.seen_in(number) if choice.cast else _CODE if hl7 else None
    if seen is None:
        cover.first, cover.whole = hl7, cover.whole or not hl7
    for steps in seen or ():
        inner = cover.add(steps)
        inner.first, inner.whole = hl7, not hl7


def _cover_selectors(root: Cover, steps: Steps) -> None:
    for number, step in enumerate(steps, 1):
        for one in step.selectors:
            for path in _looked_at(one):
                root.add((*steps[:number], *path)).whole = True


def _looked_at(one: Selector) -> Iterator[Steps]:
    """The leaves that a selector compares, below the element."""
    child = tuple(Step(name, every=True) for name in one.child)
    if one.kind == "text":
        yield child
    names = {"reference": ("type", "reference"), "coding": ("system", "code")}.get(one.kind, ())
    for name in names:
        yield (*child, Step(name, every=True))
    if one.kind == "coding":
        system, _, code = one.text.rpartition("|")
        wanted = [Selector(("code",), code)] + ([Selector(("system",), system)] if system else [])
        for name in names:
            yield (*child, Step("coding", tuple(wanted), every=True), Step(name, every=True))


def unmapped(reading: Reading) -> list[Unmapped]:
    """The leaves of the document that were not read; those that were not understood come last."""
    face, tree = reading.face, reading.tree
    found = uncovered(face, tree, face.covers)
    if reading.missed:
        found |= dict(_not_understood(face, reading))
    return [Unmapped(face.place_of(tree, loc), text) for loc, text in found.items()]


def uncovered(face: Face, tree: Any, cover: Cover) -> dict[Loc, str]:
    """The leaves of a tree that a cover does not speak of, each with its text."""
    found: dict[Loc, str] = {}
    _uncovered(tree, [cover], (), face.declared.form.hl7, found)
    return found


def _uncovered(node: dict[str, Any], over: list[Cover], loc: Loc, hl7: bool, found: dict[Loc, str]) -> None:
    """Adds the leaves below a node that no cover over it speaks of. Every message goes through here: calls are few."""
    segment = node if isinstance(node, SegmentNode) else None
    passed = over[0].passed if len(over) == 1 else set[str]().union(*(cover.passed for cover in over))
    for name in _names(node):
        if segment is not None and name in passed and segment.alone(name):
            continue
        known = [pair for cover in over for pair in cover.below.get(name, ())]
        if hl7 and name == "1" and any(cover.first for cover in over):
            known.append(_FIRST)
        child = node.get(name)
        if child.__class__ is not list:
            _look_at(child, _holding(known, child), (*loc, name), hl7, found)
        elif len(child) == 1:
            _look_at(child[0], _holding(known, child[0]), (*loc, name, 0), hl7, found)
        else:
            taken: set[int] = set()
            for index, one in enumerate(child):
                _look_at(one, _active(known, one, taken), (*loc, name, index), hl7, found)


def _look_at(node: Any, over: list[Cover], loc: Loc, hl7: bool, found: dict[Loc, str]) -> None:
    for cover in over:
        if cover.whole:
            return
    if isinstance(node, dict):
        if not _texts_covered(node, over):
            _uncovered(node, over, loc, hl7, found)
    elif node is not None and not any(cover.leaf for cover in over) and (text := plain(node)) and text != NULL:
        found[loc] = text


def _texts_covered(node: dict[str, Any], over: list[Cover]) -> bool:
    """Whether a node has only texts and all of them are covered, as most have."""
    leaves = over[0].leaves if len(over) == 1 else set[str]().union(*(cover.leaves for cover in over))
    return node.__class__ is dict and all(name in leaves and text.__class__ is str for name, text in node.items())


def _holding(known: list[Below], node: Any) -> list[Cover]:
    """The covers of a node that has no neighbours."""
    return [cover for _, match, cover in known if match is None or match(node)]


def _active(known: list[Below], node: Any, taken: set[int]) -> list[Cover]:
    """The covers of one element of a list: a path without [] means the first that its selectors choose."""
    active = []
    for step, match, cover in known:
        if id(cover) in taken or (match is not None and not match(node)):
            continue
        active.append(cover)
        if not step.every:
            taken.add(id(cover))
    return active


def _names(node: dict[str, Any]) -> list[str]:
    if isinstance(node, MessageNode):
        return node.names()
    return node.fields() if isinstance(node, SegmentNode) else list(node)


def _leaves(node: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """Every leaf that holds something."""
    if isinstance(node, dict):
        for name in _names(node):
            yield from _leaves(node.get(name), (*loc, name))
    elif isinstance(node, list):
        for index, one in enumerate(node):
            yield from _leaves(one, (*loc, index))
    elif node is not None and (text := plain(node)) and text != NULL:
        yield loc, text


def _not_understood(face: Face, reading: Reading) -> Iterator[tuple[Loc, str]]:
    """What stands in places of which no conversion made a value, or that it skipped: the same run, with a trace."""
    trace = Trace()
    face.read(reading.tree, reading.context, trace)
    shown = uncovered(face, reading.tree, covers(face.declared, values=False, marks=False, constants=False))
    for entry in trace.entries:
        if entry.value is NOTHING or entry.value is PARTLY:
            for loc, node in _first_places(entry, reading.tree):
                yield from _leaves(node, loc)
        for loc in entry.skipped:
            for place, text in _leaves(node_at(reading.tree, loc), loc):
                if place in shown:
                    yield place, text


def _first_places(entry: ReadEntry, tree: Any) -> Iterator[tuple[Loc, Any]]:
    for choice in entry.field.choices:
        for at in choice.at if choice.codes else choice.at[:1]:
            for spot in spots(tree, at, entry.node, entry.loc):
                node = node_at(tree, spot.loc)
                if node:
                    yield spot.loc, node
