"""Patients: ADT in, the EHR's Patient in and out."""

from __future__ import annotations

import pytest

from integrator.errors import Held
from integrator.formats.fhir.validate import problems
from integrator.records.values import Address, Identifier, PersonName
from tests.mapping.face_documents import adt

PID = (
    "PID|1||4711^^^KIS^MR~A123456789^^^GKV^NI||HTEST-Müller^Anna^Maria^^Dr.^^D~HTEST-Schmidt^Anna^^jun.^^^L"
    "||19590329|F|||Musterweg 3^^Heidelberg^^69120^DE|||||||||||||||||||N"
)


@pytest.mark.parametrize("event", ["A01", "A04", "A08", "A28", "A31"])
def test_who_the_patient_is(faces, event):
    message = adt("EVN||20260320||x", PID, event=event)
    (face,) = faces.reading("hl7v2", message)
    reading = face.read(message)
    assert reading.said == {
        "identifiers": (
            Identifier("4711", namespace="KIS", type="MR"),
            Identifier("A123456789", namespace="GKV", type="NI"),
        ),
        "name": PersonName("HTEST-Schmidt", ("Anna",), None, "jun."),
        "birth_date": "1959-03-29",
        "gender": "female",
        "address": Address(("Musterweg 3",), "Heidelberg", None, "69120", "DE"),
        "deceased": False,
    }
    assert reading.why == "x"
    resource = faces.writing("Patient", "fhir-r4").write(reading.said)
    assert problems(resource) == []
    assert faces.get("fhir-r4/patient").read(resource).said == reading.said


@pytest.mark.parametrize(
    ("text", "date"),
    [("1959", "1959"), ("195903", "1959-03"), ("19590329", "1959-03-29"), ("195903291030+0100", "1959-03-29")],
)
def test_a_date_is_never_padded(faces, text, date):
    said = faces.get("hl7v2/adt-patient").read(adt(f"PID|1||1||A^B||{text}")).said
    assert said["birth_date"] == date


def test_a_day_that_does_not_exist_is_held(faces):
    with pytest.raises(Held) as held:
        faces.get("hl7v2/adt-patient").read(adt("PID|1||1||A^B||19590230"))
    assert (held.value.place, held.value.text) == ("PID-7", "19590230")


@pytest.mark.parametrize(
    ("parts", "deceased"),
    [({"deceasedBoolean": False}, False), ({"deceasedDateTime": "2026-01"}, True), ({}, None)],
)
def test_a_time_of_death_says_that_the_patient_died(faces, parts, deceased):
    face = faces.get("fhir-r4/patient")
    assert face.read({"resourceType": "Patient", **parts}).said["deceased"] is deceased


def test_alive_after_all_takes_the_time_of_death_away(faces):
    theirs = {"resourceType": "Patient", "deceasedDateTime": "2026-01"}
    fresh = faces.get("fhir-r4/patient").write({"deceased": False}, onto=theirs)
    assert fresh == {"resourceType": "Patient", "deceasedBoolean": False}
    assert faces.get("fhir-r4/patient").write({"deceased": True}, onto=theirs) == theirs


def test_the_official_name_else_the_first(faces):
    face = faces.get("fhir-r4/patient")
    names = [{"use": "nickname", "family": "N"}, {"use": "official", "family": "O"}]
    assert face.read({"resourceType": "Patient", "name": names}).said["name"].family == "O"
    assert face.read({"resourceType": "Patient", "name": names[:1]}).said["name"].family == "N"
