"""The codec: parse and build are exact inverses, spans are exact, and bad input gets a reason."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrator.errors import Held, Rejected
from integrator.formats.hl7v2 import Message, build, glimpse, header, parse, split_messages
from integrator.formats.hl7v2.segment import Segment

HEAD = b"MSH|^~\\&|ARIA|RT|EHR|K|20260302081200||ADT^A08|A1|P|2.5.1\r"

CODECS = ["ascii", "iso8859-1", "utf-8", "cp1252", "iso8859-5", "gb18030", "euc_kr", "big5", "shift_jis"]
# Bytes of these may look like a line end or a separator in the middle of a character; senders must not use them so.
SEPARATORS = st.permutations("|^~\\&#!@%*$?").map(lambda found: "".join(found[:5]))
ENDS = st.sampled_from(["\r", "\r\n", "\n", "\r\r", "\n\n", "\r \r"])


@st.composite
def messages(draw) -> tuple[str, str]:
    """The text of a message and a codec that has all of it."""
    codec = draw(st.sampled_from(CODECS))
    separators = draw(SEPARATORS)
    letters = st.one_of(st.sampled_from(separators + '" .XEF'), st.characters(codec=codec, exclude_characters="\r\n¥‾ㅤ"))
    text = "MSH" + separators + separators[0] + draw(st.text(letters, max_size=20)) + draw(ENDS)
    for _ in range(draw(st.integers(0, 5))):
        name = draw(st.sampled_from(["PID", "NTE", "ZA1", "AIS", "OBX"]))
        body = draw(st.one_of(st.none(), st.text(letters, max_size=30)))
        text += name + ("" if body is None else separators[0] + body) + draw(ENDS)
    return text.rstrip("\r\n ") if draw(st.booleans()) else text, codec


def tame(text: str, codec: str) -> bool:
    """Whether MSH-18 is silent and the codec gives every character back."""
    line = text.replace("\n", "\r").split("\r")[0]
    fields = line.split(text[3])
    return not (len(fields) > 17 and fields[17]) and text.encode(codec).decode(codec) == text


@settings(max_examples=300, deadline=None)
@given(messages())
def test_parse_and_build_are_inverses_and_spans_are_exact(made):
    text, codec = made
    if not tame(text, codec):
        return
    data = text.encode(codec)
    try:
        message = parse(data, codec)
    except (Held, Rejected):  # C1 controls of 8859, a field that begins a line with nothing of a segment
        return
    assert build(message) == data
    anew = [Segment(s.name, s.line, s.end, s.delimiters, s.charset, s.index) for s in message.segments]
    rebuilt = Message(anew, message.delimiters, codec, message.lead)
    assert build(rebuilt) == data, "not from memory, but from its parts"
    assert parse(build(rebuilt), codec) == message
    for place, raw in message.leaves():
        start, end = message.span_at(place)
        assert data[start:end].decode(codec) == raw
        assert message.raw(str(place)) == raw


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(lambda tail: HEAD + tail)))
def test_any_bytes_are_read_or_answered_with_a_reason(data):
    glimpse(data)
    for charset in (None, "iso8859-1", "utf-8", "utf-16"):
        with contextlib.suppress(Rejected):
            header(data, charset)
        with contextlib.suppress(Rejected, Held):
            assert build(parse(data, charset)) == data


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["PID", "AIS[2]", "NTE[3]"]),
            st.integers(1, 9),
            st.integers(1, 3),
            st.integers(1, 3),
            st.integers(1, 3),
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=10),
        ),
        max_size=8,
    )
)
def test_what_is_set_is_what_is_read(values):
    message = Message.new()
    expected = {}
    for segment, field, repetition, component, subcomponent, text in values:
        path = f"{segment}-{field}[{repetition}].{component}.{subcomponent}"
        message.set(path, text)
        expected[path] = text
    again = parse(build(message), "utf-8")
    assert again == message
    assert {path: again.get(path) for path in expected} == expected


def test_every_public_sample_and_edge_case_is_read_or_answered_with_a_reason(shared_data):
    answered = {}
    files = sorted((shared_data / "hl7v2").glob("*/*.hl7"))
    assert len(files) > 30
    for file in files:
        for data in split_messages(file.read_bytes()):
            try:
                message = parse(data, "utf-8")
                header(data, "utf-8")
            except (Held, Rejected) as reason:
                answered[file.name] = str(reason)
                continue
            assert build(message) == data
            for place, raw in message.leaves():
                start, end = message.span_at(place)
                assert data[start:end].decode() == raw
    assert answered == {
        "invalid-missing-msh.hl7": "no MSH segment at the start",
        "invalid-segment-header-length.hl7": "a line that does not begin with a segment name of three characters",
    }


@pytest.mark.parametrize("ending", [b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\n \n"])
def test_every_line_end_is_taken_and_given_back(ending):
    data = HEAD.rstrip() + ending + b"PID|1||4711" + ending
    message = parse(data)
    assert [segment.name for segment in message.segments] == ["MSH", "PID"]
    assert message.get("PID-3") == "4711"
    assert build(message) == data


def test_blank_lines_before_the_header_are_tolerated():
    data = b"\r\n\n" + HEAD
    assert build(parse(data)) == data
    assert header(data).control_id == "A1"


@pytest.mark.parametrize("line", [b"PIDX|1", b"PV|1", b"pid|1", b"a note that went over the line", b"P|1", b"PID^1"])
def test_a_line_without_segment_name_is_held_and_says_which(line):
    with pytest.raises(Held) as caught:
        parse(HEAD + b"EVN|A08\r" + line + b"\r")
    assert caught.value.place == "segment 3"
    assert line[:40].decode().startswith(caught.value.text)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "100"),
        (b"PID|1\r", "100"),
        (b"MSH", "100"),
        (b"MSH|", "101"),
        (b"MSH||A|B\r", "101"),
        (b"MSH|^~\\^|A|B\r", "102"),
        (b"MSHA^~\\&AXA\r", "100"),
        (HEAD + HEAD, "100"),
        (b"FHS|^~\\&|A\r" + HEAD, "100"),
    ],
)
def test_what_is_no_message_is_rejected(data, code):
    with pytest.raises(Rejected) as caught:
        parse(data)
    assert caught.value.code == code
    with pytest.raises(Rejected):
        header(data)


def test_a_segment_may_be_only_its_name():
    message = parse(HEAD + b"PV1\rZZ1\r")
    assert message.get("PV1-2") is None
    message.set("PV1-2", "O")
    assert build(message).endswith(b"PV1||O\rZZ1\r")


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"PID|1\r" + HEAD + b"PID|2\r",
        b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + HEAD + b"PID|1\r" + HEAD + b"PID|2\rBTS|2\rFTS|1\r",
        b"\x0b" + HEAD + b"PID|1\r\x1c\r\x0b" + HEAD + b"PID|2\r\x1c\r",
        b"\n\x0b" + HEAD + b"PID|1\r\x1c\r\x0b" + HEAD + b"PID|2\r",
        b"\n".join([HEAD, b"PID|1\r", HEAD, b"PID|2\r"]),
        (HEAD + b"PID|1\r" + HEAD + b"PID|2\r").decode().encode("utf-16"),
        b"\xef\xbb\xbf" + HEAD + b"PID|1\r" + HEAD + b"PID|2\r",
    ],
)
def test_a_file_of_many_messages_is_cut_into_them(data):
    assert [parse(one).get("PID-1") for one in split_messages(data)] == ["1", "2"]


def test_a_file_that_does_not_begin_with_a_header_loses_nothing():
    pieces = split_messages(b"PID|0\r" + HEAD)
    assert pieces == [b"PID|0\r", HEAD]
    assert split_messages(b"hello") == [b"hello"]
    assert split_messages(b"\r\n") == []
