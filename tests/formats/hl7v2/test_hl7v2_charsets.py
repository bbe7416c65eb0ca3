"""Character sets: all of table 0211 that Python has, who decides, and that no byte is ever lost."""

from __future__ import annotations

import pytest

from integrator.errors import Held
from integrator.formats.hl7v2 import build, charset_codec, charset_name, decode_message, parse
from integrator.formats.hl7v2.charsets import TABLE_0211

SAMPLES = {
    "ASCII": "Mueller",
    "ISO IR6": "Mueller",
    "8859/1": "Müller",
    "8859/2": "Łódź",
    "8859/3": "Ħal",
    "8859/4": "Ķēniņš",
    "8859/5": "Иванов",
    "8859/6": "محمد",
    "8859/7": "Παπάς",
    "8859/8": "שלום",
    "8859/9": "Şahin",
    "8859/15": "Œuvre 5 €",
    "ISO IR14": "山田",
    "ISO IR87": "山田",
    "ISO IR159": "丂山",
    "GB 18030-2000": "王小明",
    "KS X 1001": "홍길동",
    "BIG-5": "王小明",
    "UNICODE": "Müller 山",
    "UNICODE UTF-8": "Müller 山",
    "UNICODE UTF-16": "Müller 山",
    "UNICODE UTF-32": "Müller 山",
}


def message(charset: str, name: str) -> str:
    return (
        f"MSH|^~\\&|A|B|C|D|20260301||ADT^A08|1|P|2.5.1||||||{charset}\r"
        f"PID|1||4711^^^K~4712||HTEST-{name}^Anna~Zweit&von^{name}|{name}\r"
    )


def test_every_name_of_the_table_has_a_sample_or_no_codec():
    assert set(SAMPLES) == {name for name, codec in TABLE_0211.items() if codec}
    assert [name for name, codec in TABLE_0211.items() if codec is None] == ["CNS 11643-1992"]


@pytest.mark.parametrize(("charset", "name"), SAMPLES.items())
def test_msh_18_decides(charset, name):
    said = f"~{charset}" if charset.startswith("ISO IR") and charset != "ISO IR6" else charset
    data = message(said, name).encode(TABLE_0211[charset])
    read = parse(data, "ascii")
    assert read.get("PID-5.1") == f"HTEST-{name}"
    assert read.get("PID-5[2].2") == name
    assert build(read) == data
    for place, raw in read.leaves():
        start, end = read.span_at(place)
        if place.segment != "MSH":
            assert data[start:end].decode(read.charset) == raw


@pytest.mark.parametrize(
    ("sent", "codec"),
    [
        ("iso-8859-1", "iso8859-1"),
        ("ISO 8859-15", "iso8859-15"),
        ("utf-8", "utf-8"),
        ("UNICODE  UTF-8", "utf-8"),
        ("ISO_IR 100", "iso8859-1"),
        ("windows-1252", "cp1252"),
        ("EBCDIC", None),
        ("", None),
        ("8859/10", None),
    ],
)
def test_what_senders_write_instead(sent, codec):
    assert charset_codec(sent) == codec


def test_charset_name_is_the_name_for_msh_18():
    assert charset_name("utf-8") == "UNICODE UTF-8"
    assert charset_name("iso8859-1") == "8859/1"
    assert charset_name("cp1252") == "cp1252"


def test_the_source_decides_where_msh_18_is_silent_and_else_it_is_ascii():
    data = message("", "Müller").encode("latin-1")
    assert parse(data, "iso8859-1").get("PID-6") == "Müller"
    with pytest.raises(Held, match="bytes that are not ASCII") as caught:
        parse(data)
    assert (caught.value.place, caught.value.text) == ("PID-5", None)


def test_msh_18_wins_over_the_source():
    data = message("UNICODE UTF-8", "Müller").encode()
    assert parse(data, "iso8859-1").get("PID-6") == "Müller"
    with pytest.raises(Held, match="bytes that are not ASCII"):
        parse(message("ASCII", "Müller").encode("latin-1"), "iso8859-1")


@pytest.mark.parametrize(
    ("charset", "body", "place"),
    [
        ("UNICODE UTF-8", b"PID|1||4711||M\xfcller\rNTE|1||x\r", "PID-5"),
        ("UNICODE UTF-8", b"PID|1||4711||Muller\rNTE|1||x\rNTE|2||M\xfc\r", "NTE[2]-3"),
        ("8859/1", b"PID|1||4711||5 \x80\r", "PID-5"),
        ("8859/7", b"PID|1||4711^\xff\r", "PID-3"),
        ("GB 18030-2000", b"PID|1||4711||\xff\r", "PID-5"),
        ("~ISO IR87", b"PID|1||4711||\x1b$B\xff\xff\r", "PID-5"),
        ("CNS 11643-1992", b"PID|1||4711||\xc4\xe3\r", "PID-5"),
        ("KLINGON", b"PID|1||4711||\xc4\xe3\r", "PID-5"),
    ],
)
def test_bytes_that_are_not_of_the_set_are_held_with_their_place(charset, body, place):
    with pytest.raises(Held) as caught:
        parse(message(charset, "x").split("PID")[0].encode() + body)
    assert caught.value.reason.startswith("bytes that are not")
    assert (caught.value.place, caught.value.text) == (place, None)


def test_the_reason_names_the_set_that_msh_18_names():
    with pytest.raises(Held, match="bytes that are not ISO IR87"):
        parse(message("~ISO IR87", "x").encode() + b"NTE|1||\xff\r")


def test_an_unknown_set_loses_nothing_while_all_is_ascii():
    assert parse(message("CNS 11643-1992", "Wang").encode()).get("PID-6") == "Wang"


def test_a_bad_byte_in_the_header_is_found_there():
    with pytest.raises(Held) as caught:
        parse(b"MSH|^~\\&|A\xfc|B|C|D|20260301||ADT^A08|1|P|2.5.1||||||UNICODE UTF-8\rPID|1\r")
    assert caught.value.place == "MSH-3"


def test_a_source_may_widen_8859_1_to_the_cp1252_that_it_really_sends():
    data = message("8859/1", "Müller 5 €").encode("cp1252")
    assert parse(data, "cp1252").get("PID-6") == "Müller 5 €"
    with pytest.raises(Held):
        parse(data)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_a_byte_order_mark_or_zeros_say_what_the_bytes_are(codec):
    data = message("", "Müller 山").encode(codec)
    read = parse(data)
    assert read.get("PID-6") == "Müller 山"
    assert build(read) == data
    start, end = read.span_at("PID-6")
    assert data[start:end].decode(read.charset) == "Müller 山"


@pytest.mark.parametrize(
    ("said", "codec"), [("8859/1", "utf-8-sig"), ("UNICODE UTF-16", "ascii"), ("UNICODE UTF-8", "utf-16")]
)
def test_bytes_that_contradict_msh_18_are_held(said, codec):
    with pytest.raises(Held, match="bytes that are not"):
        parse(message(said, "Anna").encode(codec))


def test_decoding_alone_looks_at_nothing_else():
    data = message("8859/1", "Müller").encode("latin-1") + b"no segment at all\r"
    assert decode_message(data) == (data.decode("latin-1"), "iso8859-1")
    with pytest.raises(Held, match="bytes that are not ASCII") as caught:
        decode_message(b"\xff")
    assert caught.value.place == "byte 1"
