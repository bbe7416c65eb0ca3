"""Says what is wrong with a resource: types, cardinalities, choices, codes, times, references, invariants.

    problems({"resourceType": "Appointment", "status": "bookd", ...})
    [Problem("Appointment.status", "is not one of arrived, booked, ...")]

Against base R4 4.0.1, or of R5 5.0.0 what studies, their participants and patients need ("r5"), without profiles and
without terminology beyond required bindings. A clean resource costs some microseconds; what is needed for a type is
built when the first of its kind comes. The texts repeat nothing of the resource but element names, so that they may
stand in a log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import jsonschema_rs

from integrator.formats.fhir import (  # noqa: F401  (they add their rules)
    bundle_invariants,
    definition_invariants,
    resource_invariants,
    vital_signs,
)
from integrator.formats.fhir.invariants import Node, Problem
from integrator.formats.fhir.model import model
from integrator.formats.fhir.schema import schema
from integrator.formats.fhir.walk import Walk

__all__ = ["Problem", "made_wrong", "problems"]

# Types whose invariants R5 has otherwise than R4; its lists of codes are other ones too.
OTHERWISE = {"r4": frozenset[str](), "r5": frozenset({"Group", "CodeableConcept"})}
KINDS = {"string": "a text", "object": "an object", "array": "a list", "null": "null", "number": "a number"}


def problems(resource: Any, release: str = "r4") -> list[Problem]:
    """What is wrong with the resource, each with its path; empty where it is valid R4 (or R5, where that is asked).

    Where elements or types are wrong only those are told; what should hold between elements is looked at after.
    """
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(kind, str) or not model(release).is_resource(kind):
        return [Problem("resourceType", f"names no resource type of {release.upper()}")]
    alone = _alone(kind, release)
    if alone is not None and "contained" not in resource and alone[0](resource):
        return [problem.under(kind) for problem in alone[1](resource)]
    return [problem.under(kind) for problem in _check(resource, None, release)]


@cache
def _alone(kind: str, release: str) -> tuple[Callable[[Node], bool], Callable[[Node], list[Problem]]] | None:
    """What `_check` asks of a resource in which no other one stands: of its elements, and of what is between them."""
    if kind == "Bundle" or not model(release).has(kind):
        return None
    return _validator(kind, False, release).is_valid, _walk(release).problems


def made_wrong(before: Node, after: Node, release: str = "r4") -> Problem | None:
    """The first thing that is wrong after a change and was not wrong before; None: the change made nothing wrong.

    What others wrote may be wrong already, and is theirs to mend.
    """
    found = problems(after, release)
    known = {_anywhere(problem) for problem in problems(before, release)} if found else set()
    return next((problem for problem in found if _anywhere(problem) not in known), None)


def _anywhere(problem: Problem) -> tuple[str, str]:
    """The problem without the places in lists, which move when something is put in before them."""
    return re.sub(r"\[\d+\]", "", problem.path), problem.text


def _check(resource: Node, container: Node | None, release: str) -> list[Problem]:
    if found := _shape(resource, release):
        return found
    for place, inner in _resources_in(resource):  # which the rules of this one look into
        if found := _shape(inner, release):
            return [problem.under(place) for problem in found]
    return _walk(release).problems(resource, container)


def _resources_in(resource: Node) -> Iterator[tuple[str, Node]]:
    for index, inner in enumerate(resource.get("contained", ())):
        yield f"contained[{index}]", inner
    if resource["resourceType"] == "Bundle":
        for index, entry in enumerate(resource.get("entry", ())):
            if "resource" in entry:
                yield f"entry[{index}].resource", entry["resource"]


def _shape(resource: Node, release: str) -> list[Problem]:
    """What is wrong with the elements themselves, by the schema."""
    kind, facts = resource["resourceType"], model(release)
    if not isinstance(kind, str) or not facts.is_resource(kind):
        return [Problem("resourceType", f"names no resource type of {release.upper()}")]
    if not facts.has(kind):  # of R5 only what studies need is known
        return [Problem("", f"what {release.upper()} says of it is not known here")]
    if not _validator(kind, False, release).is_valid(resource):
        found = [_told(kind, error, release) for error in _validator(kind, True, release).iter_errors(resource)]
        return found or list(_unaligned(resource))
    return []


@cache
def _validator(kind: str, whole: bool, release: str) -> jsonschema_rs.Draft4Validator:
    # Draft 4, because there 1.0 is no integer, as in FHIR.
    return jsonschema_rs.Draft4Validator(
        schema(model(release), kind, whole), validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
    )


@cache
def _walk(release: str) -> Walk:
    return Walk(model(release), partial(_check, release=release), OTHERWISE[release])


def _told(kind: str, error: jsonschema_rs.ValidationError, release: str) -> Problem:
    """One finding of the schema in our words, without the value that was found."""
    names = [step for step in error.instance_path if isinstance(step, str)]
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path).lstrip(".")
    element = model(release).element(kind, ".".join(names)) if names else None
    detail = error.kind.as_dict()
    match error.kind.name:
        case "additionalProperties":
            text = f"{release.upper()} has no {', '.join(sorted(detail['unexpected']))} here"
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
