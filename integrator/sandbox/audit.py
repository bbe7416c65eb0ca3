"""Compares what the EHR holds with the department's book: the demo's checks, in sentences, none where all is well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from integrator.sandbox.book import Fraction
from integrator.sandbox.people import NUMBER_SYSTEM

Resource = dict[str, Any]


def differences(truth: Iterable[Fraction], held: Iterable[Resource], patients: Iterable[Resource]) -> list[str]:
    """What is wrong with the EHR's Appointments: missing, held twice, not of the story, or saying something else."""
    numbers = {f"Patient/{each['id']}": _number(each.get("identifier", [])) for each in patients}
    by_filler: dict[str, list[Resource]] = defaultdict(list)
    wanted = {fraction.filler: fraction for fraction in truth}
    wrong: list[str] = []
    for resource in held:
        values = {each.get("value") for each in resource.get("identifier", [])} & set(wanted)
        if len(values) == 1:
            by_filler[values.pop()].append(resource)
        else:
            wrong.append(f"Appointment/{resource['id']}: no appointment of the story has its number")
    for filler, fraction in wanted.items():
        some = by_filler[filler]
        if len(some) != 1:
            wrong.append(f"{filler}: held {len(some)} times")
        for resource in some:
            wrong += [f"{filler}: {each}" for each in _compared(fraction, resource, numbers)]
    return wrong


def _compared(fraction: Fraction, resource: Resource, numbers: dict[str, str | None]) -> list[str]:
    wrong = []
    for name, instant in (("start", fraction.slot.start), ("end", fraction.slot.end)):
        said = resource.get(name)
        if said is None or datetime.fromisoformat(said) != instant:
            wrong.append(f"{name} is {said}, not {instant.isoformat()}")
    if resource.get("status") != fraction.status:
        wrong.append(f"status is {resource.get('status')}, not {fraction.status}")
    actors = [each.get("actor", {}) for each in resource.get("participant", [])]
    people = {numbers.get(_tail(each.get("reference", ""))) or _number([each.get("identifier", {})]) for each in actors}
    if people - {None} != {fraction.person.number}:
        wrong.append(f"it is of {sorted(people - {None}, key=str)}, not of {fraction.person.number}")
    if not any(
        fraction.slot.machine in (each.get("identifier", {}).get("value"), each.get("display")) for each in actors
    ):
        wrong.append(f"the machine is not {fraction.slot.machine}")
    if fraction.status == "cancelled" and fraction.reason not in str(resource.get("cancelationReason")):
        wrong.append(f"the reason is not {fraction.reason}")
    return wrong


def _tail(reference: str) -> str:
    return "/".join(reference.split("/")[-2:])


def _number(identifiers: list[Resource]) -> str | None:
    return next((each.get("value") for each in identifiers if each.get("system") == NUMBER_SYSTEM), None)
