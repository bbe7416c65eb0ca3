"""Where a value stands in the bytes of its message, down to the subcomponent, whatever the character set."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrator.formats.hl7v2.message import Message
    from integrator.formats.hl7v2.segment import Segment


def span_of(
    message: Message,
    segment_index: int,
    field: int,
    repetition: int | None = None,
    component: int | None = None,
    subcomponent: int | None = None,
) -> tuple[int, int] | None:
    """(start, end) in the bytes that the message was read from, or in those that `build` makes of it now."""
    segment = message.segments[segment_index]
    before = len(message.lead) + sum(len(other.line) + len(other.end) for other in message.segments[:segment_index])
    inside = _in_line(segment, field, repetition, component, subcomponent)
    if inside is None:
        return None
    start, end = before + inside[0], before + inside[1]
    data = message.untouched()
    if data is None:
        data = message.text().encode(message.charset)
    if data.isascii() and not message.charset.startswith(("iso2022", "utf-16", "utf-32")):
        return start, end
    offsets = byte_offsets(data, message.charset)
    return offsets[start], offsets[end]


def _in_line(
    segment: Segment, field: int, repetition: int | None, component: int | None, subcomponent: int | None
) -> tuple[int, int] | None:
    """The value's characters within the segment's line."""
    fields = segment.fields
    if field >= len(fields):
        return None
    if segment.is_verbatim(field):
        start = 3 if field == 1 else 4
        return start, start + len(fields[field])
    start = sum(len(one) + 1 for one in fields[:field])
    if fields[1:2] and segment.is_verbatim(1):
        start -= 2  # MSH-1 is one of the separators, not a field between two of them
    text = fields[field]
    delims = segment.delimiters
    for number, separator in (
        (repetition, delims.repetition),
        (component, delims.component),
        (subcomponent, delims.subcomponent),
    ):
        if number is None:
            continue
        parts = text.split(separator) if separator else [text]
        if number > len(parts):
            return None
        start += sum(len(part) + 1 for part in parts[: number - 1])
        text = parts[number - 1]
    return start, start + len(text)


def byte_offsets(data: bytes, codec: str) -> list[int]:
    """For every character the byte at which it begins, and at last the length; codecs with states included.

    A shift sequence belongs to the character that it precedes.
    """
    decoder = codecs.getincrementaldecoder(codec)("strict")
    offsets = [0]
    for position in range(len(data)):
        made = decoder.decode(data[position : position + 1])
        # A byte may complete several characters (combined Big5 and Shift-JIS letters): they share it.
        offsets.extend([position + 1] * len(made))
    if decoder.decode(b"", final=True) or offsets[-1] != len(data):
        offsets[-1] = len(data)
    return offsets
