"""The second judge: fhir.resources builds what we write and gives it back; where its R4B is not R4 is proved here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import fhir.resources.R4B as r4b
import pytest

from integrator.formats.fhir.model import model
from integrator.formats.fhir.second_judge import second_problems

WRITTEN = ("Appointment", "Patient", "Procedure", "Observation", "ResearchStudy", "ResearchSubject", "Bundle")
APPOINTMENT = {"resourceType": "Appointment", "status": "booked", "participant": [{"status": "accepted"}]}


@pytest.mark.parametrize(
    ("change", "path", "text"),
    [
        ({"participant": None}, "Appointment.participant", "list"),
        (
            {"participant": [{"status": "accepted", "color": "red"}]},
            "Appointment.participant[0].color",
            "not permitted",
        ),
        ({"start": "10 March"}, "Appointment.start", ""),
        ({"resourceType": "Apointment"}, "resourceType", "names no resource type of R4"),
    ],
)
def test_it_says_what_is_wrong_and_where(change: dict[str, Any], path: str, text: str):
    (first, *_) = second_problems(APPOINTMENT | change)
    assert first.path.startswith(path)
    assert text in first.text


def test_it_judges_r5_as_r5():
    study = {"resourceType": "ResearchStudy", "status": "active", "label": [{"value": "HTEST"}]}
    assert second_problems(study, "r5") == []
    assert [one.path for one in second_problems(study, "r4")] == ["ResearchStudy.label"]


def test_what_it_does_not_give_back_is_told():
    seen = {"resourceType": "Patient", "multipleBirthInteger": 2, "active": True, "birthDate": "2026-03"}
    assert second_problems(seen) == []
    assert second_problems(seen | {"active": "true"}) != [], "a text is no boolean, though it is taken for one"


def test_spellings_of_one_value_are_one_value():
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "HTEST"}}
    observation |= {"effectiveDateTime": "2026-03-10T08:00:00+00:00", "valueQuantity": {"value": 1e3}}
    assert second_problems(observation) == []


def test_every_official_example_is_taken(shared_data: Path):
    files = sorted((shared_data / "fhir" / "r4-examples").glob("*.json"))
    for file in files:
        resource = json.loads(file.read_text())
        assert second_problems(resource) == [], file.name
    assert len(files) >= 190


def test_r4b_differs_from_r4_in_nothing_but_what_is_documented():
    """Every element of every type that we write, R4's facts beside the models of fhir.resources."""
    facts, found, waiting = model("r4"), set(), [(name, name) for name in WRITTEN]
    seen = set()
    while waiting:
        path, name = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        theirs = elements(name)
        ours = {one: element for one, element in facts.children(path).items() if one != "resourceType"}
        found |= {(path, one) for one in ours.keys() ^ theirs.keys()}
        for one in ours.keys() & theirs.keys():
            many, least, targets = theirs[one]
            element = ours[one]
            assert (element.many, element.min if not element.choice else 0) == (many, least), (path, one)
            if element.type == "Reference" and (element.targets or set()) != targets:
                found.add((path, f"{one}: targets"))
            if facts.has(element.type) and not facts.is_primitive(element.type) and element.type != "Resource":
                waiting.append((element.type, inner(name, one)))
    assert found == {
        ("Extension", "valueCodeableReference"),
        ("Extension", "valueRatioRange"),
        ("Extension", "valueMeta"),
        ("Observation", "subject: targets"),
    }


def elements(name: str) -> dict[str, tuple[bool, int, set[str]]]:
    """Of a model of fhir.resources: element to many, min, reference targets."""
    found = {}
    for field in r4b.get_fhir_model_class(name).model_fields.values():
        extra = field.json_schema_extra or {}
        if extra.get("element_property"):
            needed = extra.get("element_required") or field.is_required()
            targets = set(extra.get("enum_reference_types") or ()) - {"Resource"}
            found[field.alias] = ("List[" in str(field.annotation), int(bool(needed)), targets)
    return found


def inner(name: str, element: str) -> str:
    """The name of the model of an element's type."""
    sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))
    try:
        from reduce_r5 import type_name
    finally:
        del sys.path[0]
    fields = r4b.get_fhir_model_class(name).model_fields.values()
    (field,) = [one for one in fields if one.alias == element]
    return str(type_name(field, field.json_schema_extra or {}))


def test_only_who_asks_for_it_pays_for_its_import():
    code = "import sys, integrator.commands.faces; sys.exit(any(name.startswith('fhir.') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
