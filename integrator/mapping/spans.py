"""Where a place of a tree stands in the bytes of its message."""

from __future__ import annotations

from integrator.formats.hl7v2 import Message
from integrator.mapping.walk import Loc


def bytes_of(message: Message, loc: Loc) -> tuple[int, int] | None:
    """(start, end) of what stands at (segment, position, field, repetition, component, subcomponent); None: nowhere."""
    names = [one for one in loc if isinstance(one, str)]
    numbers = [one for one in loc if isinstance(one, int)]
    segments = message.all(names[0])
    if len(names) < 2 or not numbers or numbers[0] >= len(segments) or not names[1].isdigit():
        return None
    repetition = numbers[1] + 1 if len(numbers) > 1 else None
    parts = [int(one) for one in names[2:4]]
    return message.span(segments[numbers[0]].index, int(names[1]), repetition, *parts)


def raw_text(message: Message, loc: Loc) -> str:
    """What stands at a place as it was sent, separators and escapes included; "" where the message was made here."""
    span = bytes_of(message, loc)
    if span is None or message.data is None:
        return ""
    return message.data[span[0] : span[1]].decode(message.charset, "replace")
