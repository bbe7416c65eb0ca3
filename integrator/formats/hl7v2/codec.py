"""Bytes to a message and back: exact inverses, without a lost character."""

from __future__ import annotations

import re
from functools import lru_cache

from integrator.errors import CannotWrite, Held, Rejected
from integrator.formats.hl7v2.charsets import charset_name, choose, decode, sniff
from integrator.formats.hl7v2.escapes import Delimiters, delimiters
from integrator.formats.hl7v2.headers import charset_names, line_end
from integrator.formats.hl7v2.message import Message
from integrator.formats.hl7v2.segment import HEADERS, Segment

# CR ends a segment; CRLF and LF come from editors and file drops. Blank lines belong to the end before them.
_END = re.compile(r"((?:\r\n?|\n)(?:[ \t]*(?:\r\n?|\n))*(?:[ \t]+\Z)?)")
_LEAD = re.compile(r"\ufeff?[ \t\r\n]*")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")


def parse(data: bytes, charset: str | None = None) -> Message:
    """A message of one MSH; `charset` is the source's codec, used where MSH-18 is silent (None: ASCII).

    `build(parse(data)) == data`. Raises Rejected for a structure that is no message, Held for bytes that the
    character set does not have and for a line that does not begin with a segment name.
    """
    text, codec = decode_message(data, charset)
    lead = "" if text.startswith("MSH") else _LEAD.match(text)[0]  # type: ignore[index]
    body = text[len(lead) :]
    delims = msh_delimiters(body)
    return Message(_segments(body, delims, codec), delims, codec, lead, data, text)


def decode_message(data: bytes, charset: str | None = None, msh_18: tuple[str, ...] | None = None) -> tuple[str, str]:
    """The text of a message and the codec that it is in: MSH-18, else `charset`, else ASCII; nothing else is looked at.

    `msh_18` are its repetitions, where the header was read already. Raises Held, with a reason that begins "bytes that
    are not", at the first byte that the set does not have.
    """
    seen = sniff(data)
    codec, name = choose(_msh_18(data, seen) if msh_18 is None else msh_18, charset, seen)
    if codec != seen and (seen is not None or codec in ("utf-16", "utf-32")):
        raise Held(f"bytes that are not {name}, as their first ones show", "MSH-18")
    try:
        text = decode(data, codec)
    except UnicodeDecodeError as error:
        raise Held(f"bytes that are not {name}", _place_of(data, error.start, codec)) from error
    return text, codec


def build(message: Message, charset: str | None = None) -> bytes:
    """The bytes of a message, in its own character set or in another codec; untouched ones come back as they came.

    Raises CannotWrite where the character set does not have a character. MSH-18 is the caller's to set.
    """
    codec = charset or message.charset
    if codec == message.charset and (data := message.untouched()) is not None:
        return data
    text = message.text()
    try:
        data = text.encode(codec)
    except UnicodeEncodeError as error:
        raise CannotWrite(f"a character that {charset_name(codec)} does not have") from error
    # Some Asian codecs write one character as another (a yen sign becomes the backslash of Shift-JIS).
    if not codec.startswith(("utf", "ascii", "iso8859")) and data.decode(codec) != text:
        raise CannotWrite(f"a character that {charset_name(codec)} does not have")
    return data


def msh_delimiters(body: str) -> Delimiters:
    """The delimiters of a text that begins with MSH; raises Rejected where it does not."""
    if not body.startswith("MSH"):
        what = "a batch (FHS, BHS), not a message" if body[:3] in HEADERS else "no MSH segment at the start"
        raise Rejected(what, "100", "MSH")
    field = body[3:4]
    end = body.find(field, 4) if field else -1
    if not 0 <= end <= 9 or "\r" in body[4:end] or "\n" in body[4:end]:  # the line ends with MSH-2, or within it
        end = min((at for at in (body.find("\r", 4), body.find("\n", 4), end) if at >= 0), default=len(body))
    return delimiters(field, body[4:end])


def _msh_18(data: bytes, seen: str | None) -> tuple[str, ...]:
    """The repetitions of MSH-18, read before the character set is known: its names are ASCII."""
    plain = data.decode(seen, "replace").encode() if seen and seen != "utf-8" else data
    start = plain.find(b"MSH")
    if start < 0:
        return ()
    line = plain[start : line_end(plain, start)]
    fields = line.split(line[3:4], 18) if line[3:4] else []
    return charset_names(fields[17].decode("latin-1"), fields[1][1:2].decode("latin-1")) if len(fields) > 17 else ()


def _segments(body: str, delims: Delimiters, codec: str) -> list[Segment]:
    segments = _plain_segments(body, delims, codec) or _any_segments(body, delims, codec)
    if body.find("MSH", 4) > 0 and sum(segment.name == "MSH" for segment in segments) > 1:
        raise Rejected("two MSH segments in one message", "100", "MSH[2]")
    return segments


def _plain_segments(body: str, delims: Delimiters, codec: str) -> list[Segment] | None:
    """The segments of a message as most are: CR after each, names that were seen before; None if it is not so."""
    if "\n" in body:
        return None
    lines = body.split("\r")
    last = lines.pop()
    if last:
        lines.append(last)
    names = _names(delims.field)
    try:
        segments = [Segment(names[line[:4]], line, "\r", delims, codec, n) for n, line in enumerate(lines)]
    except KeyError:
        return None
    if last:
        segments[-1].end = ""
    return segments


def _any_segments(body: str, delims: Delimiters, codec: str) -> list[Segment]:
    """The segments of any message; raises Held for a line that is none."""
    pieces = _END.split(body)
    if pieces[-1]:
        pieces.append("")
    return [
        Segment(_name(line, delims, position), line, end, delims, codec, position)
        for position, (line, end) in enumerate(zip(pieces[::2], pieces[1::2], strict=False))
    ]


@lru_cache(maxsize=64)
def _names(separator: str) -> dict[str, str]:
    """Segment names by the four characters that lines begin with, learned as they come."""
    return {"MSH" + separator: "MSH"}


def _name(line: str, delims: Delimiters, position: int) -> str:
    """The name of the segment that stands in this line; raises Held if it has none."""
    start = line[:4]
    name = start[:3]
    if start[3:] not in (delims.field, "") or not _NAME.fullmatch(name):
        raise Held(
            "a line that does not begin with a segment name of three characters",
            f"segment {position + 1}",
            line.split(delims.field, 1)[0][:40],
        )
    known = _names(delims.field)
    if len(known) < 1000:
        known[start] = name
    return name


def _place_of(data: bytes, position: int, codec: str) -> str:
    """The segment and field in which the byte at `position` stands; all before it decodes."""
    before = data[:position].decode(codec, "ignore")
    lines = [line for line in re.split(r"[\r\n]+", before.lstrip("\ufeff\r\n \t"))]
    last = lines[-1]
    name = last[:3]
    if not _NAME.fullmatch(name) or not lines[0].startswith("MSH"):
        return f"byte {position + 1}"
    field = last.count(lines[0][3:4]) + (1 if name in HEADERS else 0)
    occurrence = sum(1 for line in lines if line[:3] == name)
    return f"{name}{f'[{occurrence}]' if occurrence > 1 else ''}-{field}"
