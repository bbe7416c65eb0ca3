"""What this EHR accepts: valid R4 or R5, and references to what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from integrator.formats.fhir.validate import problems
from integrator.sandbox.ehr.answers import Issue, Refusal

HINT: Issue = ("warning", "informational", "No narrative: a resource should have text for people", None)


def check(resource: dict[str, Any], held: Callable[[str, str], Any] | None, release: str = "r4") -> None:
    """Refuses (422) what its FHIR version forbids; the first issue is a mere warning, as validators like to begin.

    `held` tells what the EHR holds, by type and id: a literal reference to anything else is refused (400).
    """
    if not isinstance(resource.get("meta", {}), dict):
        raise Refusal(422, "meta is an object")
    wrong: list[Issue] = [("error", "invalid", each.text, each.path) for each in problems(resource, release)]
    if wrong:
        issues = [HINT, *wrong]
        raise Refusal(422, "not valid", issues)
    if held is None:
        return
    for reference in _literal(resource):
        type_, _, id_ = reference.partition("/")
        there = held(type_, id_)
        if there is None or there.resource is None:
            raise Refusal(400, f"Resource {reference} not found, specified in the resource")


def _literal(value: Any) -> Iterator[str]:
    """References of the form Type/id, anywhere."""
    if isinstance(value, list):
        for each in value:
            yield from _literal(each)
    elif isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and reference.count("/") == 1 and not reference.startswith(("#", "urn:")):
            yield reference
        for each in value.values():
            yield from _literal(each)
