"""What a record is made of, for the loader: its fields down to the leaf, their types, and their codes."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any

from integrator.mapping.path import BadPath, parse_path, path_text
from integrator.records import CODES, KINDS


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """A place in a record: its top-level field, the parts below, and where a list is gone through."""

    text: str
    field: str  # "services"
    parts: tuple[str, ...]  # ("code",); of each element where `listed`
    listed: bool  # the path has [] behind its first step
    type: type  # of what stands there: Concept
    many: bool  # the field itself is a list that the path does not go through
    inner: bool = False  # the path ends in a list within the field: "arms[].interventions[]", "design.masked[]"


@cache
def hints(model: type) -> dict[str, Any]:
    """The types of a dataclass's fields."""
    return typing.get_type_hints(model)


def bare(hint: Any) -> tuple[type, bool]:
    """A hint without None and without tuple: the type, and whether it is a list of it."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    if typing.get_origin(hint) is tuple:
        return bare(typing.get_args(hint)[0])[0], True
    return hint, False


def place(record: str, text: str) -> RecordPlace:
    """The place that a record path means; raises BadPath naming what the record has instead."""
    steps = parse_path(text)
    model = KINDS[record]
    kind, many, parts = model, False, []
    for number, step in enumerate(steps):
        if step.selectors or step.key:
            raise BadPath(f"{text!r}: a record path has no selectors")
        found = hints(kind) if is_dataclass(kind) else {}
        if step.name not in found:
            have = ", ".join(found) or "no parts"
            raise BadPath(f"{kind.__name__} has no {step.name!r} ({text!r}); it has {have}")
        kind, many = bare(found[step.name])
        if step.every and not many:
            raise BadPath(f"{step.name!r} in {text!r} is not a list; write it without []")
        if many and not step.every and number < len(steps) - 1:
            raise BadPath(f"{step.name!r} in {text!r} is a list; write {step.name}[]")
        if step.every and number > (0 if number < len(steps) - 1 else 1):
            raise BadPath(f"{text!r}: a record path may go through the list of its first step, and end in one within")
        parts.append(step.name)
    listed, inner = steps[0].every, len(steps) > 1 and steps[-1].every
    last_many = many and not steps[-1].every
    return RecordPlace(path_text(steps), parts[0], tuple(parts[1:]), listed, kind, last_many, inner)


def leaves(kind: type, below: str = "") -> list[str]:
    """The leaves of a type: "time.start", "services[].code.codings[].system"."""
    if not is_dataclass(kind):
        return [below]
    found = []
    for one in fields(kind):
        inner, many = bare(hints(kind)[one.name])
        name = f"{below}.{one.name}" if below else one.name
        found += leaves(inner, name + "[]" if many else name)
    return found


def record_leaves(record: str) -> list[str]:
    """All leaves of a record."""
    return leaves(KINDS[record])


def codes(record: str, where: RecordPlace) -> tuple[str, ...] | None:
    """The words that a field of the record may be; None where any text may stand."""
    return CODES[record].get(".".join((where.field, *where.parts)))


def within(leaf: str, path: str) -> bool:
    """Whether a leaf is the path or lies below it; lists count with or without []."""
    plain, prefix = leaf.replace("[]", ""), path.replace("[]", "")
    return plain == prefix or plain.startswith(prefix + ".")
