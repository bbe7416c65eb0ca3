"""The trace of a reading run: where each leaf of a record came from.

It is made only when somebody asks; nothing is stored, the same run is done again. Joined with the log of a writing
run (log.py) on the record's leaf it answers "why".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from integrator.mapping.codes import Row
from integrator.mapping.model import Choice, Field, Outside
from integrator.mapping.path import Step, Steps
from integrator.mapping.tree_hl7 import AFTER
from integrator.mapping.walk import Loc, elements, locate

if TYPE_CHECKING:
    from integrator.mapping.state import State


@dataclass(frozen=True, slots=True)
class Spot:
    """One concrete place: where it is, and the path that led there."""

    loc: Loc
    steps: Steps


@dataclass
class ReadEntry:
    """How one field of the record was read: one entry for each field, in a list one for each element.

    The places are looked for when somebody asks: a trace of every message costs little, and few are looked at.
    """

    field: Field
    index: int | None  # of the element in the record's list
    value: Any
    choice: int | None
    notes: list[str]
    used: list[str]  # places that the notes used
    row: Row | None
    node: Any  # what the field's paths start from: the tree, or an element of a list
    loc: Loc
    skips: list[tuple[int, Loc]]  # which place, and what of it the conversion did not look at this time
    tree: Any

    @property
    def record(self) -> str:
        """The place in the record: "services[0].code"."""
        text = self.field.place.text
        return text if self.index is None else text.replace("[]", f"[{self.index}]", 1)

    @property
    def chosen(self) -> Choice | None:
        return self.field.choices[self.choice] if self.choice is not None else None

    @cached_property
    def places(self) -> list[list[Spot]]:
        """For each place of the choice where it is."""
        return [spots(self.tree, at, self.node, self.loc) for at in self.chosen.at] if self.chosen else []

    @property
    def _before(self) -> tuple[Choice, ...]:
        return self.field.choices[: self.choice] if self.choice is not None else self.field.choices

    @cached_property
    def tried(self) -> list[Spot]:
        """The places of the choices before it."""
        places = (at for choice in self._before for at in choice.at)
        return [spot for at in places for spot in spots(self.tree, at, self.node, self.loc)]

    @cached_property
    def selected(self) -> list[Spot]:
        """What the selectors on the way looked at."""
        looked = [*self._before, self.chosen] if self.chosen else self._before
        found = [spot for choice in looked for at in choice.at for spot in selector_spots(self.tree, at)]
        return found + [spot for one in self.field.when for spot in spots(self.tree, one.at, self.tree, ())]

    @cached_property
    def skipped(self) -> list[Loc]:
        """What of the places the conversion did not look at this time."""
        skips = ((self.places[number], part) for number, part in self.skips if number < len(self.places))
        return [(*spot.loc, *part) for place, part in skips for spot in place]

    def spots_of(self, leaf: str) -> list[Spot]:
        """The places that make this leaf of the record; all of the choice's where the conversion does not say."""
        cast = self.chosen.cast if self.chosen else None
        below = leaf[len(self.record) + 1 :]
        everything = [spot for place in self.places for spot in place]
        if cast is None or below not in cast.sources:
            return everything
        found: list[Spot] = []
        for number, part in cast.sources[below]:
            if number < len(self.places):
                names = tuple(part.split(".")) if part else ()
                found += [Spot((*spot.loc, *names), spot.steps) for spot in self.places[number]]
        return found or everything


class Trace:
    """What reading did, field by field."""

    def __init__(self) -> None:
        self.entries: list[ReadEntry] = []
        self.row: Row | None = None
        self.index: int | None = None

    def begin(self, state: State) -> None:
        """A field is about to be read."""
        state.noted, state.used, state.skipped, self.row = [], [], [], None

    def end(self, state: State, one: Field, node: Any, loc: Loc, value: Any, number: int | None) -> None:
        """A field was read."""
        notes, used, skips = state.noted, state.used, state.skipped  # `begin` makes new ones for the next
        self.entries.append(
            ReadEntry(one, self.index, value, number, notes, used, self.row, node, loc, skips, state.tree)
        )


def spots(tree: Any, at: Outside, node: Any, loc: Loc) -> list[Spot]:
    """The concrete places of an outside path; in a list those of this element."""
    if loc and at.listed:
        return [Spot((*loc, *found), at.steps) for found, _ in locate(node, at.steps[at.listed :])]
    return [Spot(found, at.steps) for found, _ in locate(tree, at.steps)]


def selector_spots(tree: Any, at: Outside) -> list[Spot]:
    """What the selectors of a path looked at, in every element that they were asked about."""
    found: list[Spot] = []
    if not any(step.selectors for step in at.steps):
        return found
    nodes: list[tuple[Loc, Any]] = [((), tree)]
    for number, step in enumerate(at.steps):
        if step.selectors:
            everywhere = Step(step.name, every=True, many=step.many)
            for loc, node in nodes:
                for index, child in elements(node, everywhere):
                    here = (*loc, step.name) if index is None else (*loc, step.name, index)
                    for one in step.selectors:
                        if one.child == (AFTER,):
                            continue  # the order of segments, no value
                        inner = tuple(Step(s.name, every=True, many=s.many) for s in one.steps)
                        found += [Spot((*here, *deep), at.steps[: number + 1]) for deep, _ in locate(child, inner)]
        nodes = [
            ((*loc, step.name) if index is None else (*loc, step.name, index), child)
            for loc, node in nodes
            for index, child in elements(node, step)
        ]
    return found
