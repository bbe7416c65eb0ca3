"""What a conversion is: a pair of functions between outside nodes and a record's value, and what it looks at.

The conversions themselves stand in casts_hl7.py, casts_fhir.py and casts_time.py; `cast` finds one by name or by types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from integrator.mapping.path import Steps, parse_path

if TYPE_CHECKING:
    from integrator.mapping.codes import Unknown
    from integrator.mapping.state import State


class _Nothing:
    """Something stands there, and no value can be made of it: the record stays silent."""

    def __repr__(self) -> str:
        return "NOTHING"

    def __bool__(self) -> bool:
        return False


NOTHING = _Nothing()


class Wrong(Exception):
    """A value that cannot be understood: holds the message.

    `which` is the place of the conversion, from 0; `others` are places that it does not agree with; `element` is the
    element of the list that a place with [] means; `beside` is a place of the message that has a part in it.
    `unknown` is set of a code that nobody mapped.
    """

    unknown: Unknown | None = None

    def __init__(
        self,
        reason: str,
        which: int = 0,
        others: tuple[int, ...] = (),
        element: int | None = None,
        beside: str | None = None,
    ):
        super().__init__(reason)
        self.reason, self.which, self.others, self.element, self.beside = reason, which, others, element, beside


class CannotHold(Exception):
    """This place cannot hold the value; the next choice is tried. The text says why."""


Read = Callable[[list[Any], "State"], Any]
Write = Callable[[Any, "State"], list[Any]]
ONLY_THERE = ("",)  # of a place: nothing of what stands there, only whether something does
Source = tuple[int, str]  # which place, and which part of its element ("" for all of it)


@dataclass(frozen=True, slots=True)
class Cast:
    """A named conversion.

    `read` gets one node for each place (None: absent; the first one is there) and gives a value, NOTHING, or raises
    Wrong. `write` gives one node for each place (None: nothing stands there) or raises CannotHold; without it the
    conversion is only read. `parts` names what it looks at in the element of each place (() all of it; the others stay
    as they are and count as unmapped). `loses` are the leaves of the value that the form has no place for.
    `sees` says it more finely for what counts as unmapped: paths below the place ("type.coding[system=x].code",
    "coding[][code=*].code"), () all of it, ONLY_THERE that something stands there; left out: the parts.
    `labels` are parts that it does not look at and that go when the value changes, for they name the old one.
    `sources` says which part of which place makes which leaf of the value; left out: all places make all leaves.
    """

    name: str
    read: Read
    write: Write | None = None
    parts: tuple[tuple[str, ...], ...] = ()
    loses: frozenset[str] = frozenset()
    sources: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    sees: tuple[tuple[str, ...], ...] = ()
    lists: bool = False  # takes or gives a whole list
    alone: Read | None = None  # what the first place gives when no choice made a value: a start without an end

    def parts_of(self, place: int) -> tuple[str, ...]:
        return self.parts[place] if place < len(self.parts) else ()

    def seen_in(self, place: int) -> list[Steps] | None:
        """The paths below a place that it looks at; None: all of it."""
        named = self.sees[place] if place < len(self.sees) else self.parts_of(place)
        return [_seen(one) for one in named if one] if named else None


def _seen(text: str) -> Steps:
    """A path of `sees`: a step means every element but where its selectors choose the first; [child=*] is any text."""
    steps = []
    for step in parse_path(text):
        chosen = tuple(replace(one, text="", prefix=True) if one.text == "*" else one for one in step.selectors)
        steps.append(replace(step, selectors=chosen, every=step.every or not chosen))
    return tuple(steps)
