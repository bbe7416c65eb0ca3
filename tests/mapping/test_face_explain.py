"""Explain: from a leaf of the resource to the bytes of the message, with every line that had a part in it."""

from __future__ import annotations

import json

import pytest

from integrator.errors import Held
from integrator.formats.hl7v2 import build
from integrator.mapping import Context, explain
from tests.mapping.face_documents import sch, siu
from tests.test_given import charge, dft

BERLIN = Context(zone="Europe/Berlin", charset="UNICODE UTF-8")
MESSAGE = siu(
    "AIS|1||RT-FRACTION^Fraktion Müller^L|20260325140000|||30|min",
    sent="20260320100000",
    sch=sch(f11="^^30^20260325140000", f25="Termin fix"),
)


def why(faces, path, message=MESSAGE, **options):
    found = explain(build(message), path, faces, options.pop("context", BERLIN), **options).leaves
    assert found, path
    return found


def test_a_start_leads_to_its_bytes(faces):
    (leaf,) = why(faces, "Appointment.start", site="heidelberg")
    assert (leaf.value, leaf.kind, leaf.record) == ("2026-03-25T14:00:00+01:00", "conversion", "time.start")
    assert (leaf.read.conversion, leaf.read.choice) == ("start+length", "4 of 6")
    assert leaf.notes == ["zone Europe/Berlin", "no unit of the length: min"]
    (place,) = leaf.places
    assert (place.place, place.text) == ("SCH-11.4", "20260325140000")
    start, end = place.span
    assert build(MESSAGE)[start:end] == b"20260325140000"


def test_file_and_line_lead_to_the_face(faces):
    (leaf,) = why(faces, "Appointment.end", site="heidelberg")
    for step, word in ((leaf.read, "SCH-11.3"), (leaf.written, '"end"')):
        file, _, line = step.where.rpartition(":")
        lines = (faces.root.parent / file).read_text().splitlines()
        assert word in lines[int(line) - 1]
    assert [came.place for came in leaf.places] == ["SCH-11.4", "SCH-11.3"]


def test_a_code_shows_the_row_of_the_site(faces):
    (leaf,) = why(faces, "Appointment.status", site="heidelberg")
    assert leaf.row.startswith("mappings/sites/heidelberg/codes/siu-status.toml:")
    assert "Termin fix" in leaf.row
    assert [came.place for came in leaf.places] == ["MSH-9.2", "SCH-25"]
    assert leaf.places[1].name == "Filler Status Code"


def test_selectors_and_constants_have_their_own_kind(faces):
    kinds = {leaf.leaf: leaf.kind for leaf in why(faces, "Appointment", site="heidelberg")}
    assert kinds["Appointment.identifier[0].type.coding[0].code"] == "selector"
    assert kinds["Appointment.participant[0].status"] == "constant"
    assert kinds["Appointment.participant[0].actor.identifier.value"] == "source"
    assert "" not in kinds.values()


def test_what_the_message_says_otherwise_is_shown(faces):
    message = siu("TQ1|1||||||20260325140000+0100|20260325143000+0100", sch=sch(f11="^^^20260326140000^20260326150000"))
    (leaf,) = why(faces, "start", message)
    assert [came.place for came in leaf.otherwise] == ["SCH-11.4", "SCH-11.5"]
    assert "says otherwise: SCH-11.4" in explain(build(message), "start", faces, BERLIN).text()


def test_a_record_field_and_a_place_of_the_message_may_be_asked_for(faces):
    assert [leaf.leaf for leaf in why(faces, "time", site="heidelberg")] == ["Appointment.start", "Appointment.end"]
    assert [leaf.leaf for leaf in why(faces, "SCH-25", site="heidelberg")] == ["Appointment.status"]
    (kind,) = why(faces, "kind", site="heidelberg")
    assert "no value could be made" in kind.value


def test_the_offset_of_msh_7_is_named(faces):
    message = siu("TQ1|1||||||20260325140000|20260325143000", sent="20260320100000+0200")
    (leaf,) = why(faces, "Appointment.start", message)
    assert leaf.notes[0] == "offset +0200 of MSH-7"


def test_bytes_are_bytes_and_not_characters(faces):
    data = build(MESSAGE)
    (leaf,) = why(faces, "Appointment.serviceType[0].coding[0].display", site="heidelberg")
    start, end = leaf.places[0].span
    assert data[start:end].decode() == "RT-FRACTION^Fraktion Müller^L"


LATIN = Context(zone="Europe/Berlin", charset="8859/1")
CHARGES = dft(charge(), charge("T-2", day="20260313"))


def test_where_a_face_reads_each_element_places_are_counted_over_the_whole_message(faces):
    found = explain(CHARGES, "Treatment.treatment", faces, LATIN).leaves
    assert [leaf.places[0].place for leaf in found] == ["FT1-2", "FT1[2]-2"]
    assert [CHARGES[slice(*leaf.places[0].span)] for leaf in found] == [b"T-1", b"T-2"]


def test_what_holds_the_second_element_is_named_there(faces):
    with pytest.raises(Held) as held:
        explain(dft(charge(), charge("T-2", day="20260230")), "time", faces, LATIN)
    assert (held.value.place, held.value.text) == ("FT1[2]-4", "20260230")


def test_parts_of_a_code_lead_to_their_own_bytes(faces):
    (leaf,) = why(faces, "services[0].code.codings[0].code", site="heidelberg")
    assert [(came.place, came.text) for came in leaf.places] == [("AIS[1]-3.1", "RT-FRACTION")]
    assert leaf.kind == "source"


def test_what_a_selector_looked_at_is_named(faces):
    (leaf,) = [one for one in why(faces, "patient.value", site="heidelberg") if one.record == "patient.value"]
    assert leaf.places[0].place == "PID-3.1"
    assert "PID-3.5" in [came.place for came in leaf.chosen_by]


def test_what_a_person_reads_has_each_step(faces):
    text = explain(build(MESSAGE), "Appointment.start", faces, BERLIN, site="heidelberg").text()
    for words in ("conversion", "written by fhir-r4/appointment", "choice 4 of 6", "zone Europe/Berlin", "bytes "):
        assert words in text


def test_a_resource_is_explained_too(faces, fhir):
    document = json.dumps({"resourceType": "Appointment", "status": "booked"}).encode()
    (leaf,) = explain(document, "status", faces).leaves
    assert (leaf.leaf, leaf.value) == ("Appointment.status", "booked")
    assert leaf.places[0].place == "status"


def test_as_json_for_programs(faces):
    data = explain(build(MESSAGE), "Appointment.status", faces, BERLIN, site="heidelberg").json()
    assert json.loads(json.dumps(data))["leaves"][0]["places"][0]["place"] == "MSH-9.2"


def test_nothing_there_is_said(faces):
    assert (
        "nothing stands there"
        in explain(build(MESSAGE), "Appointment.comment", faces, BERLIN, site="heidelberg").text()
    )


@pytest.mark.parametrize("data", [b"{ no json", b"EVN|1"])
def test_what_is_no_message_is_held(faces, data):
    with pytest.raises(Held):
        explain(data, "x", faces)
