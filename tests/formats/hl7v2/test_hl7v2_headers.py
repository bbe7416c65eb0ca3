"""Headers and answers: what MSH says, what is rejected, and acknowledgements as the sender expects them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from integrator.errors import Rejected
from integrator.formats.hl7v2 import Delimiters, acknowledgement, answer, glimpse, header, parse
from integrator.formats.hl7v2.answers import TABLE_0357

AT = datetime(2026, 3, 2, 8, 12, 1, tzinfo=timezone(timedelta(hours=1)))
WHOLE = (
    b"MSH|^~\\&|ARIA^1.2^ISO|RT|EHR^9.9^ISO|KLINIK|20260302081200+0100||SIU^S12^SIU_S12|A-1|P^T|2.5.1^DEU"
    b"|||AL|NE|DEU|8859/1~UNICODE UTF-8\r"
    b"EVN|S12|20260302081159^M\r"
    b"PID|1||4711^^^K^MR~X99||HTEST-Muster\r"
)


def ack(found, code="AA", **more):
    return answer(found, code, control_id="OURS1", at=AT, **more)


def test_everything_that_receiving_needs():
    found = header(WHOLE)
    assert (found.type, found.event, found.structure) == ("SIU", "S12", "SIU_S12")
    assert (found.control_id, found.sent_at, found.version) == ("A-1", "20260302081200+0100", "2.5.1")
    assert (found.processing_id, found.accept_ack, found.application_ack) == ("P", "AL", "NE")
    assert (found.application, found.facility) == ("ARIA", "RT")
    assert (found.receiving_application, found.receiving_facility) == ("EHR", "KLINIK")
    assert (found.charset, found.charsets) == ("8859/1", ("8859/1", "UNICODE UTF-8"))
    assert (found.event_time, found.patient) == ("20260302081159", "4711^^^K^MR~X99")
    assert found.enhanced


def test_what_is_absent_is_empty():
    found = header(b"MSH|^~\\&|||||||ADT|7\rEVN|A08\rPIDX|1\r")
    assert (found.event, found.version, found.charset, found.charsets) == ("A08", "", "", ())
    assert (found.event_time, found.patient, found.enhanced) == ("", "", False)


def test_unknown_version_and_type_are_not_its_business():
    assert header(b"MSH|^~\\&|A|B|C|D|||XYZ^X99|7|P|9.9\r").version == "9.9"


def test_a_header_in_another_character_set_and_one_that_does_not_decode():
    line = "MSH|^~\\&|PLÄNE|Süd|C|D|||ADT^A08|7|P|2.5{}\rPID|1||Ä1\r"
    latin = line.format("").encode("latin-1")
    assert header(latin, "iso8859-1").application == "PLÄNE"
    assert header(line.format("||||||UNICODE UTF-8").encode()).patient == "Ä1"
    unreadable = header(line.format("||||||UNICODE UTF-8").encode("latin-1"))
    assert ack(unreadable).split(b"|")[4:6] == [b"PL\xc4NE", b"S\xfcd"], "their bytes come back as they were"


def test_utf_16_from_a_file():
    data = "MSH|^~\\&|PLÄNE|B|C|D|||ADT^A08|7\rEVN|A08|20260101\rPID|1||Ä1\r".encode("utf-16")
    found = header(data)
    assert (found.application, found.patient, found.event_time, found.codec) == ("PLÄNE", "Ä1", "20260101", "utf-16-le")


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"PID|1\r", "100", "MSH"),
        (b"hello", "100", "MSH"),
        (WHOLE + WHOLE, "100", "MSH[2]"),
        (WHOLE + b"\nMSH#!@%*#A\r", "100", "MSH[2]"),
        (b"MSH|^~\\&|A|B|C|D|||ADT^A08\r", "100", "MSH-10"),
        (b"MSH|^~\\&|A|B|C|D|||ADT^A08||P\r", "100", "MSH-10"),
        (b"MSH|^~\\&|A|B|C|D|||ADT^A08| |P\r", "100", "MSH-10"),
        (b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + WHOLE, "100", "FHS"),
    ],
)
def test_what_is_rejected_can_still_be_answered(data, code, place):
    with pytest.raises(Rejected) as caught:
        header(data)
    assert (caught.value.code, caught.value.place) == (code, place)
    reply = ack(glimpse(data), "AR", text=caught.value.text, err=(code, place, caught.value.text))
    assert acknowledgement(reply).code == "AR"
    assert acknowledgement(reply).error_code == code


def test_msh_in_the_middle_of_a_text_is_not_a_second_message():
    assert header(WHOLE + b"NTE|1||see MSH|1\rNTE|2||x\rZSH|MSH\rMSHX|1\r").control_id == "A-1"


def test_the_answer_in_full():
    data = ack(header(WHOLE), "CA")
    assert data == (
        b"MSH|^~\\&|EHR^9.9^ISO|KLINIK|ARIA^1.2^ISO|RT|20260302081201+0100||ACK^S12^ACK|OURS1|P^T|2.5.1^DEU"
        b"||||||8859/1~UNICODE UTF-8\rMSA|CA|A-1\r"
    )


def test_the_answer_speaks_with_the_senders_delimiters():
    found = header(b"MSH#!@%*#A#B#C#D###ADT!A01#M#7#P#2.4\r".replace(b"#M#7", b"#M7"))
    assert found.delimiters == Delimiters("#", "!", "@", "%", "*")
    read = parse(ack(found, "AE", text="100% #1"))
    assert read.raw("MSA-3") == "100%E% %F%1"
    assert (read.get("MSA-2"), read.get("MSA-3"), read.get("MSH-9.3")) == ("M7", "100% #1", "ACK")


def test_an_answer_where_the_sender_has_no_escape_character():
    read = parse(ack(header(b"MSH|^~|A|B|C|D|||ADT^A01|7|P|2.1\r"), "AR", text="a|b^c", err=("101", "PID-3", "x|y")))
    assert read.get("MSA-3") == "a b c"
    assert read.get("MSH-9") == "ACK"
    assert read.get("ERR-1.4").startswith("101 Required field missing")


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("2.1", "ACK"),
        ("2.3", "ACK^A01"),
        ("2.3.1", "ACK^A01^ACK"),
        ("", "ACK^A01^ACK"),
    ],
)
def test_the_type_of_the_answer_is_of_their_version(version, kind):
    found = header(f"MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|{version}\r".encode())
    assert parse(ack(found)).raw("MSH-9") == kind


def test_err_since_2_5():
    read = parse(ack(header(WHOLE), "AE", err=("102", "PID[1]-3[2].4", "no date | at all")))
    assert read.raw("ERR-2") == "PID^1^3^2^4"
    assert read.raw("ERR-3") == "102^Data type error^HL70357"
    assert read.get("ERR-4") == "E"
    assert read.get("ERR-8") == "no date | at all"
    assert read.raw("ERR-1") == ""


def test_err_before_2_5():
    old = header(WHOLE.replace(b"2.5.1", b"2.3.1"))
    data = ack(old, "AE", err=("101", "SCH-2", "no id"))
    assert parse(data).raw("ERR-1") == "SCH^1^2^101&Required field missing: no id&HL70357"
    assert acknowledgement(data)[3:] == ("101", "Required field missing: no id")
    assert parse(ack(old, "AE", err=("101", None, "no id"))).raw("ERR-1").startswith("^^^101&")


def test_reading_their_answer():
    reply = acknowledgement(ack(header(WHOLE), "AE", text="not today", err=("207", "PID-5", "database down")))
    assert reply == ("AE", "A-1", "not today", "207", "database down")
    assert not reply.accepted
    assert acknowledgement(ack(header(WHOLE), "CA")).accepted
    for wrong in (WHOLE, b"nonsense", b"MSH|^~\\&|A\rMSA\xff|AA|1\r"):
        with pytest.raises(Rejected):
            acknowledgement(wrong)


def test_every_code_of_table_0357_has_its_text():
    assert len(TABLE_0357) == 13
    for code, text in TABLE_0357.items():
        data = ack(header(WHOLE), "AE", err=(code, None, "why"))
        assert parse(data).get("ERR-3.2") == text


def test_our_clock_may_be_utc():
    data = answer(header(WHOLE), "AA", control_id="1", at=datetime(2026, 3, 2, tzinfo=UTC))
    assert parse(data).get("MSH-7") == "20260302000000+0000"
