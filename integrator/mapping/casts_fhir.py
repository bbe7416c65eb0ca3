"""Conversions between FHIR R4 data types and values; each names the parts of its element that it looks at."""

from __future__ import annotations

import re
from typing import Any

from integrator.formats.fhir.dates import is_date
from integrator.mapping.casts import NOTHING, CannotHold, Cast, Wrong
from integrator.mapping.casts_time import FHIR_TIMES
from integrator.mapping.state import State
from integrator.mapping.systems import KEY, V2_0203, local_name, local_uri
from integrator.records.values import Address, Coding, Concept, Identifier, PersonName, Ref

# The record's kind and FHIR's type of the same thing.
TYPES = {"Study": "ResearchStudy", "Participant": "ResearchSubject", "Appointment": "Appointment", "Patient": "Patient"}
_KINDS = {name: kind for kind, name in TYPES.items()}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _word(node: Any, name: str) -> str | None:
    found = node.get(name) if isinstance(node, dict) else None
    return found if isinstance(found, str) and found else None


def _without_none(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None and value != []}


# primitives


def _read_string(nodes: list[Any], state: State) -> Any:
    return nodes[0] if isinstance(nodes[0], str) and nodes[0].strip() else NOTHING


def string(value: str) -> str:
    """A text as FHIR allows it: not blank, no control characters (R4 2.24.0.1); raises CannotHold."""
    if not value.strip() or _CONTROL.search(value):
        raise CannotHold("a blank text, or one with control characters")
    return value


def _write_string(value: str, state: State) -> list[Any]:
    return [string(value)]


def _read_code(nodes: list[Any], state: State) -> Any:
    return nodes[0] if isinstance(nodes[0], str) and nodes[0] else NOTHING


def _write_code(value: str, state: State) -> list[Any]:
    if not re.fullmatch(r"\S+( \S+)*", value):
        raise CannotHold("a code with blanks at its ends")
    return [value]


def _read_integer(nodes: list[Any], state: State) -> Any:
    return nodes[0] if isinstance(nodes[0], int) and not isinstance(nodes[0], bool) else NOTHING


def _write_integer(value: int, state: State) -> list[Any]:
    return [value]


def _write_positive(value: int, state: State) -> list[Any]:
    if value < 1:
        raise CannotHold("a number below one")
    return [value]


def _read_boolean(nodes: list[Any], state: State) -> Any:
    return nodes[0] if isinstance(nodes[0], bool) else NOTHING


def _write_boolean(value: bool, state: State) -> list[Any]:
    return [value]


def _read_date(nodes: list[Any], state: State) -> Any:
    if not isinstance(nodes[0], str) or not is_date(nodes[0]):
        raise Wrong("a date that does not exist")
    return nodes[0]


def _write_date(value: str, state: State) -> list[Any]:
    if not is_date(value):
        raise CannotHold("a date that does not exist")
    return [value]


def _read_happened(nodes: list[Any], state: State) -> Any:
    return True


def _read_lines(nodes: list[Any], state: State) -> Any:
    """A text as a list, one for each line; a line that begins with a tab goes on with the one before."""
    if not isinstance(nodes[0], str) or not nodes[0].strip():
        return NOTHING
    return tuple(line.replace("\n\t", "\n") for line in re.split(r"\n(?!\t)", nodes[0]))


def _write_lines(value: tuple[str, ...], state: State) -> list[Any]:
    if any(line.startswith("\t") for line in value[1:]):
        raise CannotHold("a note that begins with a tab")
    return [string("\n".join(line.replace("\n", "\n\t") for line in value))]


# identifiers and references


def read_identifier(node: Any, typed: bool = True) -> Identifier | None:
    """An Identifier; a system made by `systems.local_uri` is a namespace. None without a value."""
    value = _word(node, "value")
    if value is None:
        return None
    system = _word(node, "system")
    namespace = local_name(system) if system else None
    if namespace is not None:
        return Identifier(value, None, namespace, _type_of(node) if typed else None)
    return Identifier(value, system, _word(node.get("assigner"), "display"), _type_of(node) if typed else None)


def _type_of(node: dict[str, Any]) -> str | None:
    kind = node.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and coding.get("system") == V2_0203 and _word(coding, "code"):
            return str(coding["code"])
    return None


def write_identifier(value: Identifier) -> dict[str, Any]:
    """The inverse of `read_identifier`."""
    element: dict[str, Any] = {}
    if value.type:
        element["type"] = {"coding": [{"system": V2_0203, "code": value.type}]}
    if value.system:
        element["system"] = value.system
    elif value.namespace:
        element["system"] = local_uri(value.namespace)
    element["value"] = string(value.value)
    if value.system and value.namespace:
        element["assigner"] = {"display": value.namespace}
    return element


def _read_identifier(nodes: list[Any], state: State) -> Any:
    return read_identifier(nodes[0]) or NOTHING


def _write_identifier(value: Identifier, state: State) -> list[Any]:
    return [write_identifier(value)]


def _read_number(nodes: list[Any], state: State) -> Any:
    return read_identifier(nodes[0], typed=False) or NOTHING


def _write_number(value: Identifier, state: State) -> list[Any]:
    return [write_identifier(Identifier(value.value, value.system, value.namespace))]


def _linked(node: Any, state: State, kind: type) -> Any:
    """Our key of a literal reference, where the caller's links know it."""
    literal = _word(node, "reference")
    if literal is not None:
        for ours, theirs in state.context.links.items():
            if isinstance(ours, kind) and theirs.get("reference") == literal:
                state.note("the link of this reference", place="context.links")
                return ours
    return NOTHING


def _read_reference(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    found = read_identifier(node.get("identifier")) if isinstance(node, dict) else None
    return found or _linked(node, state, Identifier)


def _write_reference(value: Identifier, state: State) -> list[Any]:
    theirs = state.context.links.get(value)
    return [dict(theirs) if theirs is not None else {"identifier": write_identifier(value)}]


def _read_ref(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    found = read_identifier(node.get("identifier")) if isinstance(node, dict) else None
    if found and found.system and found.system.startswith(KEY):
        return Ref(found.system[len(KEY) :], found.value)
    return _linked(node, state, Ref)


def _write_ref(value: Ref, state: State) -> list[Any]:
    theirs = state.context.links.get(value)
    if theirs is not None:
        return [dict(theirs)]
    kind = TYPES.get(value.kind)
    if kind is None:
        raise CannotHold(f"a reference to a {value.kind}")
    return [{"type": kind, "identifier": {"system": KEY + value.kind, "value": string(value.key)}}]


# codes


def _read_concept(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    if not isinstance(node, dict):
        return NOTHING
    listed = node.get("coding")
    codings = tuple(
        Coding(str(one["code"]), None if local else one.get("system"), _word(one, "display"), local)
        for one in (listed if isinstance(listed, list) else ())
        if _word(one, "code")
        for local in (local_name(one.get("system") or ""),)
    )
    words = _word(node, "text")
    return Concept(codings, words) if codings or words else NOTHING


def _write_concept(value: Concept, state: State) -> list[Any]:
    codings = []
    for one in value.codings:
        system = one.system or (local_uri(one.namespace) if one.namespace else None)
        display = string(one.display) if one.display is not None else None
        codings.append(_without_none(system=system, code=_write_code(one.code, state)[0], display=display))
    return [_without_none(coding=codings, text=string(value.text) if value.text is not None else None)]


# persons


def _read_name(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    if not isinstance(node, dict):
        return NOTHING
    given = tuple(one for one in node.get("given") or () if isinstance(one, str))
    prefix, suffix = (" ".join(one for one in node.get(n) or () if isinstance(one, str)) for n in ("prefix", "suffix"))
    value = PersonName(_word(node, "family"), given, prefix or None, suffix or None)
    return value if value.family or value.given else NOTHING


def _write_name(value: PersonName, state: State) -> list[Any]:
    prefix, suffix = ([string(one)] if one else None for one in (value.prefix, value.suffix))
    family = string(value.family) if value.family else None
    given = [string(one) for one in value.given]
    return [_without_none(family=family, given=given, prefix=prefix, suffix=suffix)]


def _read_address(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    if not isinstance(node, dict):
        return NOTHING
    lines = tuple(one for one in node.get("line") or () if isinstance(one, str))
    words = (_word(node, name) for name in ("city", "state", "postalCode", "country"))
    value = Address(lines, *words)
    return value if value != Address() else NOTHING


def _write_address(value: Address, state: State) -> list[Any]:
    lines = [string(one) for one in value.lines]
    words = {"city": value.city, "state": value.state, "postalCode": value.postal_code, "country": value.country}
    return [_without_none(line=lines, **{name: string(one) if one else None for name, one in words.items()})]


_IDENTIFIER = ("value", "system", "type", "assigner.display")
_REFERENCE = (
    "reference",
    "identifier.value",
    "identifier.system",
    "identifier.type",
    "identifier.assigner.display",
)
_CODING_PARTS = ("coding.code", "coding.system", "coding.display", "text")
_SOURCES = {
    "value": ((0, "value"),),
    "system": ((0, "system"),),
    "namespace": ((0, "system"), (0, "assigner")),
    "type": ((0, "type"),),
}
_LOGICAL = {leaf: tuple((n, f"identifier.{part}") for n, part in places) for leaf, places in _SOURCES.items()}

FHIR_CASTS = {
    cast.name: cast
    for cast in (
        *FHIR_TIMES,
        Cast("string", _read_string, _write_string),
        Cast("code", _read_code, _write_code),
        Cast("integer", _read_integer, _write_integer),
        Cast("positive", _read_integer, _write_positive),
        Cast("boolean", _read_boolean, _write_boolean),
        Cast("date", _read_date, _write_date),
        Cast("happened", _read_happened),
        Cast("lines", _read_lines, _write_lines, lists=True),
        Cast("identifier", _read_identifier, _write_identifier, (_IDENTIFIER,), sources=_SOURCES),
        Cast(
            "number",
            _read_number,
            _write_number,
            (("value", "system", "assigner.display"),),
            frozenset({"type"}),
            {name: _SOURCES[name] for name in ("value", "system", "namespace")},
        ),
        Cast("reference", _read_reference, _write_reference, (_REFERENCE,), sources=_LOGICAL, labels=("display",)),
        Cast("key", _read_ref, _write_ref, (_REFERENCE,), labels=("display",)),
        Cast("concept", _read_concept, _write_concept, (_CODING_PARTS,)),
        Cast("human-name", _read_name, _write_name, (("family", "given", "prefix", "suffix"),)),
        Cast("address", _read_address, _write_address, (("line", "city", "state", "postalCode", "country"),)),
    )
}

# Without `as`, the type of the record's value and the element's type decide.
FHIR_DEFAULTS = {
    ("Period", "instant"): "period",
    ("datetime", "instant"): "instant",
    ("Identifier", "Identifier"): "identifier",
    ("Identifier", "Reference"): "reference",
    ("Ref", "Reference"): "key",
    ("Concept", "CodeableConcept"): "concept",
    ("PersonName", "HumanName"): "human-name",
    ("Address", "Address"): "address",
    ("bool", "boolean"): "boolean",
    ("int", "positiveInt"): "positive",
    ("int", "integer"): "integer",
    ("int", "unsignedInt"): "integer",
    ("str", "code"): "code",
    ("str", "id"): "code",
    ("str", "string"): "string",
    ("str", "markdown"): "string",
    ("str", "uri"): "code",
    ("str", "date"): "date",
}
