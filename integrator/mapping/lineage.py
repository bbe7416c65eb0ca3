"""Lineage: where each leaf of a record came from (trace), and where each leaf of an outside document (log).

Both are made only when somebody asks; nothing is stored, the same run is done again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from integrator.mapping.codes import Row
from integrator.mapping.model import Choice, Constant, Field, Outside
from integrator.mapping.path import Step, Steps
from integrator.mapping.walk import Loc, elements, locate

if TYPE_CHECKING:
    from integrator.mapping.put import Passed
    from integrator.mapping.state import State


@dataclass(frozen=True, slots=True)
class Spot:
    """One concrete place: where it is, and the path that led there."""

    loc: Loc
    steps: Steps


@dataclass(slots=True)
class ReadEntry:
    """How one field of the record was read: one entry for each field, in a list one for each element."""

    field: Field
    index: int | None  # of the element in the record's list
    value: Any
    choice: int | None
    places: list[list[Spot]]  # for each place of the choice
    tried: list[Spot]  # the places of the choices before it
    selected: list[Spot]  # what the selectors on the way looked at
    notes: list[str]
    used: list[str]  # places that the notes used
    row: Row | None

    @property
    def record(self) -> str:
        """The place in the record: "services[0].code"."""
        text = self.field.place.text
        return text if self.index is None else text.replace("[]", f"[{self.index}]", 1)

    @property
    def chosen(self) -> Choice | None:
        return self.field.choices[self.choice] if self.choice is not None else None


class Trace:
    """What reading did, field by field."""

    def __init__(self) -> None:
        self.entries: list[ReadEntry] = []
        self.row: Row | None = None
        self.index: int | None = None

    def begin(self, state: State) -> None:
        """A field is about to be read."""
        state.noted, state.used, self.row = [], [], None

    def end(self, state: State, one: Field, node: Any, loc: Loc, value: Any, number: int | None) -> None:
        """A field was read."""
        chosen = one.choices[number] if number is not None else None
        places = [spots(state.tree, at, node, loc) for at in chosen.at] if chosen else []
        before = one.choices[:number] if number is not None else one.choices
        tried = [spot for choice in before for at in choice.at for spot in spots(state.tree, at, node, loc)]
        looked = [*before, chosen] if chosen else before
        selected = [spot for choice in looked for at in choice.at for spot in selector_spots(state.tree, at)]
        selected += [spot for condition in one.when for spot in spots(state.tree, condition.at, state.tree, ())]
        self.entries.append(
            ReadEntry(
                one, self.index, value, number, places, tried, selected, list(state.noted), list(state.used), self.row
            )
        )


def spots(tree: Any, at: Outside, node: Any, loc: Loc) -> list[Spot]:
    """The concrete places of an outside path; in a list those of this element."""
    if loc and at.listed:
        return [Spot((*loc, *found), at.steps) for found, _ in locate(node, at.steps[at.listed :])]
    return [Spot(found, at.steps) for found, _ in locate(tree, at.steps)]


def selector_spots(tree: Any, at: Outside) -> list[Spot]:
    """What the selectors of a path looked at, in every element that they were asked about."""
    found: list[Spot] = []
    nodes: list[tuple[Loc, Any]] = [((), tree)]
    for number, step in enumerate(at.steps):
        if step.selectors:
            everywhere = Step(step.name, every=True, many=step.many)
            for loc, node in nodes:
                for index, child in elements(node, everywhere):
                    here = (*loc, step.name) if index is None else (*loc, step.name, index)
                    for one in step.selectors:
                        inner = tuple(Step(s.name, every=True, many=s.many) for s in one.steps)
                        found += [Spot((*here, *deep), at.steps[: number + 1]) for deep, _ in locate(child, inner)]
        nodes = [
            ((*loc, step.name) if index is None else (*loc, step.name, index), child)
            for loc, node in nodes
            for index, child in elements(node, step)
        ]
    return found


@dataclass(frozen=True, slots=True)
class Mark:
    """Why something stands in the outside document: a record field, a constant or a selector."""

    kind: str  # "record", "constant", "selector"
    field: Field | None = None
    choice: int | None = None
    constant: Constant | None = None
    step: Step | None = None
    index: int | None = None


@dataclass
class Log:
    """What writing did: marks on slots, kept by the identity of their container."""

    marks: dict[tuple[int, Any], Mark] = field(default_factory=dict)
    selected: dict[int, list[Step]] = field(default_factory=dict)
    index: int | None = None
    _alive: list[Any] = field(default_factory=list)  # so that no identity is used twice

    def wrote(self, container: Any, key: Any, one: Field, choice: int) -> None:
        """A field wrote this slot."""
        self._mark(container, key, Mark("record", one, choice, index=self.index))

    def constant(self, container: Any, key: Any, one: Constant) -> None:
        """A constant stands in this slot."""
        self._mark(container, key, Mark("constant", constant=one))

    def passed(self, passed: Passed) -> None:
        """Elements that selectors led to."""
        for container, key, step in passed:
            element = container[key]
            self._alive.append(element)
            self.selected.setdefault(id(element), []).append(step)

    def _mark(self, container: Any, key: Any, mark: Mark) -> None:
        self._alive.append(container)
        # Positions in lists may shift, the element itself does not.
        element = container[key] if container.__class__ is list else None
        if isinstance(element, dict):
            self._alive.append(element)
            self.marks[id(element), None] = mark
        else:
            self.marks[id(container), key] = mark
