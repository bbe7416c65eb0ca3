"""FHIR's primitives, names and addresses, read and written; casts_fhir.py makes conversions of them."""

from __future__ import annotations

import re
from typing import Any

from integrator.formats.fhir.dates import is_date
from integrator.mapping.casts import NOTHING, CannotHold, Wrong
from integrator.mapping.state import State
from integrator.records.values import Address, PersonName

_CODE = re.compile(r"\S+( \S+)*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def word(node: Any, name: str) -> str | None:
    """The text of a child; None where it is absent, empty or no text."""
    found = node.get(name) if isinstance(node, dict) else None
    return found if isinstance(found, str) and found else None


def words(node: Any, name: str) -> list[str]:
    """The texts of a list; what is none is left out."""
    found = node.get(name) if isinstance(node, dict) else None
    return [one for one in found if isinstance(one, str) and one] if isinstance(found, list) else []


def without_none(**parts: Any) -> dict[str, Any]:
    """An element of the parts that are there."""
    return {name: value for name, value in parts.items() if value is not None and value != []}


def read_string(nodes: list[Any], state: State) -> Any:
    return nodes[0] if isinstance(nodes[0], str) and nodes[0].strip() else NOTHING


def string(value: str) -> str:
    """A text as FHIR allows it: not blank, no control characters (R4 2.24.0.1); raises CannotHold."""
    if not value or value.isspace() or (not value.isprintable() and _CONTROL.search(value)):
        raise CannotHold("a blank text, or one with control characters")
    return value


def write_string(value: str, state: State) -> list[Any]:
    return [string(value)]


def read_code(nodes: list[Any], state: State) -> Any:
    return nodes[0] if isinstance(nodes[0], str) and nodes[0] else NOTHING


def code(value: str) -> str:
    """A text as FHIR allows it for a code: single blanks within only; raises CannotHold."""
    if not value.isalnum() and not _CODE.fullmatch(value):
        raise CannotHold("a code with blanks at its ends")
    return value


def write_code(value: str, state: State) -> list[Any]:
    return [code(value)]


def read_integer(nodes: list[Any], state: State) -> Any:
    return nodes[0] if isinstance(nodes[0], int) and not isinstance(nodes[0], bool) else NOTHING


def write_integer(value: int, state: State) -> list[Any]:
    return [value]


def write_positive(value: int, state: State) -> list[Any]:
    if value < 1:
        raise CannotHold("a number below one")
    return [value]


def read_boolean(nodes: list[Any], state: State) -> Any:
    return nodes[0] if isinstance(nodes[0], bool) else NOTHING


def write_boolean(value: bool, state: State) -> list[Any]:
    return [value]


def read_date(nodes: list[Any], state: State) -> Any:
    if not isinstance(nodes[0], str) or not is_date(nodes[0]):
        raise Wrong("a date that does not exist")
    return nodes[0]


def write_date(value: str, state: State) -> list[Any]:
    if not is_date(value):
        raise CannotHold("a date that does not exist")
    return [value]


def read_happened(nodes: list[Any], state: State) -> Any:
    return True


def read_lines(nodes: list[Any], state: State) -> Any:
    """A text as a list, one for each line; a line that begins with a tab goes on with the one before."""
    if not isinstance(nodes[0], str) or not nodes[0].strip():
        return NOTHING
    return tuple(line.replace("\n\t", "\n") for line in re.split(r"\n(?!\t)", nodes[0]))


def write_lines(value: tuple[str, ...], state: State) -> list[Any]:
    if any(line.startswith("\t") for line in value[1:]):
        raise CannotHold("a note that begins with a tab")
    return [string("\n".join(line.replace("\n", "\n\t") for line in value))]


# persons


def read_name(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    if not isinstance(node, dict):
        return NOTHING
    given = tuple(words(node, "given"))
    prefix, suffix = (" ".join(words(node, name)) for name in ("prefix", "suffix"))
    value = PersonName(word(node, "family"), given, prefix or None, suffix or None)
    return value if value.family or value.given else NOTHING


def write_name(value: PersonName, state: State) -> list[Any]:
    prefix, suffix = ([string(one)] if one else None for one in (value.prefix, value.suffix))
    family = string(value.family) if value.family else None
    given = [string(one) for one in value.given]
    return [without_none(family=family, given=given, prefix=prefix, suffix=suffix)]


def read_address(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    if not isinstance(node, dict):
        return NOTHING
    lines = tuple(words(node, "line"))
    parts = (word(node, name) for name in ("city", "state", "postalCode", "country"))
    value = Address(lines, *parts)
    return value if value != Address() else NOTHING


def write_address(value: Address, state: State) -> list[Any]:
    lines = [string(one) for one in value.lines]
    words = {"city": value.city, "state": value.state, "postalCode": value.postal_code, "country": value.country}
    return [without_none(line=lines, **{name: string(one) if one else None for name, one in words.items()})]
