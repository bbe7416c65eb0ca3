"""Conversions between FHIR R4 data types and values; each names the parts of its element that it looks at."""

from __future__ import annotations

from typing import Any

from integrator.mapping import casts_fhir_plain as plain
from integrator.mapping.casts import NOTHING, ONLY_THERE, CannotHold, Cast
from integrator.mapping.casts_time import FHIR_TIMES
from integrator.mapping.casts_trial import TRIAL_DEFAULTS, TRIAL_IN_FHIR
from integrator.mapping.state import State
from integrator.mapping.systems import KEY, V2_0203, local_name, local_uri
from integrator.records.values import Coding, Concept, Identifier, Ref

# The record's kind and FHIR's type of the same thing.
TYPES = {
    "Study": "ResearchStudy",
    "Participant": "ResearchSubject",
    "Appointment": "Appointment",
    "ExerciseSession": "Procedure",
    "Observation": "Observation",
    "Patient": "Patient",
    "Treatment": "Procedure",
}


# identifiers and references


def read_identifier(node: Any, typed: bool = True) -> Identifier | None:
    """An Identifier; a system made by `systems.local_uri` is a namespace, unless somebody assigned it."""
    value = plain.word(node, "value")
    if value is None:
        return None
    system = plain.word(node, "system")
    kind = _type_of(node) if typed else None
    namespace, assigner = local_name(system) if system else None, plain.word(node.get("assigner"), "display")
    if namespace is not None and assigner is None:
        return Identifier(value, None, namespace, kind)
    return Identifier(value, system, assigner, kind)


def _type_of(node: dict[str, Any]) -> str | None:
    kind = node.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and coding.get("system") == V2_0203 and plain.word(coding, "code"):
            return str(coding["code"])
    return None


def write_identifier(value: Identifier, typed: bool = True) -> dict[str, Any]:
    """The inverse of `read_identifier`."""
    element: dict[str, Any] = {}
    if typed and value.type:
        element["type"] = {"coding": [{"system": V2_0203, "code": value.type}]}
    if value.system:
        element["system"] = value.system
    elif value.namespace:
        element["system"] = local_uri(value.namespace)
    element["value"] = plain.string(value.value)
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
    return [write_identifier(value, typed=False)]


def _linked(node: Any, state: State, kind: type) -> Any:
    """Our key of a literal reference, where the caller's links know it."""
    literal = plain.word(node, "reference")
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
    links = state.context.links
    theirs = links.get(value) if links else None
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
    return [{"type": kind, "identifier": {"system": KEY + value.kind, "value": plain.string(value.key)}}]


# codes


def _read_concept(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    if not isinstance(node, dict):
        return NOTHING
    listed = node.get("coding")
    codings = tuple(
        Coding(code, None if local else system, plain.word(one, "display"), local)
        for one in (listed if isinstance(listed, list) else ())
        if (code := plain.word(one, "code"))
        for system in (plain.word(one, "system"),)
        for local in (local_name(system) if system else None,)
    )
    words = plain.word(node, "text")
    return Concept(codings, words) if codings or words else NOTHING


def _write_concept(value: Concept, state: State) -> list[Any]:
    codings = []
    for one in value.codings:
        coding: dict[str, Any] = {}
        if system := one.system or (local_uri(one.namespace) if one.namespace else None):
            coding["system"] = system
        coding["code"] = plain.code(one.code)
        if one.display is not None:
            coding["display"] = plain.string(one.display)
        codings.append(coding)
    element: dict[str, Any] = {"coding": codings} if codings else {}
    if value.text is not None:
        element["text"] = plain.string(value.text)
    return [element]


_IDENTIFIER = ("type", "system", "value", "assigner.display")
_REFERENCE = (
    "reference",
    "identifier.value",
    "identifier.system",
    "identifier.type",
    "identifier.assigner.display",
)
_CODING_PARTS = ("coding.code", "coding.system", "coding.display", "text")
_TYPE = f"type.coding[system={V2_0203}, code=*]"  # the first of such codings; its text and the others count as unmapped
_IN_NUMBER = ("system", "value", "assigner.display")
_IN_IDENTIFIER = (*_IN_NUMBER, f"{_TYPE}.code", f"{_TYPE}.system")
# The literal reference is looked at where there is no identifier; faces omit it, for it is their id of a resource.
_IN_REFERENCE = tuple(f"identifier.{one}" for one in _IN_IDENTIFIER)
_IN_KEY = ("identifier.system", "identifier.value")
_IN_CONCEPT = (*(f"coding[code=*][].{one}" for one in ("code", "system", "display")), "text")
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
        *TRIAL_IN_FHIR,
        Cast("string", plain.read_string, plain.write_string),
        Cast("code", plain.read_code, plain.write_code),
        Cast("integer", plain.read_integer, plain.write_integer),
        Cast("positive", plain.read_integer, plain.write_positive),
        Cast("boolean", plain.read_boolean, plain.write_boolean),
        Cast("date", plain.read_date, plain.write_date),
        Cast("happened", plain.read_happened, sees=(ONLY_THERE,)),
        Cast("lines", plain.read_lines, plain.write_lines, lists=True),
        Cast(
            "identifier", _read_identifier, _write_identifier, (_IDENTIFIER,), sources=_SOURCES, sees=(_IN_IDENTIFIER,)
        ),
        Cast(
            "number",
            _read_number,
            _write_number,
            (_IN_NUMBER,),
            frozenset({"type"}),
            {name: _SOURCES[name] for name in ("value", "system", "namespace")},
        ),
        Cast(
            "reference",
            _read_reference,
            _write_reference,
            (_REFERENCE,),
            sources=_LOGICAL,
            labels=("display",),
            sees=(_IN_REFERENCE,),
        ),
        Cast("key", _read_ref, _write_ref, ((*_REFERENCE, "type"),), labels=("display",), sees=(_IN_KEY,)),
        Cast("concept", _read_concept, _write_concept, (_CODING_PARTS,), sees=(_IN_CONCEPT,)),
        Cast("human-name", plain.read_name, plain.write_name, (("family", "given", "prefix", "suffix"),)),
        Cast("address", plain.read_address, plain.write_address, (("line", "city", "state", "postalCode", "country"),)),
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
    **TRIAL_DEFAULTS,
}
