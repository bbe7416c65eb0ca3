"""Messages: values by path, changes by path, what belongs to what, and that nobody sees a patient in a repr."""

from __future__ import annotations

import hl7
import pytest

from integrator.errors import CannotWrite, ConfigError
from integrator.formats.hl7v2 import Delimiters, Message, build, parse, parse_path

SIU = (
    b"MSH|^~\\&|ARIA|RT|EHR|K|20260302081200+0100||SIU^S12^SIU_S12|A1|P|2.5.1\r"
    b"SCH|P1^ARIA|F1^ARIA|||SER|MD^machine down|||||^^20^20260302100000^20260302102000\r"
    b"TQ1|1||||||20260302100000\r"
    b"NTE|1||first \\T\\ foremost\r"
    b'NTE|2||""\r'
    b"PID|1||4711^^^K&1.2.3&ISO^MR~X99^^^GKV^NI||HTEST-Muster^Anna\r"
    b"RGS|1\r"
    b"AIS|1|A|B1^Bestrahlung^L\r"
    b"NTE|1||for the staff\r"
    b"AIS|2|A|B2^Kontrolle^L\r"
    b"ZRT|7^8|a~b\r"
)


@pytest.fixture
def siu() -> Message:
    return parse(SIU)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("PID-3.1", "4711"),
        ("PID-3", "4711"),
        ("PID-3[2].1", "X99"),
        ("PID-3[2].4.1", "GKV"),
        ("PID-3.4.2", "1.2.3"),
        ("PID-3[3].1", None),
        ("AIS[2]-3.1", "B2"),
        ("AIS[3]-3.1", None),
        ("SCH-11.4", "20260302100000"),
        ("SCH-3", None),
        ("SCH-99", None),
        ("NTE-3", "first & foremost"),
        ("NTE[2]-3", '""'),
        ("ZRT-1.2", "8"),
        ("MSH-1", "|"),
        ("MSH-2", "^~\\&"),
        ("MSH-9.2", "S12"),
        ("PV1-1", None),
        ("PID-5.1.1", "HTEST-Muster"),
        ("PID-5.1.2", None),
    ],
)
def test_get(siu, path, value):
    assert siu.get(path) == value


def test_values_of_all_occurrences_and_repetitions(siu):
    assert siu.values("AIS[]-3.1") == ["B1", "B2"]
    assert siu.values("PID-3[].1") == ["4711", "X99"]
    assert siu.values("ZRT-2[]") == ["a", "b"]
    assert siu.values("AIS-3.1") == ["B1"]
    assert siu.values("PV1[]-1") == []


def test_raw_is_what_stands_at_exactly_that_place(siu):
    assert siu.raw("PID-3") == "4711^^^K&1.2.3&ISO^MR~X99^^^GKV^NI"
    assert siu.raw("PID-3[1]") == "4711^^^K&1.2.3&ISO^MR"
    assert siu.raw("PID-3.4") == "K&1.2.3&ISO"
    assert siu.raw("NTE-3") == "first \\T\\ foremost"
    assert siu.raw("PID-40") == siu.raw("PV1-2") == ""


def test_notes_belong_to_the_segment_before_them_and_a_tq1_counts_as_its_sch(siu):
    assert [note.raw(3) for note in siu.after("NTE", "SCH")] == ["first \\T\\ foremost", '""']
    assert [note.raw(3) for note in siu.after("NTE", "AIS")] == ["for the staff"]
    assert siu.after("NTE", siu.all("AIS")[1]) == []
    assert siu.owner(siu.all("TQ1")[0]) is siu.first("SCH")


def test_a_path_that_is_none_is_a_configuration_error():
    for text in ("PID", "PID3", "pid-3", "PID-0", "PID-3.", "PID-3[x]", "PIDX-3", ""):
        with pytest.raises(ConfigError):
            parse_path(text)


@pytest.mark.parametrize("text", ["PID-3", "PID-3[2].4.1", "AIS[2]-3.1", "AIS[]-4", "PID-3[].1", "SCH-11.4"])
def test_a_place_is_written_as_it_is_read(text):
    assert str(parse_path(text)) == text


def test_set_makes_what_is_missing_and_leaves_the_neighbours():
    message = Message.new()
    message.set("MSH-9.1", "SIU")
    message.set("MSH-9.2", "S12")
    message.set("PID-3[2].4.1", "K & L")
    message.set("AIS[2]-3.1", "B2")
    message.set("PID-3.1", "4711")
    message.set("PV1-2", None)
    assert build(message) == b"MSH|^~\\&|||||||SIU^S12\rPID|||4711~^^^K \\T\\ L\rAIS\rAIS|||B2\r"
    message.set("PID-3[2].4.1", None)
    assert build(message) == b"MSH|^~\\&|||||||SIU^S12\rPID|||4711\rAIS\rAIS|||B2\r"


def test_set_replaces_exactly_that_place(siu):
    siu.set("PID-3[2].1", "X100")
    siu.set("SCH-6.2", "patient ill")
    siu.set("AIS[2]-3.2", None)
    data = SIU.replace(b"X99", b"X100").replace(b"machine down", b"patient ill").replace(b"B2^Kontrolle^L", b"B2^^L")
    assert build(siu) == data
    assert parse(data) == siu


def test_segments_are_added_and_removed_in_place(siu):
    siu.add("DG1", after=siu.first("PID")).put(3, "C79.5")
    siu.remove(siu.all("NTE")[1])
    names = ["MSH", "SCH", "TQ1", "NTE", "PID", "DG1", "RGS", "AIS", "NTE", "AIS", "ZRT"]
    assert [segment.name for segment in siu.segments] == names
    assert [segment.index for segment in siu.segments] == list(range(11))
    assert siu.get("DG1-3") == "C79.5"


def test_a_message_without_last_line_end_gets_one_when_it_grows():
    message = parse(b"MSH|^~\\&|A\r\nPID|1")
    message.set("PV1-2", "O")
    assert build(message) == b"MSH|^~\\&|A\r\nPID|1\r\nPV1||O\r\n"


def test_what_the_character_set_or_the_delimiters_cannot_say_is_not_written():
    message = Message.new(Delimiters(escape="", subcomponent=""), "ascii")
    with pytest.raises(CannotWrite):
        message.set("PID-5.1.2", "von")
    with pytest.raises(CannotWrite):
        message.set("PID-5", "a|b")
    with pytest.raises(CannotWrite):
        message.set("MSH-2", "^")
    message.set("PID-5", "Müller")
    with pytest.raises(CannotWrite, match="ASCII"):
        build(message)
    assert build(message, "iso8859-1").endswith(b"M\xfcller\r")
    message.set("PID-5", "100 ¥")
    with pytest.raises(CannotWrite):
        build(message, "shift_jis")


def test_leaves_are_every_value_once(siu):
    places = {str(place): raw for place, raw in siu.leaves()}
    assert places["PID-3.4.2"] == "1.2.3"
    assert places["AIS[2]-3.2.1"] == "Kontrolle"
    assert places["ZRT-2[2].1.1"] == "b"
    assert places["MSH-2.1.1"] == "^~\\&"
    assert "SCH-3.1.1" not in places


def test_no_value_in_a_repr(siu):
    assert "Muster" not in repr(siu) + repr(siu.segments)


def test_the_hl7_package_reads_the_same():
    theirs = hl7.parse(SIU.decode())
    ours = parse(SIU)
    for segment in ("MSH", "SCH", "PID", "RGS"):
        for field in range(3 if segment == "MSH" else 1, len(theirs.segment(segment))):
            assert ours.raw(f"{segment}-{field}") == str(theirs.segment(segment)(field))
    assert ours.get("PID-3[2].4.1") == str(theirs["PID.F3.R2.C4"])
    assert ours.get("SCH-11.4") == str(theirs["SCH.F11.R1.C4"])
