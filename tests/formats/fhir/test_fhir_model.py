"""The model answers what FHIR R4 says: paths, repetition, choices, targets, codes."""

from __future__ import annotations

import gzip
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from integrator.formats.fhir.model import model

R4 = model("r4")


@pytest.mark.parametrize(
    ("type_name", "path", "kind", "many"),
    [
        ("Appointment", "participant", "Appointment.participant", True),
        ("Appointment", "participant.actor", "Reference", False),
        ("Appointment", "participant.actor.identifier.assigner.display", "string", False),
        ("Appointment", "start", "instant", False),
        ("Appointment", "extension.valuePositiveInt", "positiveInt", False),
        ("Procedure", "performedPeriod.start", "dateTime", False),
        ("Patient", "_birthDate.extension.valueDateTime", "dateTime", False),
        ("Patient", "name.given", "string", True),
        ("Patient", "name._given", "Element", True),
        ("Bundle", "entry.link", "Bundle.link", True),
        ("Questionnaire", "item.item.item.linkId", "string", False),
        ("ResearchStudy", "arm.name", "string", False),
        ("Timing", "repeat.boundsPeriod.start", "dateTime", False),
    ],
)
def test_paths(type_name: str, path: str, kind: str, many: bool) -> None:
    element = R4.element(type_name, path)
    assert element is not None
    assert (element.type, element.many) == (kind, many)


@pytest.mark.parametrize(
    ("type_name", "path"),
    [
        ("Appointment", "note"),  # R5's
        ("Appointment", "participant.actor.name"),
        ("Observation", "value"),  # a choice is spelled with its type
        ("Observation", "valueMoney"),
        ("ResearchStudy", "progressStatus"),  # R5's, though packages that call themselves R4 carry it
        ("Appointment", "_participant"),  # only a primitive has such a sibling
        ("Nothing", "id"),
    ],
)
def test_what_r4_does_not_have(type_name: str, path: str) -> None:
    assert R4.element(type_name, path) is None


def test_choices_know_each_other() -> None:
    values = {name for name, element in R4.children("Observation").items() if element.choice == "value"}
    assert {"valueQuantity", "valueString", "valueDateTime"} <= values
    assert len(values) == 11


def test_targets_and_codes() -> None:
    actor = R4.element("Appointment", "participant.actor")
    assert actor is not None
    assert actor.targets is not None
    assert {"Patient", "Location"} <= actor.targets
    status = R4.element("Appointment", "status")
    assert status is not None
    assert status.codes is not None
    assert {code for _, code in status.codes} == {
        "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error",
        "checked-in", "waitlist",
    }  # fmt: skip
    anything = R4.element("Appointment", "supportingInformation")
    assert anything is not None
    assert anything.targets is None


def test_children_of_a_path_and_of_nothing() -> None:
    assert set(R4.children("Appointment.participant.actor")) >= {"reference", "identifier", "display", "type"}
    assert R4.children("Appointment.nothing") == {}
    assert R4.children("Nothing") == {}


def test_lineage() -> None:
    assert R4.lineage("Appointment") == ["Appointment", "DomainResource", "Resource"]
    assert R4.lineage("Bundle") == ["Bundle", "Resource"]


def test_every_type_that_an_element_names_is_there() -> None:
    for type_name in R4.types():
        for element in R4.children(type_name).values():
            assert R4.has(element.type), f"{type_name}.{element.name}: {element.type}"


def test_the_facts_are_what_the_script_makes_of_the_genuine_package(shared_data: Path, tmp_path: Path) -> None:
    script = Path(__file__).parents[3] / "scripts" / "reduce_r4.py"
    package = shared_data / "fhir" / "hl7.fhir.r4.core-4.0.1.tgz"
    made = tmp_path / "r4.json.gz"
    subprocess.run([sys.executable, script, package, made], check=True, capture_output=True)
    shipped = resources.files("integrator.formats.fhir").joinpath("r4.json.gz").read_bytes()
    assert gzip.decompress(made.read_bytes()) == gzip.decompress(shipped)
