"""The trial's own records in FHIR: what exactly is written, and official examples read and written onto themselves."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from integrator.formats.fhir.validate import problems
from integrator.mapping import Context, load_faces
from integrator.records.exercise_session import Exercise
from integrator.records.instruments import INSTRUMENTS
from integrator.records.values import Coding, Concept, Identifier, Period, Quantity, Ref, When

FACES = load_faces()
SUBJECT, SESSION, OBSERVATION = (
    FACES.get(name)
    for name in ("fhir-r4/research-subject", "fhir-r4/exercise-session-procedure", "fhir-r4/observation")
)
INT = "https://integrator.example/fhir"
PATIENT, STUDY = Identifier("4711", "https://htest.example/pid", None, "MR"), Ref("Study", "NCT01409720")
THE_SESSION = Ref("ExerciseSession", "DISPO-HTEST-017/S-04")
LINKS = Context(
    links={
        PATIENT: {"reference": "Patient/htest-1"},
        STUDY: {"reference": "ResearchStudy/7"},
        THE_SESSION: {"reference": "Procedure/12"},
    }
)
START = datetime(2026, 3, 3, 10, 0, tzinfo=timezone(timedelta(hours=1)))
SCORE = {
    "key": "DISPO-HTEST-017/S-04/pain-vas/after",
    "code": "pain-vas",
    "value": Quantity(3.5, None, "{score}", "http://unitsofmeasure.org"),
    "time": When(START),
    "timepoint": "t1",
    "phase": "after",
    "part_of": THE_SESSION,
    "patient": PATIENT,
    "study": STUDY,
}
UNIT = {
    "key": "DISPO-HTEST-017/S-04",
    "program": "isometric-training",
    "setting": "supervised",
    "status": "stopped",
    "reason": Concept((), "pain"),
    "planned": Period(START, START + timedelta(minutes=30)),
    "time": When(START, START + timedelta(minutes=20)),
    "exercises": (Exercise("bridge", 3, 10, 5, True), Exercise("plank", done=False)),
    "patient": PATIENT,
    "study": STUDY,
    "pain_after": 3.5,
}
PARTICIPANT = {
    "subject": "DISPO-HTEST-017",
    "study": STUDY,
    "patient": PATIENT,
    "arm": "A",
    "status": "off-study",
    "since": "2026-04-01",
    "reason": Concept((Coding("died"),), None),
    "enrolled": "2026-03-02",
    "left": "2026-04-01",
}


def written(face: Any, said: dict[str, Any], context: Context = LINKS) -> dict[str, Any]:
    resource = face.write(said, context)
    assert problems(resource) == []
    back = face.read(json.loads(json.dumps(resource)), context).said
    omitted = {one.text for one in face.declared.omit_ours}
    assert {name: back.get(name) for name in said if name not in omitted} == {
        name: value for name, value in said.items() if name not in omitted
    }
    return resource


def test_a_score():
    assert written(OBSERVATION, SCORE) == {
        "resourceType": "Observation",
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy",
                "valueReference": {"reference": "ResearchStudy/7"},
            },
            {"url": f"{INT}/timepoint", "valueCode": "t1"},
            {"url": f"{INT}/phase", "valueCode": "after"},
        ],
        "identifier": [{"system": f"{INT}/key/Observation", "value": "DISPO-HTEST-017/S-04/pain-vas/after"}],
        "partOf": [{"type": "Procedure", "reference": "Procedure/12"}],
        "status": "final",
        "code": {
            "coding": [
                {"system": f"{INT}/instrument", "code": "pain-vas"},
                {"system": "http://loinc.org", "code": "38214-3"},
            ],
            "text": "Pain, visual analog score",
        },
        "subject": {"reference": "Patient/htest-1"},
        "effectiveDateTime": "2026-03-03T10:00:00+01:00",
        "valueQuantity": {"value": 3.5, "system": "http://unitsofmeasure.org", "code": "{score}"},
    }


def test_a_missing_score_says_why_and_a_day_stays_a_day():
    gone = dict.fromkeys(("value", "coded", "text", "answer")) | {"absent": "asked-declined"}
    resource = written(OBSERVATION, {**SCORE, **gone, "time": When(day="2026-03-13"), "status": "amended"})
    assert resource["dataAbsentReason"] == {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "asked-declined"}]
    }
    assert resource["effectiveDateTime"] == "2026-03-13"
    assert resource["status"] == "amended"
    assert "valueQuantity" not in resource


def test_an_exercise_session():
    resource = written(SESSION, UNIT)
    assert resource["code"] == {
        "coding": [
            {"system": f"{INT}/exercise-unit", "code": "dispo-ex-unit"},
            {"system": "http://snomed.info/sct", "code": "229065009"},
        ],
        "text": "Isometric paravertebral muscle training",
    }
    assert resource["category"] == {"coding": [{"system": "http://snomed.info/sct", "code": "91251008"}]}
    assert (resource["status"], resource["statusReason"]) == ("stopped", {"text": "pain"})
    period = {"start": "2026-03-03T10:00:00+01:00", "end": "2026-03-03T10:20:00+01:00"}
    assert resource["performedPeriod"] == period
    exercises = [one["extension"] for one in resource["extension"] if one["url"] == f"{INT}/exercise"]
    assert exercises[1] == [{"url": "name", "valueString": "plank"}, {"url": "done", "valueBoolean": False}]


def test_the_control_arm_s_unit_has_no_code_of_exercise_therapy():
    resource = written(SESSION, {**UNIT, "program": "passive-therapy"})
    assert resource["code"]["coding"] == [{"system": f"{INT}/exercise-unit", "code": "dispo-control-unit"}]


def test_a_unit_of_which_only_the_day_is_known():
    resource = written(SESSION, {**UNIT, "time": When(day="2026-03-03")})
    assert resource["performedDateTime"] == "2026-03-03"
    assert "performedPeriod" not in resource


def test_a_participant():
    assert written(SUBJECT, PARTICIPANT) == {
        "resourceType": "ResearchSubject",
        "extension": [
            {"url": f"{INT}/status-since", "valueDate": "2026-04-01"},
            {"url": f"{INT}/status-reason", "valueCodeableConcept": {"coding": [{"code": "died"}]}},
        ],
        "identifier": [
            {
                "system": f"{INT}/key/Participant",
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ANON"}]},
                "value": "DISPO-HTEST-017",
            }
        ],
        "status": "off-study",
        "period": {"start": "2026-03-02", "end": "2026-04-01"},
        "study": {"reference": "ResearchStudy/7"},
        "individual": {"reference": "Patient/htest-1"},
        "assignedArm": "A",
    }


def test_every_instrument_of_ours_has_a_row_and_what_has_none_is_written_by_its_word():
    (code,) = [one for one in OBSERVATION.declared.fields if one.place.field == "code"]
    codes = code.choices[0].codes
    assert codes is not None
    assert codes.words() == set(INSTRUMENTS)
    resource = written(OBSERVATION, {**SCORE, "code": "site-score"})
    assert resource["code"] == {"coding": [{"system": f"{INT}/instrument", "code": "site-score"}]}


@pytest.mark.parametrize(
    ("codings", "code"),
    [
        ([{"system": "http://loinc.org", "code": "38214-3"}], "pain-vas"),
        ([{"system": "http://loinc.org", "code": "2708-6"}], "http://loinc.org|2708-6"),
        ([{"system": f"{INT}/instrument", "code": "omed"}, {"system": "http://loinc.org", "code": "38214-3"}], "omed"),
    ],
)
def test_codes_of_others(codings: list[dict[str, str]], code: str):
    document = {"resourceType": "Observation", "status": "final", "code": {"coding": codings}}
    said = OBSERVATION.read(document).said
    assert said["code"] == code
    assert OBSERVATION.write(said, onto=document) == document


def test_another_s_performer_stays_when_ours_is_corrected():
    theirs = written(OBSERVATION, SCORE) | {"id": "9", "performer": [{"reference": "Practitioner/3"}]}
    now = OBSERVATION.write({**SCORE, "value": Quantity(4), "status": "corrected"}, LINKS, onto=theirs)
    assert now["performer"] == [{"reference": "Practitioner/3"}]
    assert (now["status"], now["valueQuantity"]["value"], now["id"]) == ("corrected", 4, "9")
