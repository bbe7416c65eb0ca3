"""Whether two outside paths can mean one place; what several fields write must not be removed by one of them."""

from __future__ import annotations

from integrator.mapping.model import Declared, Field, Outside
from integrator.mapping.path import Step


def overlap(one: Outside, other: Outside) -> bool:
    """Whether a value written at one path would stand in the way of one written at the other."""
    for mine, theirs in zip(one.steps, other.steps, strict=False):
        if mine.name != theirs.name or _apart(mine, theirs):
            return False
    return True


def _apart(one: Step, other: Step) -> bool:
    """Whether the selectors of two steps cannot hold of one element."""
    texts = {selector.child: selector.text for selector in one.selectors if not selector.prefix}
    return any(
        not selector.prefix and texts.get(selector.child, selector.text) != selector.text
        for selector in other.selectors
    )


def written_places(field: Field) -> list[Outside]:
    """The places that a field writes: of choices whose conversion has a writing half."""
    if not field.written:
        return []
    return [at for choice in field.choices if choice.codes or (choice.cast and choice.cast.write) for at in choice.at]


def owned_elsewhere(declared: Declared) -> set[int]:
    """The ids of the places (Outside) of a field that another field writes."""
    written: dict[str, list[tuple[Field, Outside]]] = {}
    for field in declared.fields:
        for at in written_places(field):
            written.setdefault(at.steps[0].name, []).append((field, at))
    found: set[int] = set()
    for field in declared.fields:
        for choice in field.choices:
            for at in choice.at:
                near = written.get(at.steps[0].name, ())
                if any(another is not field and overlap(at, other) for another, other in near):
                    found.add(id(at))
    return found
