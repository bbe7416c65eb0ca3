"""Writing onto nothing and onto what is there: rule 4 of FACES, constants, conditions, what cannot be written."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone

import pytest

from integrator.errors import CannotWrite
from integrator.formats.fhir.validate import problems
from integrator.formats.hl7v2 import build
from integrator.mapping import Context
from integrator.records.values import Coding, Concept, Identifier, Period, Place, Ref, Service
from tests.mapping.face_documents import sch, siu

BERLIN = timezone(timedelta(hours=1))
START = datetime(2026, 3, 25, 14, 0, tzinfo=BERLIN)
TIME = Period(START, START + timedelta(minutes=30))
PATIENT = Identifier("4711", namespace="KIS", type="MR")
BOOKED = {
    "placer": Identifier("A1"),
    "filler": Identifier("F1", "urn:oid:1.2.276.0.76"),
    "patient": PATIENT,
    "time": TIME,
    "status": "booked",
    "kind": "radiotherapy",
    "activity": "fraction",
    "fraction": 4,
    "fractions": 10,
    "services": (Service(Concept((Coding("RT", None, "Fraktion", "L"),))),),
    "place": Place("LINAC 3", "R1", "Klinik"),
    "notes": ("one", "two\nlines"),
    "series": Identifier("C1"),
    "study": Ref("Study", "NCT00000001"),
    "evidence": "scheduled",
}
TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"


def test_onto_nothing_it_is_a_valid_resource_that_reads_back(fhir):
    resource = fhir.write(BOOKED)
    assert problems(resource) == []
    back = fhir.read(resource).said
    assert back == {name: value for name, value in BOOKED.items() if name != "evidence"}
    assert list(resource)[:2] == ["resourceType", "extension"]


def test_a_status_that_nobody_claimed_is_written_as_booked(fhir):
    assert fhir.write({"patient": PATIENT})["status"] == "booked"


def test_a_record_that_says_nothing_changes_nothing_but_constants(fhir):
    theirs = {"resourceType": "Appointment", "status": "pending", "participant": [{"actor": {"display": "x"}}]}
    assert fhir.write({}, onto=copy.deepcopy(theirs)) == theirs


def test_what_is_given_stays_as_it_was(fhir):
    theirs = fhir.write(BOOKED)
    kept = copy.deepcopy(theirs)
    fhir.write({"status": "cancelled", "place": None}, onto=theirs)
    assert theirs == kept


def test_a_place_that_reads_as_the_value_keeps_its_spelling(fhir):
    theirs = fhir.write(BOOKED)
    theirs["start"], theirs["end"] = "2026-03-25T13:00:00.000Z", "2026-03-25T13:30:00Z"
    assert fhir.write({"time": TIME}, onto=theirs)["start"] == "2026-03-25T13:00:00.000Z"
    moved = Period(TIME.start, TIME.end + timedelta(minutes=10))
    assert fhir.write({"time": moved}, onto=theirs)["end"] == "2026-03-25T14:40:00+01:00"


def test_only_what_the_conversion_names_is_replaced(fhir):
    theirs = fhir.write(BOOKED)
    theirs["identifier"][1] |= {"use": "official", "period": {"start": "2026"}}
    theirs["identifier"][1]["type"]["text"] = "Termin"
    theirs["identifier"].insert(0, {"system": "urn:theirs", "value": "9"})
    fresh = fhir.write({"filler": Identifier("F2")}, onto=theirs)
    assert fresh["identifier"][0] == {"system": "urn:theirs", "value": "9"}
    assert fresh["identifier"][2] == {
        "type": {"coding": [{"system": TYPE, "code": "FILL"}], "text": "Termin"},
        "value": "F2",
        "use": "official",
        "period": {"start": "2026"},
    }


def test_with_a_code_its_translations_go(fhir):
    theirs = fhir.write(BOOKED)
    theirs["serviceCategory"][0]["coding"].append({"system": "urn:theirs", "code": "RT"})
    theirs["serviceCategory"][0]["text"] = "Strahlentherapie"
    theirs["serviceCategory"][0]["coding"][0]["display"] = "Radiotherapy"
    theirs["serviceCategory"][0]["zz"] = 1
    same = fhir.write({"kind": "radiotherapy"}, onto=theirs)
    assert same == theirs
    fresh = fhir.write({"kind": "exercise"}, onto=theirs)["serviceCategory"]
    assert fresh == [{"coding": [{"system": "https://integrator.example/fhir/kind", "code": "exercise"}], "zz": 1}]


def test_none_removes_and_prunes_what_is_left_with_nothing(fhir):
    theirs = fhir.write(BOOKED)
    theirs["participant"].append({"actor": {"reference": "Practitioner/1"}, "status": "accepted"})
    fresh = fhir.write({"place": None, "series": None, "notes": (), "kind": None}, onto=theirs)
    assert [one["actor"].get("type") for one in fresh["participant"]] == ["Patient", None]
    assert "comment" not in fresh
    assert "serviceCategory" not in fresh
    assert not any(one["url"].endswith("series") for one in fresh["extension"])


def test_a_parent_with_something_unknown_is_not_pruned(fhir):
    theirs = fhir.write({"place": Place("L3"), "patient": PATIENT})
    theirs["participant"][1]["period"] = {"start": "2026"}
    fresh = fhir.write({"place": None}, onto=theirs)
    assert fresh["participant"][1] == {"actor": {"type": "Location"}, "status": "accepted", "period": {"start": "2026"}}


def test_the_literal_reference_of_a_patient_who_is_linked(fhir):
    context = Context(links={PATIENT: {"reference": "Patient/7"}})
    fresh = fhir.write(BOOKED, context)
    assert fresh["participant"][0]["actor"] == {"type": "Patient", "reference": "Patient/7"}
    assert fhir.read(fresh, context).said["patient"] == PATIENT
    logical = fhir.write(BOOKED)
    logical["participant"][0]["actor"]["display"] = "HTEST-Müller, Anna"
    assert fhir.write(BOOKED, context, onto=logical)["participant"][0]["actor"]["display"] == "HTEST-Müller, Anna"
    other = fhir.write({"patient": Identifier("1", namespace="KIS", type="MR")}, onto=logical)
    assert "display" not in other["participant"][0]["actor"]


def test_lists_are_paired_in_order_and_take_the_slots_that_they_had(fhir):
    def services(*codes):
        return tuple(Service(Concept((Coding(code),))) for code in codes)

    theirs = fhir.write(BOOKED | {"services": services("A", "B")})
    theirs["serviceType"].insert(1, {"zz": 1})
    theirs["serviceType"][0]["id"] = "first"
    longer = fhir.write({"services": services("A", "C", "D")}, onto=theirs)["serviceType"]
    assert [one.get("coding", [{}])[0].get("code") for one in longer] == ["A", None, "C", "D"]
    assert longer[0]["id"] == "first"
    shorter = fhir.write({"services": services("B")}, onto=theirs)["serviceType"]
    assert shorter == [{"coding": [{"code": "B"}], "id": "first"}, {"zz": 1}]


def test_the_reason_is_written_where_it_counts_and_goes_when_it_no_longer_does(fhir):
    reason = Concept((), "machine down")
    cancelled = fhir.write(BOOKED | {"status": "cancelled", "reason": reason})
    assert cancelled["cancelationReason"] == {"text": "machine down"}
    assert problems(cancelled) == []
    assert "cancelationReason" not in fhir.write({"status": "booked"}, onto=cancelled)
    noshow = fhir.write(BOOKED | {"status": "noshow", "reason": reason})
    assert "cancelationReason" not in noshow
    theirs = noshow | {"cancelationReason": {"text": "theirs"}}
    assert fhir.write({"fraction": 5}, onto=theirs)["cancelationReason"] == {"text": "theirs"}


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"time": Period(START)}, "time cannot be written as fhir-r4 Appointment: a time without an end"),
        ({"fraction": 0}, "fraction cannot be written"),
        ({"notes": ("\x00",)}, "control characters"),
        ({"study": Ref("Machine", "x")}, "a reference to a Machine"),
    ],
)
def test_what_the_form_cannot_hold_is_said(fhir, said, what):
    with pytest.raises(CannotWrite) as cannot:
        fhir.write(said)
    assert what in cannot.value.what


# HL7 v2


def text(message):
    return build(message).decode().rstrip("\r").split("\r")


def test_a_message_is_written_in_the_order_of_its_structure(face):
    said = {name: value for name, value in BOOKED.items() if name not in ("fraction", "fractions", "evidence", "study")}
    said["services"] = (Service(BOOKED["services"][0].code, START, 30),)
    assert text(face.write(said)) == [
        "MSH|^~\\&|||||||SIU^S12^SIU_S12||P|2.5.1||||||UNICODE UTF-8",
        "SCH|A1|F1^^1.2.276.0.76^ISO||C1|||||||||||||||||||||Booked",
        "TQ1|1||||||20260325140000+0100|20260325143000+0100",
        "NTE|1||one",
        "NTE|2||two\\.br\\lines",
        "PID|1||4711^^^KIS^MR",
        "RGS|1",
        "AIS|1||RT^Fraktion^L|20260325140000+0100|||30|min",
        "AIL|1||LINAC 3^R1^^Klinik",
    ]


@pytest.mark.parametrize(
    ("said", "event", "nine", "twenty_five"),
    [
        ({"status": "booked"}, None, "S12", "Booked"),
        ({"status": "booked"}, "S13", "S13", "Booked"),
        ({"status": "cancelled"}, "S13", "S15", "Cancelled"),
        ({"status": "noshow"}, None, "S26", "Noshow"),
        ({}, None, "S14", None),
    ],
)
def test_the_trigger_is_the_statuss_own_or_the_one_that_is_wanted(face, said, event, nine, twenty_five):
    message = face.write(said, Context(event=event))
    assert (message.get("MSH-9.2"), message.get("SCH-25")) == (nine, twenty_five)


@pytest.mark.parametrize(("status", "what"), [("proposed", "siu-status"), ("arrived", None)])
def test_a_lossy_word_without_a_row_cannot_be_written(face, status, what):
    if what is None:
        assert face.write({"status": status}).get("SCH-25") == "Started"
        return
    with pytest.raises(CannotWrite) as cannot:
        face.write({"status": status})
    assert what in cannot.value.what


def test_onto_a_message_the_carrier_that_is_there_is_changed(face):
    theirs = siu(sch=sch(f11="^^30^20260320100000^20260320103000"))
    fresh = face.write({"time": TIME}, Context(zone="Europe/Berlin"), onto=theirs)
    assert fresh.raw("SCH-11") == "^^30^20260325140000+0100^20260325143000+0100"
    assert fresh.first("TQ1") is None


def test_a_carrier_that_cannot_hold_it_goes_and_the_first_that_can_is_written(face):
    theirs = siu("TQ1|7|||||30^min|20260320100000+0100")
    fresh = face.write({"time": TIME}, onto=theirs)
    assert text(fresh)[2] == "TQ1|7||||||20260325140000+0100|20260325143000+0100"


def test_no_time_removes_every_carrier_but_those_of_the_services(face):
    theirs = siu(
        "TQ1|1||||||20260320100000|20260320103000",
        "AIS|1||A|20260320100000|||30|min",
        sch=sch(f11="^^^20260320100000^20260320103000"),
        sent="20260320100000+0100",
    )
    fresh = face.write({"time": None}, onto=theirs)
    assert fresh.get("SCH-11.4") is None
    assert fresh.get("TQ1-7") is None
    assert fresh.get("AIS-4") == "20260320100000"


def test_what_was_not_touched_keeps_its_text(face):
    theirs = siu(
        "ZRT|a\\X41\\b", "NTE|1||n\\H\\o\\N\\te", "AIS|1|U|A^B^L~second|20260320100000", sch=sch(f25="bOOked^x")
    )
    fresh = face.write({"status": "booked", "series": Identifier("C1")}, onto=theirs)
    assert text(fresh)[2:-1] == text(theirs)[2:]
    assert text(fresh)[-1] == "RGS|1"  # a constant where nothing stood
    assert text(fresh)[1] == "SCH|A1|F1||C1|||||||||||||||||||||bOOked^x"


def test_a_service_that_goes_takes_its_notes_along(face):
    theirs = siu("AIS|1||A", "NTE|1||of A", "AIS|2||B", "NTE|1||of B")
    fresh = face.write({"services": (Service(Concept((Coding("A"),))),)}, onto=theirs)
    assert [line for line in text(fresh) if line[:3] in ("AIS", "NTE")] == ["AIS|1||A", "NTE|1||of A"]


def test_the_character_set_follows_the_constant(face):
    from integrator.formats.hl7v2 import parse

    theirs = parse("MSH|^~\\&|||||||SIU^S12|1|P|2.3\rSCH|A|F^\xc4\r".encode("latin-1"), "latin-1")
    fresh = face.write({"series": Identifier("漢")}, onto=theirs)
    assert parse(build(fresh)).get("SCH-2.2") == "Ä"


def test_a_face_that_only_reads_writes_nothing(faces):
    with pytest.raises(CannotWrite):
        faces.get("hl7v2/adt-patient").write({})
