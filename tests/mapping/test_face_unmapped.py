"""Unmapped: every leaf that no line of the face speaks of; a conversion covers only what it looks at."""

from __future__ import annotations

import pytest

from integrator.mapping import Context
from tests.mapping.face_documents import adt, sch, siu

BERLIN = Context(zone="Europe/Berlin")


def unmapped(face, document):
    return [(leaf.place, leaf.text) for leaf in face.read(document, BERLIN).unmapped]


def test_a_plain_message_leaves_nothing(face):
    message = siu("TQ1|1||||||20260325140000|20260325143000", "NTE|1||note", "AIL|1||L3^R1^^H")
    assert unmapped(face, message) == []


@pytest.mark.parametrize(
    ("segments", "fields", "leaves"),
    [
        (["ZRT|1|dose^2"], {}, [("ZRT-1", "1"), ("ZRT-2.1", "dose"), ("ZRT-2.2", "2")]),
        ([], {"f2": "F1^ARIA^1.2.3^ISO^more"}, [("SCH-2.5", "more")]),
        ([], {"f2": "F1~F2"}, [("SCH-2[2]", "F2")]),
        ([], {"f26": "ORD1"}, [("SCH-26", "ORD1")]),
        ([], {"f25": "Booked^Gebucht^HL70278^B2"}, [("SCH-25.4", "B2")]),
        (["AIL|1||L3^R1^Bed^H"], {}, [("AIL-3.3", "Bed")]),
        (["AIL|1||L3", "AIL|2||L4"], {}, [("AIL[2]-3", "L4")]),
        (["NTE|1||first~second"], {}, [("NTE-3[2]", "second")]),
        (["AIL|1||L3&1.2.3&ISO^R1"], {}, [("AIL-3.1.2", "1.2.3"), ("AIL-3.1.3", "ISO")]),
    ],
)
def test_what_no_conversion_looks_at_is_shown(face, segments, fields, leaves):
    assert unmapped(face, siu(*segments, sch=sch(**fields))) == leaves


def test_null_is_no_leaf(face):
    assert unmapped(face, siu(sch=sch(f26='""'))) == []


def test_omissions_cover_all_below_them(face):
    message = siu("PV1|1|O|055^Room", "OBX|1|NM|1^x||2", "OBX|2|NM|1^x||3", "AIP|1||99^Arzt", sch=sch(f16="9^X^Y"))
    assert unmapped(face, message) == []


def test_parts_of_a_number_that_cx_does_not_look_at(faces):
    face = faces.get("hl7v2/adt-patient")
    message = adt("PID|1||4711^6^M11^KIS^MR^FAC~1^^^X^SS||HTEST^Anna")
    # The whole PID is omitted where no field looks, and the other parts of PID-3 are below it.
    assert unmapped(face, message) == []


def test_a_resource_shows_what_the_face_does_not_carry(fhir):
    document = {
        "resourceType": "Appointment",
        "id": "1",
        "meta": {"versionId": "3"},
        "status": "booked",
        "_status": {"id": "s"},
        "priority": 5,
        "identifier": [{"use": "official", "value": "x"}],
        "participant": [
            {
                "actor": {"type": "Patient", "identifier": {"value": "4711", "period": {"start": "2026"}}},
                "status": "accepted",
            },
            {"actor": {"reference": "Practitioner/1"}, "status": "accepted"},
        ],
        "serviceType": [{"coding": [{"code": "A", "version": "2"}], "text": "Alpha"}],
    }
    assert unmapped(fhir, document) == [
        ("_status.id", "s"),
        ("priority", "5"),
        ("identifier[0].use", "official"),
        ("identifier[0].value", "x"),
        ("participant[0].actor.identifier.period.start", "2026"),
        ("participant[1].actor.reference", "Practitioner/1"),
        ("participant[1].status", "accepted"),
        ("serviceType[0].coding[0].version", "2"),
    ]
