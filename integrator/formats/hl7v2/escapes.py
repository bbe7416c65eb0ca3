"""The delimiters of a message and the escape sequences that let values hold them (HL7 v2.8.2 chapter 2, 2.7)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from integrator.errors import CannotWrite, Rejected
from integrator.formats.hl7v2.charsets import decode


class Delimiters(NamedTuple):
    """What MSH-1 and MSH-2 say; an empty text is a delimiter that this message does not have."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""

    @property
    def encoding_characters(self) -> str:
        """MSH-2 as it is written."""
        return self.component + self.repetition + self.escape + self.subcomponent + self.truncation


STANDARD = Delimiters()


@lru_cache(maxsize=256)
def delimiters(field: str, encoding_characters: str) -> Delimiters:
    """MSH-1 and MSH-2 as delimiters; raises Rejected where they cannot separate anything.

    MSH-2 has four characters, or five since 2.7; senders of 2.1 leave out those that they never use.
    """
    everything = field + encoding_characters
    if len(field) != 1 or field.isalnum() or field.isspace():
        raise Rejected("MSH-1 is not a field separator", "100", "MSH-1")
    if not encoding_characters:
        raise Rejected("MSH-2 says no encoding characters", "101", "MSH-2")
    if len(encoding_characters) > 5 or any(c.isalnum() or c.isspace() for c in encoding_characters):
        raise Rejected("MSH-2 is not two to five encoding characters", "102", "MSH-2")
    if len(set(everything)) != len(everything):
        raise Rejected("MSH-1 and MSH-2 use one character twice", "102", "MSH-2")
    found = Delimiters(field, *encoding_characters)._replace(**_missing(encoding_characters))
    return STANDARD if found == STANDARD else found


def _missing(encoding_characters: str) -> dict[str, str]:
    names = ("component", "repetition", "escape", "subcomponent", "truncation")
    return dict.fromkeys(names[len(encoding_characters) :], "")


def escape(text: str, delims: Delimiters = STANDARD) -> str:
    r"""A text as it may stand in a value: delimiters as \F\ \S\ ..., a new line as \.br\, other controls as \X..\.

    `unescape(escape(text)) == text` for every text. Raises CannotWrite where the message has no escape
    character and the text needs one.
    """
    needed, names = _escape_table(delims)
    if not needed.search(text):
        return text
    if not delims.escape:
        raise CannotWrite("a text with delimiters in a message without an escape character (MSH-2)")
    return needed.sub(lambda found: names[found.group()], text)


@lru_cache(maxsize=256)
def _escape_table(delims: Delimiters) -> tuple[re.Pattern[str], dict[str, str]]:
    mark = delims.escape
    names = {
        letter_of: f"{mark}{letter}{mark}"
        for letter_of, letter in (
            (delims.field, "F"),
            (delims.component, "S"),
            (delims.subcomponent, "T"),
            (delims.repetition, "R"),
            (delims.escape, "E"),
            (delims.truncation, "P"),
        )
        if letter_of
    }
    names["\n"] = f"{mark}.br{mark}"
    names["\r"] = f"{mark}X0D{mark}"
    # VT and FS would end the frame on the wire (MLLP), so they travel as hexadecimal too.
    names["\x0b"] = f"{mark}X0B{mark}"
    names["\x1c"] = f"{mark}X1C{mark}"
    return re.compile("[" + re.escape("".join(names)) + "]"), names


def unescape(raw: str, delims: Delimiters = STANDARD, charset: str = "ascii") -> str:
    r"""The text of a raw value; `charset` is the Python codec that the bytes of \X..\ are in.

    What is not known, or does not decode, is kept as it stands; so is a lone escape character.
    """
    mark = delims.escape
    if not mark or mark not in raw:
        return raw
    parts = raw.split(mark)
    if any(_SET.fullmatch(part) for part in parts[1:-1]):
        # \C..\ and \M..\ stand for the shift sequences of ISO 2022 (section 2.7.2).
        try:
            return _joined(parts, delims, charset, shifts=True).encode("ascii").decode("iso2022_jp_ext")
        except UnicodeError:
            pass  # not such a text: the sequences are kept as they stand
    return _joined(parts, delims, charset, shifts=False)


def _joined(parts: list[str], delims: Delimiters, charset: str, shifts: bool) -> str:
    """The text between and of the sequences; `parts` is the raw text split at the escape character."""
    mark = delims.escape
    text = [parts[0]]
    position, last = 1, len(parts) - 1
    while position <= last:
        meaning = _meaning(parts[position], delims, charset, shifts) if position < last else None
        if meaning is None:  # no closing mark, or not a sequence: the mark is an ordinary character here
            text.append(mark + parts[position])
            position += 1
            continue
        text.append(meaning)
        text.append(parts[position + 1])
        position += 2
    return "".join(text)


_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")
_SET = re.compile(r"C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?")
_LINES = re.compile(r"\.(sp|sk) ?\+?(\d{0,3})")


def _meaning(inside: str, delims: Delimiters, charset: str, shifts: bool) -> str | None:
    """What stands between two escape characters, as text; None if it is no sequence that we know."""
    letter = _LETTERS.get(inside)
    if letter is not None:
        return getattr(delims, letter) or None
    if inside in ("H", "N"):  # highlighting starts and ends: there is no such thing in a text
        return ""
    if inside == ".br":
        return "\n"
    if lines := _LINES.fullmatch(inside):
        return ("\n" if lines[1] == "sp" else " ") * int(lines[2] or 1)
    if hexadecimal := _HEX.fullmatch(inside):
        return _of_bytes(bytes.fromhex(hexadecimal[1]), charset)
    if shifts and _SET.fullmatch(inside):
        return "\x1b" + bytes.fromhex(inside[1:]).decode("latin-1")
    return None


def _of_bytes(data: bytes, charset: str) -> str | None:
    r"""Bytes written as \X..\, in the message's set or, in UTF-16 and UTF-32 where nobody writes pairs, in ASCII."""
    for codec in (charset, "ascii"):
        try:
            return decode(data, codec)
        except UnicodeDecodeError:
            continue
    return None


_LETTERS = {
    "F": "field",
    "S": "component",
    "T": "subcomponent",
    "R": "repetition",
    "E": "escape",
    "P": "truncation",
}
