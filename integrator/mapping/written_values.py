"""What the written-out readers call: fields of a parsed message as texts, and the commonest conversions on them.

Every function is as exact as the closures (read.py, casts_hl7.py) or raises Unusual: then the closures read the message
again from its beginning. Unusual are escapes and parts where mostly none are, and what no value can be made of.
A message is read like this only with the separators that HL7 recommends: | ^ ~ \\ &.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from integrator.formats.hl7v2 import STANDARD, Message, Segment
from integrator.mapping.casts import NOTHING
from integrator.mapping.casts_hl7 import HL7_CASTS
from integrator.mapping.casts_time import read_ts
from integrator.mapping.state import State
from integrator.mapping.systems import code_system, universal
from integrator.mapping.tree_hl7 import NULL, unpack, unpack_component
from integrator.records.values import Coding, Concept, Identifier

Fields = Sequence[str]
Read = Callable[[str, Segment, State], Any]
_MARKS = STANDARD[:5]


class Unusual(Exception):
    """Something that the written-out reader does not know; the closures do."""


def usual(message: Message) -> bool:
    """Whether a message has the separators that HL7 recommends."""
    return message.delimiters is STANDARD or message.delimiters[:5] == _MARKS


# places


def first(fields: Fields, number: int) -> str:
    """The first repetition of a field as sent; "" where it is absent."""
    raw = fields[number] if number < len(fields) else ""
    if "~" in raw:
        raw = raw.split("~", 1)[0]
        if not raw:
            raise Unusual
    return raw


def part(parts: list[str], number: int) -> str:
    """A component as sent; "" where it is absent."""
    return parts[number - 1] if number <= len(parts) else ""


def condition_text(parts: list[str], number: int) -> str:
    """The text of a component that a condition looks at."""
    text = parts[number - 1] if number <= len(parts) else ""
    if "&" in text or "\\" in text:
        raise Unusual
    return text


def chosen_repetition(fields: Fields, number: int, component: int, text: str) -> str:
    """The first repetition whose component has this text: PID-3[5=MR]; "" where none has."""
    raw = fields[number] if number < len(fields) else ""
    if text not in raw and "\\" not in raw:
        return ""
    for one in raw.split("~"):
        if _has(one, component, text):
            return one
    return ""


def chosen_segment(segments: Sequence[Segment], number: int, component: int, text: str) -> Fields:
    """The fields of the first segment with this text in a field: AIG[4.1=LINAC]; none where no segment has it."""
    for segment in segments:
        fields = segment.fields
        raw = fields[number] if number < len(fields) else ""
        if any(_has(one, component, text) for one in raw.split("~")):
            return fields
    return ()


def _has(repetition: str, component: int, text: str) -> bool:
    found = part(repetition.split("^"), component).split("&", 1)[0]
    if "\\" in found:
        raise Unusual
    return found == text


def words_at(raw: str) -> str | None:
    """What a person reads at a field, as `read.text_at` says."""
    if "\\" in raw or "&" in raw:
        raise Unusual
    if "^" not in raw:
        return raw if raw != NULL and raw.strip() else None
    parts = raw.split("^")
    for number in (9, 2, 1):
        text = part(parts, number).strip()
        if text and text != NULL:
            return text
    return None


def notes_after(message: Message, owner: str) -> list[Segment]:
    """The notes that belong to segments of this name: to the nearest before them that is neither note nor TQ1."""
    found, before = [], ""
    for segment in message.segments:
        name = segment.name
        if name == "NTE":
            if before == owner:
                found.append(segment)
        elif name != "TQ1":
            before = name
    return found


# nodes, as conversions of several places and code maps take them


def node(raw: str, segment: Segment) -> Any:
    """A field as a node; something stands there."""
    if "\\" in raw:
        raise Unusual
    if "^" not in raw and "&" not in raw:
        return raw
    found = unpack(segment, raw)
    if found == "":
        raise Unusual
    return found


def part_node(raw: str, segment: Segment) -> Any:
    """A component as a node; something stands there."""
    if "\\" in raw:
        raise Unusual
    if "&" not in raw:
        return raw
    found = unpack_component(segment, raw)
    if found == "":
        raise Unusual
    return found


def every_node(segments: Sequence[Segment], number: int, component: int, segment: Segment) -> list[Any]:
    """A place in every segment, as AIS[]-3.1 means it; component 0 is the whole field; None where nothing stands."""
    found = []
    for one in segments:
        raw = first(one.fields, number)
        if component and raw:
            raw = part(raw.split("^"), component)
        found.append((part_node if component else node)(raw, segment) if raw else None)
    return found


def anything(nodes: list[Any]) -> bool:
    """Whether something stands in one of them that is not HL7's null."""
    return any(one is not None and one != "" and one != NULL for one in nodes)


def remembered(convert: Any) -> Callable[[list[Any], State], Any]:
    """The reader of a code map that remembers what came of codes: they are few. Open codes are told each time."""
    memory: dict[tuple[Any, ...], Any] = {}

    def read(nodes: list[Any], state: State) -> Any:
        key = tuple(nodes[0]) if nodes[0].__class__ is list else tuple(nodes)
        try:
            found = memory.get(key)
        except TypeError:  # a node with parts
            return convert(nodes, state)
        if found is None:
            found = convert(nodes, state)
            if found is not NOTHING and len(memory) < 4096:
                memory[key] = found
        return found

    return read


# conversions of one place


def slowly(name: str, component: bool) -> Read:
    """A conversion as the closures call it."""
    convert, unpacked = HL7_CASTS[name].read, unpack_component if component else unpack

    def read(raw: str, segment: Segment, state: State) -> Any:
        found = unpacked(segment, raw)
        if found.__class__ is str and (found == NULL or not found or found.isspace()):
            raise Unusual
        return convert([found], state)

    return read


_slow = {name: slowly(name, component=False) for name in ("ei", "cx", "coded")}


def read_text(raw: str, segment: Segment, state: State) -> Any:
    if "^" in raw or "&" in raw or "\\" in raw:
        return _slow_text(raw, segment, state)
    return raw


_slow_text = slowly("text", component=False)


def read_digits(raw: str, segment: Segment, state: State) -> Any:
    digits = raw.strip()
    if len(digits) < 10 and digits.isascii() and digits.isdigit():
        return int(digits)
    return _slow_digits(raw, segment, state)


_slow_digits = slowly("digits", component=False)


def read_time(raw: str, segment: Segment, state: State) -> Any:
    return read_ts(node(raw, segment), state)


def read_ei(raw: str, segment: Segment, state: State) -> Any:
    parts = raw.split("^")
    if len(parts) > 2 or "\\" in raw or "&" in raw or '"' in raw:
        return _slow["ei"](raw, segment, state)
    value, namespace = parts[0].strip(), parts[1].strip() if len(parts) > 1 else ""
    if not value or not namespace:
        return _slow["ei"](raw, segment, state)
    return Identifier(value, None, namespace)


def read_cx(raw: str, segment: Segment, state: State) -> Any:
    parts = raw.split("^")
    if len(parts) < 4 or "\\" in raw or '"' in raw:
        return _slow["cx"](raw, segment, state)
    value, assigner = parts[0].strip(), parts[3].split("&")
    namespace, kind = assigner[0].strip(), parts[4].strip() if len(parts) > 4 else ""
    if not value or "&" in value or "&" in kind or not namespace or len(assigner) not in (1, 3):
        return _slow["cx"](raw, segment, state)
    if len(assigner) == 1:
        return Identifier(value, None, namespace, kind or None)
    identity, system = assigner[1].strip(), universal(assigner[1].strip(), assigner[2].strip())
    if not identity or system is None:
        return _slow["cx"](raw, segment, state)
    return Identifier(value, system, namespace, kind or None)


def read_coded(raw: str, segment: Segment, state: State) -> Any:
    parts = raw.split("^")
    if len(parts) != 3 or "\\" in raw or "&" in raw or '"' in raw:
        return _slow["coded"](raw, segment, state)
    code, label, name = parts[0].strip(), parts[1].strip(), parts[2].strip()
    if not code or not name:
        return _slow["coded"](raw, segment, state)
    system = code_system(name)
    return Concept((Coding(code, system, label or None, name if system is None else None),))


QUICK: dict[str, Read] = {
    "text": read_text,
    "digits": read_digits,
    "ts": read_time,
    "ei": read_ei,
    "cx": read_cx,
    "coded": read_coded,
}
OF_COMPONENTS = {"text", "digits", "ts"}  # of these the quick ones read components too
