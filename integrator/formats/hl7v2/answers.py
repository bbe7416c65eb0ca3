"""Acknowledgements: making ours (MSH, MSA, ERR) and reading theirs (HL7 v2.8.2 chapter 2, sections 2.9 and 2.15)."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from integrator.errors import CannotWrite, Held, Rejected
from integrator.formats.hl7v2.codec import parse
from integrator.formats.hl7v2.escapes import Delimiters, escape
from integrator.formats.hl7v2.headers import Header

# Table 0357, the texts that go beside the codes.
TABLE_0357 = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}


def answer(
    header: Header,
    code: str = "AA",
    text: str | None = None,
    err: tuple[str, str | None, str] | None = None,
    *,
    control_id: str,
    at: datetime,
) -> bytes:
    """An acknowledgement in the sender's own delimiters, version and character set.

    `code` is of table 0008 (AA AE AR, CA CE CR), `text` goes to MSA-3, `err` is (code of table 0357, place as
    "PID-5" or None, text for the sender's people), `control_id` our MSH-10, `at` our MSH-7 (aware).
    """
    delims = header.delimiters
    raw = header.raw
    theirs = (raw(3), raw(4), raw(5), raw(6), raw(11), raw(12), raw(18))
    before, between, after = _msh(theirs, header.event, header.version, delims)
    msh = f"{before}{at:%Y%m%d%H%M%S%z}{between}{escape(control_id, delims)}{after}"
    msa = ["MSA", code, header.control_id, *([_say(text, delims)] if text else [])]
    lines = [msh, delims.field.join(msa)]
    if err is not None:
        lines.append(delims.field.join(_err(header, *err)))
    # Their own bytes come back as they were; only our words could hold a character that their set lacks.
    return ("\r".join(lines) + "\r").encode(header.codec, "replace")


@lru_cache(maxsize=256)
def _msh(theirs: tuple[str, ...], event: str, version: str, delims: Delimiters) -> tuple[str, str, str]:
    """What all answers to one sender have before our MSH-7, between it and MSH-10, and after that."""
    application, facility, to_application, to_facility, processing_id, their_version, charset = theirs
    before = ["MSH", delims.encoding_characters, to_application, to_facility, application, facility, ""]
    between = ["", "", _type(event, version, delims), ""]
    after = ["", processing_id or "P", their_version or "2.5.1"]
    if charset:
        after += ["", "", "", "", "", charset]
    return delims.field.join(before), delims.field.join(between), delims.field.join(after)


def _type(event: str, version: str, delims: Delimiters) -> str:
    """ACK^S12^ACK; the structure came with 2.3.1, the event with 2.2."""
    parts = ["ACK"]
    if event and version != "2.1":
        parts.append(escape(event, delims))
        if version not in ("2.2", "2.3"):
            parts.append("ACK")
    return delims.component.join(parts)


def _err(header: Header, code: str, place: str | None, text: str) -> list[str]:
    delims = header.delimiters
    says = TABLE_0357.get(code, "Application internal error")
    where = _location(place)
    if _since_2_5(header.version):
        coded = delims.component.join([code, _say(says, delims), "HL70357"])
        return ["ERR", "", delims.component.join(where), coded, "E", "", "", "", _say(text, delims)]
    within = delims.subcomponent or " "
    coded = within.join([code, _say(f"{says}: {text}", delims), "HL70357"])
    segment, sequence, field, *_ = [*where, "", "", ""]
    return ["ERR", delims.component.join([segment, sequence, field, coded])]


def _since_2_5(version: str) -> bool:
    numbers = [int(part) for part in re.findall(r"\d+", version)[:2]]
    return len(numbers) < 2 or numbers >= [2, 5]


_WHERE = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?(?:-(\d+)(?:\[(\d+)\])?(?:\.(\d+)(?:\.(\d+))?)?)?")


def _location(place: str | None) -> list[str]:
    """ "PID-3[2].4" as the components of ERL: segment, sequence, field, repetition, component, subcomponent."""
    found = _WHERE.fullmatch(place or "")
    if found is None:
        return []
    segment, sequence, field, repetition, component, subcomponent = found.groups()
    parts = [segment, sequence or "1"]
    if field:
        parts += [field, repetition or "1"]
    parts += [part for part in (component, subcomponent) if part]
    return parts


def _say(text: str, delims: Delimiters) -> str:
    """Our own words in their delimiters; where they have no escape character, without what it would be needed for."""
    try:
        return escape(text, delims)
    except CannotWrite:
        return re.sub("[" + re.escape(delims.field + delims.encoding_characters + "\r\n\x0b\x1c") + "]", " ", text)


class Acknowledgement(NamedTuple):
    """What an answer to us says: MSA-1, MSA-2, MSA-3, and code and text of its first ERR."""

    code: str
    control_id: str
    text: str | None
    error_code: str | None
    error_text: str | None

    @property
    def accepted(self) -> bool:
        """Whether the receiver took the message."""
        return self.code in ("AA", "CA")


def acknowledgement(data: bytes, charset: str | None = None) -> Acknowledgement:
    """Reads an answer; raises Rejected where it cannot be read or has no MSA."""
    try:
        message = parse(data, charset)
    except Held as held:
        raise Rejected(f"an answer that cannot be read: {held.reason}", "100", held.place) from held
    if (msa := message.first("MSA")) is None:
        raise Rejected("an answer without MSA", "100", "MSA")
    get = message.get
    return Acknowledgement(
        get("MSA-1") or "",
        msa.raw(2),
        get("MSA-3"),
        get("ERR-3") or get("ERR-1.4"),
        get("ERR-8") or get("ERR-7") or get("ERR-3.2") or get("ERR-1.4.2"),
    )
