"""Validation of R4: nothing right is refused, nothing wrong passes, and every problem names its place."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest

from integrator.formats.fhir.validate import problems

V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
VITAL_SIGNS = "http://hl7.org/fhir/StructureDefinition/vitalsigns"
GOOD: dict[str, Any] = {
    "resourceType": "Appointment",
    "id": "f-7",
    "extension": [
        {"url": "https://integrator.example/fhir/series", "valueIdentifier": {"value": "S-1"}},
        {"url": "https://integrator.example/fhir/fraction", "valuePositiveInt": 7},
    ],
    "identifier": [
        {
            "type": {"coding": [{"system": V2_0203, "code": "FILL"}]},
            "system": "https://aria.example/appointments",
            "value": "F-7",
        }
    ],
    "status": "booked",
    "serviceType": [{"coding": [{"system": "https://aria.example/activities", "code": "RT"}], "text": "Bestrahlung"}],
    "start": "2026-03-02T10:00:00+01:00",
    "end": "2026-03-02T10:15:00+01:00",
    "minutesDuration": 15,
    "comment": "Wärmekissen\nund Decke",
    "participant": [
        {"actor": {"reference": "Patient/7", "type": "Patient"}, "status": "accepted"},
        {
            "actor": {"type": "Location", "identifier": {"value": "LINAC 3"}, "display": "Raum 2"},
            "status": "accepted",
        },
    ],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "38214-3"}]},
    "valueInteger": 4,
}


def with_(resource: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The resource with other elements; None takes one away."""
    changed = copy.deepcopy(resource) | changes
    return {name: value for name, value in changed.items() if value is not None}


def told(resource: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in problems(resource)]


def test_a_good_one_has_no_problems() -> None:
    assert problems(GOOD) == []
    assert problems(OBSERVATION) == []


WRONG: list[tuple[dict[str, Any], str]] = [
    (with_(GOOD, status="bookd"), "Appointment.status: is not one of arrived, booked"),
    (with_(GOOD, status=None), "Appointment: status is missing"),
    (
        with_(GOOD, status=None, _status={"extension": [{"url": "https://x.example/a", "valueBoolean": True}]}),
        "Appointment: status is missing",
    ),
    (
        with_(GOOD, participant=[{"status": "accepted", "actor": {"display": "a"}, "_required": {"id": "a"}}]),
        "participant[0]: required is missing",
    ),
    (with_(GOOD, status=7), "Appointment.status: is not one of"),
    (with_(GOOD, participant=None), "Appointment: participant is missing"),
    (with_(GOOD, participant=[]), "Appointment.participant: is empty"),
    (with_(GOOD, participant=GOOD["participant"][0]), "Appointment.participant: must be a list"),
    (with_(GOOD, participant=[{"status": "accepted"}]), "Appointment.participant[0]: app-1"),
    (with_(GOOD, participant=[{"actor": {"reference": "Patient/7"}}]), "participant[0]: status is missing"),
    (with_(GOOD, participant=[{"actor": {}, "status": "accepted"}]), "participant[0].actor: is empty"),
    (with_(GOOD, start="2026-02-30T10:00:00+01:00"), "Appointment.start: is not a valid instant"),
    (with_(GOOD, start="2026-03-02T10:00:00"), "Appointment.start: is not a valid instant"),
    (with_(GOOD, start="2026-03-02"), "Appointment.start: is not a valid instant"),
    (with_(GOOD, end=None), "Appointment: app-2"),
    (with_(GOOD, start=None, end=None), "Appointment: app-3"),
    (with_(GOOD, cancelationReason={"text": "ill"}), "Appointment: app-4"),
    (with_(GOOD, status="noshow", cancelationReason={"text": "ill"}), "Appointment: app-4"),
    (with_(GOOD, created="2026-02-30"), "Appointment.created: is not a valid dateTime"),
    (with_(GOOD, minutesDuration=0), "Appointment.minutesDuration: is not a valid positiveInt"),
    (with_(GOOD, minutesDuration=15.0), "Appointment.minutesDuration: must be integer"),
    (with_(GOOD, minutesDuration="15"), "Appointment.minutesDuration: must be integer"),
    (with_(GOOD, minutesDuration=True), "Appointment.minutesDuration: must be integer"),
    (with_(GOOD, minutesDuration=2**31), "Appointment.minutesDuration: is not a valid positiveInt"),
    (with_(GOOD, comment=""), "Appointment.comment: is not a valid string"),
    (with_(GOOD, comment="a\x0bb"), "Appointment.comment: is not a valid string"),
    (with_(GOOD, note=[{"text": "R5"}]), "Appointment: R4 has no note here"),
    (with_(GOOD, identifier=[{}]), "Appointment.identifier[0]: is empty"),
    (with_(GOOD, identifier=[{"value": "1", "system": "local"}]), "identifier[0].system: is not a valid uri"),
    (with_(GOOD, identifier=[{"value": "1", "system": "urn:ietf:rfc:3986"}]), "identifier[0]: identifier"),
    (with_(GOOD, extension=[{"url": "https://x.example/a"}]), "Appointment.extension[0]: ext-1"),
    (
        with_(GOOD, extension=[{"url": "https://x.example/a", "valueCode": "a", "valueString": "b"}]),
        "Appointment.extension[0]: only one of value[x] may be there, not valueCode, valueString",
    ),
    (with_(GOOD, extension=[{"valueCode": "a"}]), "Appointment.extension[0]: url is missing"),
    (with_(GOOD, extension=[{"url": "local", "valueCode": "a"}]), "Appointment.extension[0].url: is not a valid uri"),
    (with_(GOOD, identifier=[{"value": "1", "system": "urn:oid:a"}]), "identifier[0].system: is not a valid uri"),
    (with_(GOOD, identifier=[{"value": "1", "system": "urn:uuid:7"}]), "identifier[0].system: is not a valid uri"),
    (with_(GOOD, slot=[{"reference": "Slot/ 7"}]), "Appointment.slot[0].reference: is not a valid"),
    (with_(GOOD, slot=[{"type": "Slott", "display": "a"}]), "slot[0].type: names no resource type"),
    (with_(GOOD, id="a b"), "Appointment.id: is not a valid id"),
    (with_(GOOD, id="x" * 65), "Appointment.id: is not a valid id"),
    (with_(GOOD, slot=[{"reference": "Patient/7"}]), "Appointment.slot[0]: may not refer to Patient, only to Slot"),
    (with_(GOOD, slot=[{"type": "Patient"}]), "Appointment.slot[0]: may not refer to Patient"),
    (
        with_(GOOD, slot=[{"reference": "https://ehr.example/fhir/Patient/7/_history/2"}]),
        "Appointment.slot[0]: may not refer to Patient",
    ),
    (with_(GOOD, slot=[{"reference": "Slot/7", "type": "Patient"}]), "slot[0].type: says Patient, but the reference"),
    (with_(GOOD, slot=[{"reference": "#a"}]), "Appointment.slot[0].reference: ref-1"),
    (
        with_(GOOD, requestedPeriod=[{"start": "2026-03-02", "end": "2026-03-01"}]),
        "Appointment.requestedPeriod[0]: per-1",
    ),
    (with_(GOOD, text={"status": "generated", "div": "<p>no</p>"}), "Appointment.text: txt-1"),
    (
        with_(GOOD, text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"> </div>'}),
        "Appointment.text: txt-2",
    ),
    (
        with_(GOOD, text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><script/>a</div>'}),
        "Appointment.text: txt-1",
    ),
    (with_(GOOD, contained=[{"resourceType": "Slot", "id": "a"}]), "Appointment.contained[0]: "),
    (with_(GOOD, contained=[{"resourceType": "Nothing", "id": "a"}]), "contained[0].resourceType: names no resource"),
    (with_(GOOD, contained=[{"resourceType": "Patient", "id": "a"}]), "Appointment: dom-3"),
    (with_(GOOD, contained=[{"resourceType": "Patient", "id": ["a"]}]), "Appointment.contained[0].id: must be"),
    (with_(GOOD, contained=[{"resourceType": "Patient", "id": "a", "meta": "b"}]), "contained[0].meta: must be"),
    (with_(GOOD, contained=[{"resourceType": "Patient", "text": {}}]), "Appointment.contained[0].text: is empty"),
    (with_(GOOD, contained=[{"resourceType": "Patient"}]), "Appointment: contained: each"),
    (with_(GOOD, slot=[{"reference": "#"}]), "Appointment.slot[0].reference: ref-1"),
    (with_(GOOD, slot=[{"reference": "Nothing/7"}]), "Appointment.slot[0]: may not refer to Nothing"),
    (with_(GOOD, slot=[{"reference": "Slot/7", "type": "https://x.example/Kind"}]), "names no resource type"),
    (
        with_(GOOD, serviceType=[{"coding": [{"system": V2_0203, "code": "NOPE"}]}]),
        "Appointment.serviceType[0]: coding: is no code of its system",
    ),
    (with_(GOOD, meta={"tag": [{"system": V2_0203, "code": "NOPE"}]}), "Appointment.meta: tag.code: is no code"),
    (with_(OBSERVATION, valueInteger=None, valueRange={"low": {"value": 1, "comparator": "<"}}), "sqty-1"),
    (with_(OBSERVATION, meta={"profile": [VITAL_SIGNS]}), "Observation: category: needs one"),
    (with_(OBSERVATION, meta={"profile": [VITAL_SIGNS]}), "Observation: vs-1"),
    (with_(GOOD, created="0000-01-01"), "Appointment.created: is not a valid dateTime"),
    (with_(OBSERVATION, valueInteger=4, valueString="b"), "Observation: only one of value[x]"),
    (with_(OBSERVATION, dataAbsentReason={"text": "unknown"}), "Observation: obs-6"),
    (with_(OBSERVATION, component=[{"code": OBSERVATION["code"], "valueInteger": 1}]), "Observation: obs-7"),
    (with_(OBSERVATION, referenceRange=[{"appliesTo": [{"text": "all"}]}]), "Observation.referenceRange[0]: obs-3"),
    (with_(OBSERVATION, valueInteger=None, valueQuantity={"value": 1, "code": "mm"}), "valueQuantity: qty-3"),
    ({"resourceType": "Patient", "birthDate": "2026-02-30"}, "Patient.birthDate: is not a valid date"),
    ({"resourceType": "Patient", "birthDate": "2026-02-10T10:00:00Z"}, "Patient.birthDate: is not a valid date"),
    ({"resourceType": "Patient", "gender": "m"}, "Patient.gender: is not one of"),
    ({"resourceType": "Patient", "contact": [{"gender": "male"}]}, "Patient.contact[0]: pat-1"),
    ({"resourceType": "Patient", "name": [{"given": ["A", None]}]}, "Patient.name[0].given[1]: is null"),
    ({"resourceType": "Patient", "name": [{"given": [None], "_given": [None]}]}, "Patient.name[0].given[0]: is null"),
    ({"resourceType": "Patient", "_birthDate": {}}, "Patient._birthDate: is empty"),
    ({"resourceType": "Patient", "deceasedBoolean": "true"}, "Patient.deceasedBoolean: must be boolean"),
    (
        {"resourceType": "Patient", "deceasedBoolean": True, "_deceasedDateTime": {"id": "a"}},
        "Patient: only one of deceased[x]",
    ),
    (
        {"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "clinicalStatus": {"text": "ill"}},
        "Condition.clinicalStatus: needs a coding of the required value set",
    ),
    ({"resourceType": "Bundle", "type": "collection", "total": 1}, "Bundle: bdl-1"),
    (
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": with_(GOOD, status="bookd")}]},
        "Bundle.entry[0].resource.status: is not one of",
    ),
    (
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": "https://x.example/Appointment/f-7", "resource": GOOD}] * 2,
        },
        "Bundle: bdl-7",
    ),
    ({"resourceType": "MedicationAdministration"}, "MedicationAdministration: "),
    ({"resourceType": "Parameters", "parameter": [{"name": "a"}]}, "Parameters.parameter[0]: inv-1"),
]


@pytest.mark.parametrize(("resource", "says"), WRONG, ids=[says[:60] for _, says in WRONG])
def test_what_is_wrong_is_told_with_its_place(resource: dict[str, Any], says: str) -> None:
    found = told(resource)
    assert any(says in each for each in found), found


@pytest.mark.parametrize("resource", [None, [], "x", {}, {"resourceType": 7}, {"resourceType": "Nothing"}])
def test_what_is_no_resource(resource: Any) -> None:
    assert told(resource) == ["resourceType: names no resource type of R4"]


@pytest.mark.parametrize(
    "resource",
    [
        with_(GOOD, start=None, end=None, status="cancelled", cancelationReason={"text": "ill"}),
        with_(GOOD, start=None, end=None, status="waitlist"),
        with_(GOOD, comment="\u00a0Straße 😀"),
        with_(GOOD, slot=[{"reference": "#a"}], contained=[
            {"resourceType": "Slot", "id": "a", "schedule": {"reference": "Schedule/1"}, "status": "free",
             "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T10:15:00Z"}]),
        with_(GOOD, slot=[{"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}]),
        with_(GOOD, supportingInformation=[{"type": "ResearchStudy", "identifier": {"value": "NCT01409720"}}]),
        with_(GOOD, comment=None, _comment={"extension": [{"url": "https://x.example/a", "valueBoolean": True}]}),
        with_(GOOD, id="f-7", _id={"extension": [{"url": "https://x.example/a", "valueBoolean": True}]}),
        with_(GOOD, identifier=[{"value": "1", "system": "urn:oid:1.2.276.0.76"}]),
        with_(GOOD, identifier=[{"value": "1", "system": "urn:iso-astm:E1762-95:2013"}]),
        with_(GOOD, identifier=[{"value": "1", "system": "ldap://x.example"}]),
        with_(GOOD, extension=[{"url": "ushttps://x.example/a", "valueCode": "a"}]),
        with_(GOOD, comment="  \n"),
        with_(GOOD, created="2026-03-02T10:00:60Z"),
        with_(GOOD, extension=[{"url": "https://x.example/a", "extension": [{"url": "local", "valueCode": "a"}]}]),
        {"resourceType": "Patient", "birthDate": "1950"},
        {"resourceType": "Patient", "birthDate": "1950-02"},
        {"resourceType": "Patient", "name": [{"given": ["A", None], "_given": [None, {"id": "b"}]}]},
        with_(OBSERVATION, valueInteger=None, valueQuantity={"value": 30.5, "unit": "Gy"}),
        with_(OBSERVATION, valueInteger=None, dataAbsentReason={"text": "not asked"}),
        {"resourceType": "Bundle", "type": "collection"},
    ],
)  # fmt: skip
def test_what_is_right_passes(resource: dict[str, Any]) -> None:
    assert told(resource) == []


def test_problems_repeat_no_value() -> None:
    secret = "HTEST-Müller"
    patient = {"resourceType": "Patient", "gender": secret, "birthDate": secret, "name": secret, "active": secret}
    assert len(told(patient)) == 4
    assert secret not in "".join(told(patient))


# Of 196 official examples these are truly wrong: an OID without urn:oid:, a relative canonical, a performer Encounter.
TRULY_WRONG = {"Organization-2.16.840.1.113883.19.5.json", "Procedure-f201.json", "Observation-clinical-gender.json"}


def test_the_official_examples(shared_data: Path) -> None:
    files = sorted((shared_data / "fhir" / "r4-examples").glob("*.json"))
    assert len(files) > 150
    refused = {file.name: told(orjson.loads(file.read_bytes())) for file in files}
    assert {name for name, found in refused.items() if found} == TRULY_WRONG, refused
