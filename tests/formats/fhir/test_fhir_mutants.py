"""One fault put into a right resource at a drawn place is always found; the seed is in the test's name."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from integrator.formats.fhir.model import Element, model
from integrator.formats.fhir.validate import problems
from tests.formats.fhir.test_fhir_validate import GOOD, OBSERVATION, TRULY_WRONG

R4 = model("r4")
Place = tuple[dict[str, Any], str, str, Element]  # the object, its type, the name in it, the element


def places(node: dict[str, Any], kind: str) -> Iterator[Place]:
    """Every element of a resource, but for what stands in contained resources."""
    for name, value in node.items():
        element = R4.child(kind, name)
        if element is None or element.type == "Resource" or name == "resourceType":
            continue
        yield node, kind, name, element
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from places(part, element.type)


def unknown_element(place: Place) -> bool:
    node, *_ = place
    node["notAnElement"] = "x"
    return True


def wrong_json_type(place: Place) -> bool:
    node, _, name, _ = place
    value = node[name]
    if isinstance(value, list):
        node[name] = [7.5 if isinstance(value[0], str) else "x", *value[1:]]
    else:
        node[name] = 7.5 if isinstance(value, str) else "x"
    return True


def one_for_many_or_many_for_one(place: Place) -> bool:
    node, _, name, _ = place
    node[name] = node[name][0] if isinstance(node[name], list) else [node[name]]
    return True


def required_taken_away(place: Place) -> bool:
    node, _, name, element = place
    same = [key for key in node if key.lstrip("_") == name.lstrip("_")]
    if not element.min or len(same) > 1:
        return False
    del node[name]
    return True


def nothing_in_it(place: Place) -> bool:
    node, _, name, element = place
    if element.many:
        node[name] = []
    elif R4.is_primitive(element.type):
        node[name] = ""
    else:
        node[name] = {}
    return True


def code_that_is_none(place: Place) -> bool:
    node, _, name, element = place
    if element.codes is None or element.type != "code":
        return False
    node[name] = ["no-such-code"] if element.many else "no-such-code"
    return True


def impossible_time(place: Place) -> bool:
    node, _, name, element = place
    if element.type not in ("instant", "dateTime", "date") or element.many:
        return False
    node[name] = {"instant": "2026-02-30T10:00:00Z", "dateTime": "2026-13", "date": "2026-02-30"}[element.type]
    return True


def second_of_a_choice(place: Place) -> bool:
    node, kind, name, element = place
    if element.choice is None or name.startswith("_"):
        return False
    other = next(e for e in R4.children(kind).values() if e.choice == element.choice and e.name != name)
    node[other.name] = {"text": "x"} if not R4.is_primitive(other.type) else True
    return True


def reference_to_another_type(place: Place) -> bool:
    node, _, name, element = place
    if element.targets is None or element.many:
        return False
    wrong = next(kind for kind in sorted(R4.resource_types) if kind not in element.targets)
    node[name] = {"reference": f"{wrong}/1"}
    return True


FAULTS: list[Callable[[Place], bool]] = [
    unknown_element,
    wrong_json_type,
    one_for_many_or_many_for_one,
    required_taken_away,
    nothing_in_it,
    code_that_is_none,
    impossible_time,
    second_of_a_choice,
    reference_to_another_type,
]


def missed(resource: dict[str, Any], draw: random.Random, fault: Callable[[Place], bool]) -> str | None:
    """Where the fault was put without being found; None where it was found or fits nowhere."""
    mutant = copy.deepcopy(resource)
    found = list(places(mutant, mutant["resourceType"]))
    draw.shuffle(found)
    for place in found:
        if fault(place):
            return None if problems(mutant) else f"{fault.__name__} at {place[1]}.{place[2]}"
    return None


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("resource", [GOOD, OBSERVATION], ids=["Appointment", "Observation"])
def test_faults_in_our_own(resource: dict[str, Any], seed: int) -> None:
    draw = random.Random(seed)
    assert [each for fault in FAULTS if (each := missed(resource, draw, fault))] == []


def test_faults_in_the_official_examples(shared_data: Path) -> None:
    draw, survivors = random.Random(4), []
    for file in sorted((shared_data / "fhir" / "r4-examples").glob("*.json")):
        resource = orjson.loads(file.read_bytes())
        if file.name not in TRULY_WRONG:
            survivors += [f"{file.name}: {each}" for fault in FAULTS if (each := missed(resource, draw, fault))]
    assert survivors == []
