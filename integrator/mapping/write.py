"""Writing, compiled: each field onto nothing or onto what is there, by the rules of FACES ("How it reads and writes").

A place that already reads as the value is left as it is. Else the choice that is there is changed if it can hold the
value; else it is removed and the first that can is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from integrator.errors import CannotWrite
from integrator.mapping.casts import NOTHING, CannotHold, Wrong
from integrator.mapping.model import Choice, Declared, Field, Outside
from integrator.mapping.path import Selector, Steps
from integrator.mapping.put import Ours, Passed, Slot, merged, reach, remove, settle
from integrator.mapping.read import ABSENT, FieldReader, Missing
from integrator.mapping.state import State
from integrator.mapping.tree_hl7 import text_of
from integrator.mapping.walk import finder

_CODE_LABELS = ("2", "3", "4", "5", "6", "9")  # of a CE or CWE: they name the old code
_CODING_LABELS = ("display", "version", "userSelected")


@dataclass(frozen=True, slots=True)
class Current:
    """What stood there before: the value or a word of read.py, and the choice that said it."""

    value: Any = ABSENT
    choice: int | None = None
    wrong: bool = False  # it would hold a message: an impossible time


NOTHING_THERE = Current()


@dataclass(slots=True)
class Elements:
    """What stood in a list before: the positions of the elements that the face reads, and the parts of each."""

    positions: list[int] = field(default_factory=list)
    nodes: list[Any] = field(default_factory=list)
    parts: list[list[Current]] = field(default_factory=list)

    def standing(self, listed: list[Any]) -> list[int]:
        """Where they stand now: another field may have taken elements out of the same list since."""
        now = {id(node): number for number, node in enumerate(listed) if isinstance(node, dict)}
        return [now.get(id(node), position) for node, position in zip(self.nodes, self.positions, strict=True)]


class PlaceWriter:
    """One place of a choice."""

    def __init__(self, choice: Choice, number: int, at: Outside, grouped: bool, hl7: bool, removable: bool):
        self.steps: Steps = at.steps[at.listed :] if grouped else at.steps
        self.prefix: Steps = bare(at.steps[: at.listed]) if grouped else ()
        self.find = finder(self.steps)
        # `[child=text*]` chooses what is there and says nothing of what would be made.
        self.only_chooses = any(one.prefix for step in at.steps for one in step.selectors)
        self.number = number
        self.removable = removable
        cast = choice.cast
        self.parts = cast.parts_of(number) if cast else ()
        self.labels = cast.labels if cast else ()
        self.cast = cast if self.parts and len(choice.at) == 1 else None
        self.code = choice.codes is not None and hl7
        self.coding = not hl7 and len(at.steps) > 1 and at.steps[-1].name == "code" and at.steps[-2].name == "coding"
        self.checks = [(n, one) for n, step in enumerate(self.steps) for one in step.selectors if _may_contradict(one)]

    def put(self, slot: Slot, node: Any, state: State, ours: Ours) -> Slot | None:
        """Sets the place to a node of the conversion; None empties it. Gives the slot that was written."""
        if node is None:
            remove(slot, self.steps, ours, self.prefix)
            return None
        existing = self.find(slot[0][slot[1]])
        if self.cast is None and existing is not None and node.__class__ is str and text_of(existing) == node:
            return None
        passed: Passed = []
        container, key = reach(slot, self.steps, state.made, passed)
        if self.coding and existing is not None:
            self._drop_translations(slot, passed)
        container[key] = self._fresh(container[key], node, state)
        settle(passed)
        if state.log is not None:
            state.log.passed(passed)
        return container, key

    def _fresh(self, existing: Any, node: Any, state: State) -> Any:
        if self.code:
            labelled = existing.__class__ is dict and existing
            return merged(existing, {"1": node}, None, ("1",), _CODE_LABELS) if labelled else node
        held: Any = None
        if self.cast is not None and existing and self.cast.write is not None:
            try:
                value = self.cast.read([existing], state)
                held = self.cast.write(value, state)[0] if value is not NOTHING else None
            except (Wrong, CannotHold):
                held = None
        return merged(existing, node, held, self.parts, self.labels)

    def _drop_translations(self, slot: Slot, passed: Passed) -> None:
        """A code changes: its texts and the other codings of its CodeableConcept were translations of it."""
        coding, concept = self._up(slot, 1), self._up(slot, 2)
        for name in _CODING_LABELS:
            coding.pop(name, None)
        if isinstance(concept, dict) and len(concept.get("coding", ())) >= 1:
            concept["coding"][:] = [coding]
            concept.pop("text", None)
            concept.pop("_text", None)
            for n, (container, _, step) in enumerate(passed):
                if container is concept["coding"]:
                    passed[n] = (container, 0, step)

    def _up(self, slot: Slot, steps: int) -> Any:
        return finder(self.steps[:-steps])(slot[0][slot[1]])

    def conflict(self, node: Any) -> bool:
        """Whether the node says otherwise than a selector of the path: then this choice cannot hold it."""
        for number, one in self.checks:
            path = [step.name for step in self.steps[number + 1 :]]
            have: Any = node
            child = list(one.child)
            if child[: len(path)] != path:
                continue
            for name in child[len(path) :]:
                have = have.get(name) if have.__class__ is dict else have if name == "1" else None
            looked_at = number == len(self.steps) - 1 and one.child[0] in self.parts
            if have != one.text and (have is not None or looked_at):
                return True
        return False


def _may_contradict(one: Selector) -> bool:
    """Whether a value can say otherwise than a selector: a text can, while codings are added and types set again."""
    return one.kind == "text" and not one.prefix and bool(one.child)


class FieldWriter:
    """One field, on the whole tree or on an element of a list."""

    def __init__(self, declared: Declared, one: Field, reader: FieldReader, grouped: bool, owned: set[int]):
        """`owned` are the ids of the places (Outside) that another field writes: those are never removed here."""
        self.field, self.reader = one, reader
        self.form = f"{declared.form.family} {declared.form.name}"
        hl7 = declared.form.hl7
        self.choices: list[tuple[Choice, list[PlaceWriter]]] = [
            (choice, [PlaceWriter(choice, n, at, grouped, hl7, id(at) not in owned) for n, at in enumerate(choice.at)])
            for choice in one.choices
        ]

    def write(self, slot: Slot, value: Any, current: Current, state: State, ours: Ours) -> None:
        """Lets the place say the value (None: nothing); raises CannotWrite where no choice can hold it."""
        if value is None or value == ():
            # What is there and not understood is not known to be ours: it stays.
            if current.wrong or current.value not in (ABSENT, NOTHING) or self._empty_row():
                self._none(slot, state, ours)
            return
        if current.choice is not None and current.value == value:
            return
        number, nodes = self._choose(value, current, state)
        if current.choice is not None and current.choice != number:
            self._empty(slot, self.choices[current.choice][1], ours)
            self._silence(slot, number, state, ours)
        self._put(slot, number, nodes, state, ours)

    def _choose(self, value: Any, current: Current, state: State) -> tuple[int, list[Any]]:
        order = list(range(len(self.choices)))
        if current.choice is not None:
            order.remove(current.choice)
            order.insert(0, current.choice)
        reason = ""
        for number in order:
            if number != current.choice and any(place.only_chooses for place in self.choices[number][1]):
                continue
            try:
                nodes = self.nodes(self.choices[number], value, state)
            except CannotHold as error:
                reason = str(error)
                continue
            if nodes is not None:
                return number, nodes
        raise CannotWrite(self.cannot(reason))

    def cannot(self, reason: str) -> str:
        """What CannotWrite says of a value that no choice can hold."""
        return f"{self.field.place.text} cannot be written as {self.form}: {reason or 'no conversion writes it'}"

    def nodes(self, one: tuple[Choice, list[PlaceWriter]], value: Any, state: State) -> list[Any] | None:
        choice, places = one
        if choice.codes is not None:
            codes = choice.codes.write(value, state.context.event)
            if codes is None:
                raise CannotHold(f"the code map {choice.codes.name} has no row that writes it")
            return [code or None for code in codes]
        assert choice.cast is not None
        if choice.cast.write is None:
            return None
        nodes = choice.cast.write(value, state)
        if any(place.checks and place.conflict(node) for place, node in zip(places, nodes, strict=True)):
            raise CannotHold("what its selector says is not what the value says")
        return nodes

    def _put(self, slot: Slot, number: int, nodes: list[Any], state: State, ours: Ours) -> None:
        for place, node in zip(self.choices[number][1], nodes, strict=True):
            written = place.put(slot, node, state, ours)
            if written is not None and state.log is not None:
                state.log.wrote(*written, self.field, number, place.number)

    def _silence(self, slot: Slot, before: int, state: State, ours: Ours) -> None:
        """Removes every choice that would be read before that one."""
        for _ in self.choices:
            try:
                value, number = self.reader.choose(slot[0][slot[1]], state)
            except Missing as wrong:
                value, number = None, wrong.number
            if (
                value is NOTHING
                or number is None
                or number >= before
                or not self._empty(slot, self.choices[number][1], ours)
            ):
                return

    def _none(self, slot: Slot, state: State, ours: Ours) -> None:
        for choice, places in self.choices:
            codes = choice.codes.write(None, state.context.event) if choice.codes else None
            if codes is not None:
                for place, code in zip(places, codes, strict=True):
                    written = place.put(slot, code or None, state, ours)
                    if written is not None and state.log is not None:
                        state.log.wrote(*written, self.field, 0, place.number)
                return
        self._silence(slot, len(self.choices), state, ours)

    def _empty(self, slot: Slot, places: list[PlaceWriter], ours: Ours) -> bool:
        """Removes the places of a choice, but for those that another field writes; whether there was one to remove."""
        mine = [place for place in places if place.removable and place.find(slot[0][slot[1]]) is not None]
        for place in mine:
            remove(slot, place.steps, ours, place.prefix)
        return bool(mine)

    def _empty_row(self) -> bool:
        return any(choice.codes is not None and choice.codes.write(None) is not None for choice, _ in self.choices)


def bare(steps: Steps) -> Steps:
    """The steps without [] and [key], by which constants are found."""
    return tuple(replace(step, every=False, key=None) for step in steps)
