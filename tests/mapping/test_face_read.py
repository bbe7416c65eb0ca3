"""Reading: choices, what absent and null mean, what is not understood, code maps, conditions."""

from __future__ import annotations

import pytest

from integrator.errors import Held
from integrator.mapping import Context
from integrator.records.values import Coding, Concept, Identifier, Period, Place, Ref
from tests.mapping.face_documents import sch, siu

BERLIN = Context(zone="Europe/Berlin")


def said(face, *segments, event="S12", context=BERLIN, **fields):
    return face.read(siu(*segments, event=event, sch=sch(**fields)), context).said


def test_a_message_claims_only_what_it_says(face):
    assert said(face) == {
        "placer": Identifier("A1"),
        "filler": Identifier("F1"),
        "status": "booked",
        "patient": Identifier("4711", namespace="KIS", type="MR"),
    }


def test_null_says_none_and_absent_says_nothing(face):
    found = said(face, 'TQ1|1||||||""', 'AIL|1||""', 'NTE|1||""', f4='""')
    assert found["series"] is None
    assert found["time"] is None
    assert found["place"] is None
    assert "services" not in found
    assert said(face, 'AIS|1||""')["services"] == ()


def test_notes_of_the_appointment_are_not_those_of_its_services(face):
    message = siu("TQ1|1", "NTE|1||first", "NTE|2||second\\.br\\line", "AIS|1||A", "NTE|1||for staff")
    assert message.segments[2].name == "TQ1"
    assert face.read(message, BERLIN).said["notes"] == ("first", "second\nline")


def test_null_in_a_part_leaves_the_part_out(face):
    assert said(face, 'AIL|1||LINAC 3^""')["place"] == Place("LINAC 3")


@pytest.mark.parametrize(
    ("pid", "patient"),
    [
        ("PID|1||9^^^X^SS~4711^^^KIS^MR", Identifier("4711", namespace="KIS", type="MR")),
        ("PID|1||9^^^X^PI", Identifier("9", namespace="X", type="PI")),
        ("PID|1|8^^^Y", Identifier("8", namespace="Y")),
        ("PID|1||7^^^&1.2.276.0.76&ISO^MR", Identifier("7", "urn:oid:1.2.276.0.76", type="MR")),
        ("PID|1||7^^^K&https://k.example/pid&URI^MR", Identifier("7", "https://k.example/pid", "K", "MR")),
    ],
)
def test_the_hospitals_number_else_the_first_else_the_old_field(face, pid, patient):
    assert said(face, pid)["patient"] == patient


def test_ids_without_an_assigner_get_the_sources_namespace(face):
    context = Context(zone="Europe/Berlin", namespace="https://kis.example/termin")
    found = said(face, context=context, f1="A1^ARIA", f2="F1")
    assert found["filler"] == Identifier("F1", "https://kis.example/termin")
    assert found["placer"] == Identifier("A1", namespace="ARIA")


def test_a_universal_id_of_an_unknown_type_is_unmapped_and_no_namespace_is_invented(face):
    context = Context(zone="Europe/Berlin", namespace="https://kis.example/termin")
    assert said(face, context=context, f2="F1^^2.16.1^HCD")["filler"] == Identifier("F1")


@pytest.mark.parametrize(
    ("event", "code", "status"),
    [
        ("S12", "", "booked"),
        ("S12", "Cancelled", "cancelled"),
        ("S13", "PENDING ", "pending"),
        ("S14", "", None),
        ("S14", "Started", "checked-in"),
        ("S14", "complete", "fulfilled"),
        ("S15", "Booked", "cancelled"),
        ("S16", "", "cancelled"),
        ("S17", "Booked", "entered-in-error"),
        ("S26", "", "noshow"),
        ("S12", "Dc", "cancelled"),
        ("S12", "Overbook", "booked"),
        ("S12", '""', "booked"),
    ],
)
def test_the_trigger_that_ends_then_sch_25_then_the_default(face, event, code, status):
    assert said(face, event=event, f25=code).get("status") == status


def test_an_unknown_status_is_held_and_asks_for_the_row(face):
    with pytest.raises(Held) as held:
        said(face, f25="Vielleicht")
    assert "no row in the code map siu-status" in held.value.reason
    assert (held.value.place, held.value.text) == ("SCH-25", "Vielleicht")


def test_an_open_map_holds_nothing_and_asks(face):
    reading = face.read(siu("AIS|1||KG^Krankengymnastik^L"), BERLIN)
    assert "kind" not in reading.said
    assert reading.open_codes == [("siu-service-kind", "KG"), ("siu-activity", "KG")]
    assert [leaf.place for leaf in reading.unmapped] == ["AIS-3.1"]


def test_the_reason_counts_where_the_trigger_ends_else_it_is_the_why(face):
    for event in ("S15", "S16"):
        reading = face.read(siu(event=event, sch=sch(f6="MD^machine down^L")), BERLIN)
        assert reading.said["reason"] == Concept((Coding("MD", None, "machine down", "L"),))
    reading = face.read(siu(event="S13", sch=sch(f6="^machine down")), BERLIN)
    assert "reason" not in reading.said
    assert face.read(siu(event="S13", sch=sch(f6="machine down")), BERLIN).why == "machine down"


@pytest.mark.parametrize(
    ("field", "concept"),
    [
        ("76164006^Biopsy^SCT", Concept((Coding("76164006", "http://snomed.info/sct", "Biopsy"),))),
        ("A^Alpha^L^B^Beta^LN^^^as typed", None),
        ("^only words", Concept((), "only words")),
        ("C34^Lunge^I10", Concept((Coding("C34", "http://hl7.org/fhir/sid/icd-10", "Lunge"),))),
        ("R^^HL70276", Concept((Coding("R", "http://terminology.hl7.org/CodeSystem/v2-0276"),))),
        ("R^^1.2.3.4", Concept((Coding("R", "urn:oid:1.2.3.4"),))),
    ],
)
def test_codes_know_their_system(face, field, concept):
    if concept is None:
        local, loinc = Coding("A", None, "Alpha", "L"), Coding("B", "http://loinc.org", "Beta")
        concept = Concept((local, loinc), "as typed")
    assert said(face, f"AIS|1||{field}")["services"][0].code == concept


def test_a_service_is_whole(face):
    first, second = said(face, "AIS|1||A|20260325140000|||30|min", "AIS|2||B|20260325143000|||1|h")["services"]
    assert (first.code.codings[0].code, first.minutes) == ("A", 30)
    assert (second.code.codings[0].code, second.minutes) == ("B", 60)


def test_half_a_minute_makes_no_half_service(face):
    reading = face.read(siu("AIS|1||A|20260325140000|||90|s"), BERLIN)
    assert "services" not in reading.said
    assert "AIS-7" in [leaf.place for leaf in reading.unmapped]
    assert isinstance(reading.said["time"], Period)


# FHIR


def resource(**parts):
    return {"resourceType": "Appointment", **parts}


def test_a_resource_is_a_snapshot_what_is_not_there_is_none(fhir):
    found = fhir.read(resource(status="booked", identifier=[])).said
    assert found["status"] == "booked"
    assert found["placer"] is None
    assert found["notes"] == ()
    assert "evidence" not in found  # only written
    assert "reason" not in found  # counts only where the status is cancelled


def test_a_reference_with_a_display_only_says_nothing_and_is_unmapped(fhir):
    reading = fhir.read(
        resource(participant=[{"actor": {"type": "Patient", "display": "HTEST"}, "status": "accepted"}])
    )
    assert "patient" not in reading.said
    assert "participant[0].actor.display" in [leaf.place for leaf in reading.unmapped]


def test_a_literal_reference_is_ours_where_the_caller_links_it(fhir):
    ours = Identifier("4711", namespace="KIS", type="MR")
    study = Ref("Study", "NCT1")
    context = Context(links={ours: {"reference": "Patient/7"}, study: {"reference": "ResearchStudy/9"}})
    document = resource(
        participant=[{"actor": {"reference": "Patient/7"}}], supportingInformation=[{"reference": "ResearchStudy/9"}]
    )
    found = fhir.read(document, context).said
    assert (found["patient"], found["study"]) == (ours, study)
    assert "patient" not in fhir.read(document).said


def test_an_impossible_instant_is_held(fhir):
    with pytest.raises(Held) as held:
        fhir.read(resource(start="2026-02-30T10:00:00Z", end="2026-02-30T11:00:00Z"))
    assert (held.value.place, held.value.text) == ("start", "2026-02-30T10:00:00Z")


def test_the_type_of_an_identifier_may_be_any_of_its_codings(fhir):
    kind = {"coding": [{"system": "urn:x", "code": "1"}, {"system": fhir_type(), "code": "FILL"}]}
    found = fhir.read(resource(identifier=[{"value": "x"}, {"type": kind, "value": "F1"}])).said
    assert found["filler"] == Identifier("F1")


def fhir_type():
    return "http://terminology.hl7.org/CodeSystem/v2-0203"


@pytest.mark.parametrize(
    "document",
    [
        resource(identifier="x", participant={"actor": []}, start=1, status=["booked"], serviceType=[None, 3, "a"]),
        resource(identifier=[None], participant=[{"actor": None}], extension=[{"url": None}], comment=7),
        resource(serviceCategory=[{"coding": {"system": 1}}], supportingInformation=["x", {"reference": 4}]),
    ],
)
def test_a_malformed_resource_is_held_or_read_never_an_exception(fhir, document):
    try:
        reading = fhir.read(document)
    except Held:
        return
    assert isinstance(reading.unmapped, list)
