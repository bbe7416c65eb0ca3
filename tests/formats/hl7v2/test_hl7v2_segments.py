"""The segment tables: what faces are checked against."""

from __future__ import annotations

import pytest

from integrator.formats.hl7v2.segments import segment_table


@pytest.mark.parametrize(
    "path",
    [
        "SCH-11.4",
        "SCH-11.1.2",
        "SCH-25.1",
        "TQ1-7",
        "AIS[]-4",
        "AIS-3.1",
        "AIL-3.4.2",
        "PID-3[2].4.1",
        "PID-3[].5",
        "NTE-3",
        "MSH-9.3",
        "MRG-1.1",
        "EVN-2",
        "OBX-5.9.9",
        "ZRT-99.9",
        "PID-3.1.1",
        "TQ1-7.1",
        "MSH-18",
        "PID-13.1",
    ],
)
def test_places_that_are(path):
    assert segment_table().problem(path) is None


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("AIS-99", "AIS has 12 fields: there is no AIS-99"),
        ("XYZ-1", "HL7 v2 has no segment XYZ"),
        ("SCH-2.9", "SCH-2 (Filler Appointment ID, EI) has 4 parts: there is no SCH-2.9"),
        ("SCH-2[2]", "SCH-2 (Filler Appointment ID) does not repeat"),
        ("SCH-9[2]", "SCH-9 (Appointment Duration) does not repeat"),
        ("PID-3.4.9", "PID-3.4 (Assigning Authority, HD) has 3 parts: there is no PID-3.4.9"),
        ("NTE-1.2", "NTE-1 (Set ID, SI) has 1 parts: there is no NTE-1.2"),
    ],
)
def test_places_that_are_not_say_what_is(path, problem):
    assert segment_table().problem(path) == problem


def test_all_segments_that_the_records_need_are_there():
    needed = "MSH MSA ERR EVN PID PD1 NK1 PV1 PV2 MRG SCH TQ1 NTE RGS AIS AIG AIL AIP OBR OBX ORC DG1 PR1 FT1 TXA BTS"
    for name in needed.split():
        fields = segment_table().fields(name)
        assert fields, name
        assert all(part.name and part.types for part in fields), name


def test_versions_are_merged():
    table = segment_table()
    assert table.field("SCH", 11).types == ("TQ",), "withdrawn in 2.7, kept"
    assert set(table.field("SCH", 6).types) == {"CWE", "CE"}
    assert table.field("PID", 3).repeats
    assert table.field("SCH", 12).repeats
    assert table.field("SCH", 0) is None


def test_names_as_people_know_them():
    table = segment_table()
    assert table.name("SCH-2") == "Filler Appointment ID"
    assert table.name("PID-3[2].4.1") == "Patient Identifier List, Assigning Authority, Namespace ID"
    assert table.name("ZZZ-1") == ""


def test_structures():
    table = segment_table()
    order = table.order("SIU_S12")
    assert order[:4] == ["MSH", "SCH", "TQ1", "NTE"]
    assert order.index("PID") < order.index("RGS") < order.index("AIS") < order.index("AIL")
    assert table.repeats("SIU_S12", "AIS")
    assert table.repeats("SIU_S12", "NTE")
    assert not table.repeats("SIU_S12", "SCH")
    assert table.order("XXX_X01") == []
