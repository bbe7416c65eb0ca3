"""The grammar of paths: what each piece means, and what is refused with a way out."""

from __future__ import annotations

import pytest

from integrator.mapping.forms import form
from integrator.mapping.path import BadPath, parse_path, path_text

NAMES = {"v2-0203": "http://terminology.hl7.org/CodeSystem/v2-0203", "int": "https://integrator.example/fhir"}


@pytest.mark.parametrize(
    "text",
    [
        "start",
        "identifier[type=x|FILL]",
        "participant[actor=Patient].actor",
        "supportingInformation[=ResearchStudy]",
        "serviceType[]",
        "contained[x=1, y=2]",
        "contained[x=1][]",
        "arm[name]",
        "name[family=HTEST*]",
    ],
)
def test_a_path_is_written_as_it_was_read(text):
    assert path_text(parse_path(text)) == text


@pytest.mark.parametrize("text", ["SCH-2", "SCH-11.4", "AIS[]-3.1", "AIG[4.1=LINAC]-3.1", "NTE[after=SCH][]-3"])
def test_hl7_paths_have_a_dash_behind_the_segment(text):
    assert path_text(parse_path(text, hl7=True), hl7=True) == text


def test_a_name_stands_for_its_text():
    (step,) = parse_path("identifier[type=$v2-0203|FILL]", NAMES)
    assert step.selectors[0].text == "http://terminology.hl7.org/CodeSystem/v2-0203|FILL"
    assert parse_path("extension[url=$int/series].valueIdentifier", NAMES)[0].selectors[0].text.endswith("/fhir/series")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("a..b", "not the name of a step"),
        ("a[b", "without ']'"),
        ("a[].", "nothing may follow"),
        ("a[][b=c]", "nothing may follow [] or [key]"),
        ("a[1]", "write [], [child=text] or [child]"),
        ("a[url=$foo]", "$foo is not declared; declare it under [names]"),
    ],
)
def test_what_is_no_path_is_refused_with_what_to_write(text, says):
    with pytest.raises(BadPath) as refused:
        parse_path(text, NAMES)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("where", "text", "says"),
    [
        ("fhir-r4 Appointment", "begin", "Appointment has no 'begin'"),
        ("fhir-r4 Appointment", "participant.actor.family", "Reference has no 'family'"),
        ("fhir-r4 Appointment", "status[]", "'status' in 'status[]' does not repeat"),
        ("fhir-r4 Appointment", "identifier[kind=x]", "Identifier has no 'kind' to select by"),
        ("fhir-r4 Appointment", "participant[actor=Patients].actor", "'Patients' is not a resource type"),
        ("hl7v2 SIU_S12", "XYZ-1", "no segment 'XYZ'"),
        ("hl7v2 SIU_S12", "OBR-1", "SIU_S12 has no segment 'OBR'"),
        ("hl7v2 SIU_S12", "SCH-99", "there is no SCH-99"),
        ("hl7v2 SIU_S12", "SCH-2.9", "there is no SCH-2.9"),
        ("hl7v2 SIU_S12", "SCH[]-2", "SCH in 'SCH[]-2' does not repeat"),
        ("hl7v2 SIU_S12", "PID-7[]", "does not repeat"),
    ],
)
def test_a_step_that_the_form_lacks_is_named_with_what_exists(where, text, says):
    with pytest.raises(BadPath) as refused:
        form(where).resolve(text, {})
    assert says in str(refused.value)


def test_z_segments_are_free():
    steps, _ = form("hl7v2 SIU_S12").resolve("ZRT[]-7.2", {})
    assert steps[0].every


@pytest.mark.parametrize("text", ["hl7v2 SIU_S99", "fhir-r4 Termin", "fhir-r6 Appointment", "Appointment"])
def test_an_unknown_form_is_refused(text):
    with pytest.raises(BadPath):
        form(text)
