"""Faults of shape: types, cardinalities, unknown elements, codes, choices, references, what is empty, what is added."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

from tests.formats.fhir.mutants import R4, Node, Place, fault

JSON_VALUES: list[Any] = [7, 7.5, True, "x", {"text": "x"}, ["x"], [[]], {"x": 1}, "true", -1, "7"]
COMPLEX = ("CodeableConcept", "Coding", "Identifier", "Period", "Quantity", "Reference", "Annotation", "HumanName")


@fault("wrong-type")
def another_json_type(place: Place, draw: Random) -> bool:
    now = place.value
    other = draw.choice([each for each in JSON_VALUES if type(each) is not type(now)])
    place.node[place.name] = copy.deepcopy(other)
    return True


@fault("wrong-type")
def another_type_in_the_list(place: Place, draw: Random) -> bool:
    if not isinstance(place.value, list):
        return False
    other = draw.choice([each for each in JSON_VALUES if type(each) is not type(place.value[0])])
    place.value[draw.randrange(len(place.value))] = copy.deepcopy(other)
    return True


@fault("wrong-type")
def another_complex_type(place: Place, draw: Random) -> bool:
    if R4.is_primitive(place.element.type) or place.element.type in ("Resource", "Extension", "Element"):
        return False
    other = grown(draw.choice([each for each in COMPLEX if each != place.element.type]), draw)
    place.node[place.name] = [other] if place.element.many else other
    return True


@fault("one-or-many")
def list_for_one_or_one_for_list(place: Place, draw: Random) -> bool:
    now = place.value
    place.node[place.name] = now[0] if isinstance(now, list) else [now]
    return True


@fault("one-or-many")
def two_where_one_may_be(place: Place, draw: Random) -> bool:
    if isinstance(place.value, list):
        return False
    place.node[place.name] = [place.value, copy.deepcopy(place.value)]
    return True


@fault("missing")
def required_is_missing(place: Place, draw: Random) -> bool:
    if not place.element.min:
        return False
    del place.node[place.name]
    return True


@fault("missing-any")
def any_is_missing(place: Place, draw: Random) -> bool:
    del place.node[place.name]
    return True


@fault("missing-any")
def one_of_a_list_is_missing(place: Place, draw: Random) -> bool:
    if not isinstance(place.value, list) or len(place.value) < 2:
        return False
    del place.value[draw.randrange(len(place.value))]
    return True


@fault("extra")
def unknown_element(place: Place, draw: Random) -> bool:
    place.node[draw.choice(["notAnElement", place.name.capitalize(), place.name + "s", "fhir_comments", "value"])] = "x"
    return True


@fault("extra")
def unknown_inside(place: Place, draw: Random) -> bool:
    inside = place.value[-1] if isinstance(place.value, list) else place.value
    if not isinstance(inside, dict):
        return False
    inside["notAnElement"] = draw.choice(["x", 1, {"a": "b"}, []])
    return True


@fault("extra")
def element_of_another_type(place: Place, draw: Random) -> bool:
    other = draw.choice(["Patient", "Task", "Encounter", "Timing", "Dosage", "Appointment.participant", "Attachment"])
    name = draw.choice(sorted(R4.children(other)))
    if name in place.node:
        return False
    place.node[name] = "x"
    return True


@fault("repeated")
def same_twice_in_a_list(place: Place, draw: Random) -> bool:
    if not isinstance(place.value, list):
        return False
    place.value.append(copy.deepcopy(draw.choice(place.value)))
    return True


@fault("bad-code")
def code_that_is_none(place: Place, draw: Random) -> bool:
    if place.element.codes is None or place.element.type != "code":
        return False
    now = place.value[0] if isinstance(place.value, list) else place.value
    bad = draw.choice(["no-such-code", str(now).upper(), f" {now}", f"{now} ", str(now)[:-1], "unknown", f"{now}|1"])
    place.node[place.name] = [bad] if isinstance(place.value, list) else bad
    return True


@fault("bad-code")
def concept_without_its_code(place: Place, draw: Random) -> bool:
    if place.element.codes is None or place.element.type not in ("CodeableConcept", "Coding"):
        return False
    for concept in place.value if isinstance(place.value, list) else [place.value]:
        for coding in concept.get("coding", []) if place.element.type == "CodeableConcept" else [concept]:
            coding[draw.choice(["code", "system"])] = draw.choice(["no-such-code", "http://htest.example/codes"])
    return True


@fault("another-code")
def another_code_of_the_list(place: Place, draw: Random) -> bool:
    if place.element.codes is None or place.element.type != "code" or isinstance(place.value, list):
        return False
    codes = sorted({code for _, code in place.element.codes} - {place.value})
    if not codes or place.name == "resourceType":
        return False
    place.node[place.name] = draw.choice(codes)
    return True


@fault("another-code")
def code_in_an_open_list(place: Place, draw: Random) -> bool:
    if place.kind != "Coding" or place.name != "code":
        return False
    place.node["code"] = draw.choice(["htest", "a b", "H TEST", "x" * 300])
    return True


@fault("another-code")
def system_in_an_open_list(place: Place, draw: Random) -> bool:
    if place.kind != "Coding" or place.name != "system":
        return False
    place.node["system"] = draw.choice(["https://htest.example/codes", "urn:oid:1.2.3", "htest", "urn:uuid:7"])
    return True


@fault("broken-choice")
def second_of_a_choice(place: Place, draw: Random) -> bool:
    if place.element.choice is None or place.name.startswith("_"):
        return False
    others = [e for e in R4.children(place.kind).values() if e.choice == place.element.choice and e.name != place.name]
    other = draw.choice(others)
    place.node[other.name] = grown(other.type, draw)
    return True


@fault("broken-choice")
def choice_of_no_such_type(place: Place, draw: Random) -> bool:
    if place.element.choice is None or place.name.startswith("_"):
        return False
    name = place.element.choice + draw.choice(["", "Nothing", "HumanNames", "string", "Resource", "[x]"])
    place.node[name] = place.node.pop(place.name)
    return True


@fault("broken-choice")
def choice_named_as_another(place: Place, draw: Random) -> bool:
    if place.element.choice is None or place.name.startswith("_"):
        return False
    others = [e for e in R4.children(place.kind).values() if e.choice == place.element.choice and e.name != place.name]
    place.node[draw.choice(others).name] = place.node.pop(place.name)
    return True


@fault("broken-choice")
def choice_that_is_none_in_r4(place: Place, draw: Random) -> bool:
    if place.element.type != "CodeableConcept" and place.name not in ("start", "status", "effectiveDateTime"):
        return False
    place.node[place.name + draw.choice(["String", "CodeableConcept", "DateTime"])] = place.node.pop(place.name)
    return True


@fault("wrong-reference")
def reference_to_another_type(place: Place, draw: Random) -> bool:
    if place.element.type != "Reference":
        return False
    kinds = sorted(R4.resource_types)
    target = f"{draw.choice(kinds)}/{draw.randrange(1000)}"
    told = draw.choice([target, f"https://ehr.example/fhir/{target}", f"{target}/_history/2"])
    place.node[place.name] = [{"reference": told}] if place.element.many else {"reference": told}
    return True


@fault("wrong-reference")
def reference_that_is_none(place: Place, draw: Random) -> bool:
    if place.kind != "Reference" or place.name != "reference":
        return False
    bad = ["#nowhere", "Patient/a b", "Patient/", "Nothing/1", "x", "urn:uuid:7", "urn:oid:a", "#", "Patient", "7",
           "http://ehr.example", "Patient/" + "x" * 70, "Patient?identifier=http://x.example|7", "/Patient/7",
           " Patient/7",
           "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "patient/7", "Patient/7/_history/",
           "mailto:a@b.example"]  # fmt: skip
    place.node["reference"] = draw.choice(bad)
    return True


@fault("wrong-reference")
def reference_that_says_another_type(place: Place, draw: Random) -> bool:
    if place.kind != "Reference" or place.name not in ("reference", "display"):
        return False
    place.node["type"] = draw.choice([*sorted(R4.resource_types), "Nothing", "patient", "http://htest.example/Kind"])
    return True


@fault("empty")
def nothing_in_it(place: Place, draw: Random) -> bool:
    place.node[place.name] = draw.choice(["", " ", {}, [], None, [None], [{}], [""]])
    return True


@fault("empty")
def only_an_id_in_it(place: Place, draw: Random) -> bool:
    inside = place.value[-1] if isinstance(place.value, list) else place.value
    if not isinstance(inside, dict) or place.element.type == "Resource":
        return False
    inside.clear()
    inside["id"] = "a"
    return True


@fault("sibling")
def sibling_of_a_primitive(place: Place, draw: Random) -> bool:
    said = draw.choice([{}, {"id": "a"}, {"extension": [{"url": "https://x.example/a", "valueCode": "a"}]}, None,
                        "x", [],
                        [{"id": "a"}], [None], {"extension": []}, {"value": "x"},
                        {"extension": [{"url": "x"}]}])  # fmt: skip
    place.node["_" + place.name.lstrip("_")] = said
    return True


@fault("sibling")
def sibling_alone(place: Place, draw: Random) -> bool:
    if not R4.is_primitive(place.element.type) or place.name.startswith("_"):
        return False
    one = {"extension": [{"url": "https://x.example/a", "valueCode": "a"}]}
    del place.node[place.name]
    place.node["_" + place.name] = [one] if place.element.many else one
    return True


@fault("grown")
def element_is_added(place: Place, draw: Random) -> bool:
    names = [e.name for e in R4.children(place.kind).values() if e.name not in place.node and e.name != "contained"]
    return _added(place.node, place.kind, names, draw)


@fault("grown")
def element_is_added_to_the_resource(place: Place, draw: Random) -> bool:
    kind = place.root["resourceType"]
    names = [e.name for e in R4.children(kind).values() if e.name not in place.root and e.name != "contained"]
    return _added(place.root, kind, names, draw)


@fault("grown")
def element_is_added_inside(place: Place, draw: Random) -> bool:
    inside = place.value[-1] if isinstance(place.value, list) else place.value
    if not isinstance(inside, dict) or place.element.type == "Resource":
        return False
    return _added(inside, place.element.type, [n for n in R4.children(place.element.type) if n not in inside], draw)


def _added(node: Node, kind: str, names: list[str], draw: Random) -> bool:
    if not names:
        return False
    element = R4.children(kind)[draw.choice(names)]
    value = grown(element.type, draw, element.codes)
    node[element.name] = [value] if element.many else value
    return True


PLAIN: dict[str, list[Any]] = {
    "boolean": [True, False], "integer": [0, -3, 12], "unsignedInt": [0, 12], "positiveInt": [1, 12],
    "decimal": [0, 1.5, -2, 100], "instant": ["2026-03-02T10:00:00+01:00"], "date": ["2026-03-02", "2026", "1950-02"],
    "dateTime": ["2026-03-02", "2026", "2026-03-02T10:00:00Z", "1950-02"], "time": ["10:00:00"], "code": ["htest"],
    "string": ["HTEST"], "markdown": ["HTEST *a*"], "id": ["a-1"], "uri": ["https://htest.example/a"],
    "url": ["https://htest.example/a"], "canonical": ["https://htest.example/a|1"], "oid": ["urn:oid:1.2.3"],
    "uuid": ["urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"], "base64Binary": ["SFRFU1Q="],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml">HTEST</div>'],
}  # fmt: skip


def grown(kind: str, draw: Random, codes: frozenset[tuple[str, str]] | None = None, depth: int = 0) -> Any:
    """A small value of a type: what is required, and now and then something more; not always a right one."""
    if kind == "code" and codes:
        return draw.choice(sorted(code for _, code in codes))
    if R4.is_primitive(kind):
        return draw.choice(PLAIN[kind])
    if kind == "Resource":
        return {"resourceType": draw.choice(["Patient", "Basic", "Observation", "Practitioner"]), "id": "a"}
    if codes:
        system, code = draw.choice(sorted(codes))
        coding = {"system": system, "code": code}
        return coding if kind == "Coding" else {"coding": [coding]}
    if kind == "Reference":
        return draw.choice([{"display": "HTEST"}, {"reference": f"{draw.choice(sorted(R4.resource_types))}/1"}])
    if kind == "Extension":
        return {"url": "https://htest.example/a", "valueString": "HTEST"}
    return _grown_object(kind, draw, depth)


def _grown_object(kind: str, draw: Random, depth: int) -> Node:
    made: Node = {}
    choices: set[str] = set()
    children = [e for e in R4.children(kind).values() if e.name not in ("id", "extension", "modifierExtension")]
    share = 0.25 if depth < 2 else 0.0
    wanted = [e for e in children if e.min or draw.random() < share] or draw.sample(children, 1)
    for element in draw.sample(wanted, len(wanted)):
        if element.choice in choices or depth > 4:
            continue
        choices |= {element.choice} if element.choice else set()
        value = grown(element.type, draw, element.codes, depth + 1)
        made[element.name] = [value] if element.many else value
    return made
