"""Escape sequences: every one that HL7 has, those that nobody knows, and backslashes that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrator.errors import CannotWrite, Rejected
from integrator.formats.hl7v2 import STANDARD, Delimiters, delimiters, escape, unescape

FIVE = Delimiters(truncation="#")
ODD = Delimiters("#", "!", "@", "%", "*")
BARE = delimiters("|", "^~")

texts = st.text(st.one_of(st.sampled_from("|^~\\&#!@%*\n\r\x0b\x1c.EFSX"), st.characters(codec="utf-8")), max_size=30)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"one\.br\two", "one\ntwo"),
        (r"one\.sp\two\.sp2\three", "one\ntwo\n\nthree"),
        (r"a\.sk3\b", "a   b"),
        (r"\H\urgent\N\ now", "urgent now"),
        (r"\X41\\X0D0A\B", "A\r\nB"),
        (r"\Z99\ and \.in+4\ stay", r"\Z99\ and \.in+4\ stay"),
        (r"C:\temp\new", r"C:\temp\new"),
        (r"50\ and \F\ more", r"50\ and | more"),
        ("ends with \\", "ends with \\"),
        ("\\", "\\"),
        (r"\X4\ \XZZ\ ", r"\X4\ \XZZ\ "),
        (r"\P\ means nothing before 2.7", r"\P\ means nothing before 2.7"),
        ("", ""),
    ],
)
def test_unescape(raw, text):
    assert unescape(raw) == text


def test_the_truncation_character_of_2_7_is_escaped_where_msh_2_has_it():
    assert unescape(r"Bett \P\7", FIVE) == "Bett #7"
    assert escape("Bett #7", FIVE) == r"Bett \P\7"
    assert escape("Bett #7") == "Bett #7"


def test_hexadecimal_bytes_are_of_the_character_set_of_the_message():
    assert unescape(r"M\XFC\ller", STANDARD, "iso8859-1") == "Müller"
    assert unescape(r"M\XC3BC\ller", STANDARD, "utf-8") == "Müller"
    assert unescape(r"M\XFC\ller", STANDARD, "utf-8") == r"M\XFC\ller", "what does not decode is kept"
    assert unescape(r"a\X0D\b", STANDARD, "utf-16-le") == "a\rb"


def test_switched_character_sets_of_iso_2022():
    assert unescape(r"\M2442\;3ED\C2842\ Taro", STANDARD, "ascii") == "山田 Taro"
    assert unescape(r"\M2442\é\F\ ", STANDARD, "utf-8") == r"\M2442\é| ", "not such a text: kept, the rest is read"


@given(texts, st.sampled_from([STANDARD, FIVE, ODD, delimiters("|", "^~\\")]))
def test_escape_and_unescape_are_inverses(text, delims):
    raw = escape(text, delims)
    assert unescape(raw, delims) == text
    assert not set(raw) & {delims.field, delims.component, delims.repetition, delims.subcomponent, "\r", "\n"} - {""}


@given(st.text(max_size=40))
def test_unescape_takes_any_text(raw):
    assert isinstance(unescape(raw), str)


def test_a_message_without_escape_character_cannot_say_delimiters():
    assert unescape(r"a\F\b", BARE) == r"a\F\b"
    assert escape("plain", BARE) == "plain"
    with pytest.raises(CannotWrite):
        escape("a|b", BARE)


@pytest.mark.parametrize(
    ("field", "characters", "expected"),
    [
        ("|", "^~\\&", STANDARD),
        ("|", "^~\\&#", FIVE),
        ("|", "^~\\", Delimiters(subcomponent="")),
        ("|", "^~", Delimiters(escape="", subcomponent="")),
        ("|", "^", Delimiters(repetition="", escape="", subcomponent="")),
        ("#", "!@%*", ODD),
    ],
)
def test_delimiters_of_msh_1_and_2(field, characters, expected):
    assert delimiters(field, characters) == expected
    assert expected.encoding_characters == characters


@pytest.mark.parametrize(
    ("field", "characters", "code"),
    [
        ("", "", "100"),
        ("A", "^~\\&", "100"),
        (" ", "^~\\&", "100"),
        ("|", "", "101"),
        ("|", "^~\\&#$", "102"),
        ("|", "^^\\&", "102"),
        ("|", "^~|&", "102"),
        ("|", "ADT", "102"),
    ],
)
def test_delimiters_that_separate_nothing_are_rejected(field, characters, code):
    with pytest.raises(Rejected) as caught:
        delimiters(field, characters)
    assert caught.value.code == code
