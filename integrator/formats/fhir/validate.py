"""Says what is wrong with an R4 resource: types, cardinalities, choices, codes, times, references, invariants.

    problems({"resourceType": "Appointment", "status": "bookd", ...})
    [Problem("Appointment.status", "is not one of arrived, booked, ...")]

Against base R4 4.0.1, without profiles and without terminology beyond required bindings. A clean resource costs some
microseconds; what is needed for a type is built when the first of its kind comes. The texts repeat nothing of the
resource but element names, so that they may stand in a log.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from integrator.formats.fhir import bundle_invariants, resource_invariants  # noqa: F401  (they add their rules)
from integrator.formats.fhir.invariants import Node, Problem
from integrator.formats.fhir.model import model
from integrator.formats.fhir.schema import schema
from integrator.formats.fhir.walk import Walk

__all__ = ["Problem", "problems"]

KINDS = {"string": "a text", "object": "an object", "array": "a list", "null": "null", "number": "a number"}


def problems(resource: Any) -> list[Problem]:
    """What is wrong with the resource, each with its path; empty where it is valid R4.

    Where elements or types are wrong only those are told; what should hold between elements is looked at after.
    """
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(kind, str) or not model().is_resource(kind):
        return [Problem("resourceType", "names no resource type of R4")]
    return [problem.under(kind) for problem in _check(resource, None)]


def _check(resource: Node, container: Node | None) -> list[Problem]:
    kind = resource["resourceType"]
    if not isinstance(kind, str) or not model().is_resource(kind):
        return [Problem("resourceType", "names no resource type of R4")]
    if not _validator(kind, False).is_valid(resource):
        found = [_told(kind, error) for error in _validator(kind, True).iter_errors(resource)]
        if found := found or list(_unaligned(resource)):
            return found
    return _walk().problems(resource, container)


@cache
def _validator(kind: str, whole: bool) -> jsonschema_rs.Draft4Validator:
    # Draft 4, because there 1.0 is no integer, as in FHIR.
    return jsonschema_rs.Draft4Validator(
        schema(model(), kind, whole), validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
    )


@cache
def _walk() -> Walk:
    return Walk(model(), _check)


def _told(kind: str, error: jsonschema_rs.ValidationError) -> Problem:
    """One finding of the schema in our words, without the value that was found."""
    names = [step for step in error.instance_path if isinstance(step, str)]
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path).lstrip(".")
    element = model().element(kind, ".".join(names)) if names else None
    detail = error.kind.as_dict()
    match error.kind.name:
        case "additionalProperties":
            text = f"R4 has no {', '.join(sorted(detail['unexpected']))} here"
        case "required":
            text = f"{detail['property']} is missing"
        case "anyOf" if isinstance(error.instance, dict):
            text = f"{_missing(detail)} is missing"
        case "enum":
            text = f"is not one of {', '.join(detail['options'])}"
        case "type":
            text = f"must be {' or '.join(KINDS.get(name, name) for name in detail['types'])}"
        case "minProperties" | "minItems":
            text = "is empty"
        case _:
            text = f"is not a valid {element.type if element else 'value'}"
    return Problem(path, text)


def _missing(detail: dict[str, Any]) -> str:
    """The name in what is left of `anyOf: [required status, required _status]`."""
    first = detail["context"][0][0]
    return str(first.kind.as_dict().get("property", "an element"))


def _unaligned(value: Any) -> Iterator[Problem]:
    """A list of primitives and its list of siblings are paired by place; null only where the other one speaks."""
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from (problem.under(f"[{index}]") for problem in _unaligned(part))
    if not isinstance(value, dict):
        return
    for name, part in value.items():
        other = value.get(name[1:] if name.startswith("_") else "_" + name)
        if isinstance(part, list) and (None in part or name.startswith("_")):
            pairs = other if isinstance(other, list) else []
            for index, each in enumerate(part):
                if each is None and (index >= len(pairs) or pairs[index] is None):
                    yield Problem(f"{name}[{index}]", "is null, and its sibling says nothing either")
        yield from (problem.under(name) for problem in _unaligned(part))
