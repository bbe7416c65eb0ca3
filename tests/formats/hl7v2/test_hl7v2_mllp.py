"""MLLP framing: whole frames however the bytes are cut, and nothing but whole frames."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from integrator.formats.hl7v2 import Frame, Junk, TooLong, Unframer, frame

bodies = st.lists(st.binary(min_size=1, max_size=20).map(lambda b: b.replace(b"\x1c", b"\x1d")), max_size=5)


def fed(unframer: Unframer, data: bytes, cuts: list[int]) -> list[object]:
    edges = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [
        piece
        for start, end in zip(edges, [*edges[1:], len(data)], strict=True)
        for piece in unframer.feed(data[start:end])
    ]


@given(bodies, st.lists(st.integers(0, 130), max_size=8))
def test_frames_come_whole_wherever_the_stream_is_cut(sent, cuts):
    unframer = Unframer(1000)
    assert fed(unframer, b"".join(map(frame, sent)), cuts) == [Frame(body) for body in sent]
    assert unframer.open == 0


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=8))
def test_any_bytes_are_taken(data, cuts):
    unframer = Unframer(50)
    for piece in fed(unframer, data, cuts):
        assert isinstance(piece, Frame | Junk | TooLong)
        assert not isinstance(piece, Frame) or len(piece.data) <= 50


def test_cut_between_fs_and_cr():
    unframer = Unframer(100)
    assert unframer.feed(b"\x0bMSH|1\x1c") == []
    assert unframer.ends_in_doubt
    assert unframer.feed(b"\r\x0bMSH|2") == [Frame(b"MSH|1")]
    assert unframer.open
    assert unframer.feed(b"\x1c\r") == [Frame(b"MSH|2")]


def test_fs_without_cr_ends_at_the_next_vt_or_when_the_sender_pauses():
    unframer = Unframer(100)
    assert unframer.feed(b"\x0bMSH|1\x1c\x0bMSH|2\x1c") == [Frame(b"MSH|1")]
    assert unframer.settle() == [Frame(b"MSH|2")]
    assert unframer.feed(b"\r\x0bMSH|3\x1c\n") == [Frame(b"MSH|3")], "the CR that came late is nothing"
    assert unframer.settle() == []


def test_an_fs_within_a_message_does_not_cut_it():
    assert Unframer(100).feed(b"\x0ba\x1cb\x1c\r") == [Frame(b"a\x1cb")]


def test_junk_before_a_frame_is_counted():
    unframer = Unframer(100)
    assert unframer.feed(b"GET / HTTP/1.1\r\n\x0bMSH\x1c\r") == [Junk(14), Frame(b"MSH")]
    assert unframer.feed(b"\r\n\r\n") == []
    assert unframer.feed(b"xx") == [Junk(2)]


def test_a_frame_over_the_limit_is_told_once_and_skipped():
    unframer = Unframer(10)
    assert unframer.feed(b"\x0b12345") == []
    assert unframer.feed(b"6789012") == [TooLong(b"1234567890")]
    assert unframer.feed(b"x" * 100_000) == []
    assert len(unframer._buffer) < 10
    assert unframer.feed(b"\x1c") == []
    assert unframer.feed(b"\r\x0bMSH\x1c\r") == [Frame(b"MSH")]
    assert unframer.feed(b"\x0b1234567890\x1c\r") == [Frame(b"1234567890")], "exactly the limit is not over it"


def test_what_is_open_is_truncated_if_it_ends_now():
    unframer = Unframer(100)
    assert unframer.open == 0
    unframer.feed(b"\x0b")
    assert unframer.open == 1
    unframer.feed(b"MSH|")
    assert unframer.open == 5
    assert unframer.settle() == []
