"""An HL7 v2 message as a tree of dictionaries, so that one path engine serves every form.

The tree is {segment name: [segment, ...]}, a segment {field number: [repetition, ...]}, a repetition or component a
text or {number: ...}. A text stands for its own first part: "12345" is also component 1 and subcomponent 1. Fields are
split when somebody looks. An NTE has one more child, "after": the name of the segment that it belongs to.
"""

from __future__ import annotations

from typing import Any

from integrator.formats.hl7v2 import STANDARD, Message, Segment

NULL = '""'  # HL7: the sender says that there is nothing
AFTER = "after"
_get = dict.get


class SegmentNode(dict[str, Any]):
    """One segment; `get` splits a field at first sight. `segment` is None where it was made by a face."""

    __slots__ = ("name", "segment")

    def __init__(self, name: str, segment: Segment | None = None):
        super().__init__()
        self.name, self.segment = name, segment

    def get(self, key: str, default: Any = None) -> Any:
        found = _get(self, key)
        if found is not None:
            return found
        segment = self.segment
        if segment is None or key == AFTER:
            return default
        fields, number = segment.fields, int(key)
        raw = fields[number] if number < len(fields) else ""
        if not raw:
            return default
        repetition = segment.delimiters.repetition
        if repetition and repetition in raw:
            self[key] = found = [unpack(segment, one) for one in segment.repetitions(int(key))]
        else:
            self[key] = found = [unpack(segment, raw)]
        return found

    def alone(self, key: str) -> bool:
        """Whether a field has no second repetition; it is not split for that."""
        if key in self or self.segment is None or key == AFTER:
            return len(_get(self, key) or ()) < 2
        mark = self.segment.delimiters.repetition
        return not mark or mark not in self.segment.fields[int(key)]

    def fields(self) -> list[str]:
        """The numbers of all fields that hold something, in order."""
        first = 3 if self.name == "MSH" else 1
        raw = self.segment.fields if self.segment is not None else ()
        numbers = {number for number, text in enumerate(raw) if text and number >= first}
        for key, value in self.items():
            if key != AFTER:
                (numbers.add if value else numbers.discard)(int(key))
        return [str(number) for number in sorted(numbers)]


class MessageNode(dict[str, Any]):
    """The whole message; `get(name)` is the list of its segments of that name."""

    def __init__(self, message: Message):
        super().__init__()
        self.message = message

    def get(self, key: str, default: Any = None) -> Any:
        found = dict.get(self, key)
        if found is None:
            segments = self.message.all(key)
            if not segments:
                return default
            found = self[key] = [SegmentNode(key, segment) for segment in segments]
            if key == "NTE":
                self._name_owners(found)
        return found

    def _name_owners(self, notes: list[SegmentNode]) -> None:
        """Tells each note the segment that it belongs to: the nearest before that is neither note nor TQ1."""
        owner: str | None = None
        waiting = iter(notes)
        for segment in self.message.segments:
            if segment.name == "NTE":
                next(waiting)[AFTER] = owner
            elif segment.name != "TQ1":
                owner = segment.name

    def names(self) -> list[str]:
        """The names of all segments, each once, in order of appearance."""
        found = dict.fromkeys(segment.name for segment in self.message.segments)
        found.update(dict.fromkeys(name for name, nodes in self.items() if nodes))
        return list(found)


_NUMBERS = tuple(str(number) for number in range(1, 100))  # of components; more than a hundred are counted slowly


def unpack(segment: Segment, raw: str) -> Any:
    """One raw repetition as a text, or as the dictionary of its components."""
    delims = segment.delimiters
    component, subcomponent = delims.component, delims.subcomponent
    if component and component in raw:
        parts = raw.split(component)
        names = _NUMBERS if len(parts) < len(_NUMBERS) else [str(number) for number in range(1, len(parts) + 1)]
        if (subcomponent and subcomponent in raw) or (delims.escape and delims.escape in raw):
            parts = [unpack_component(segment, part) for part in parts]
        return {name: part for name, part in zip(names, parts, strict=False) if part} or ""
    alone = unpack_component(segment, raw)
    return {"1": alone} if alone.__class__ is dict else alone  # subcomponents of the first component, no components


def unpack_component(segment: Segment, raw: str) -> Any:
    """One raw component as a text, or as the dictionary of its subcomponents."""
    mark = segment.delimiters.subcomponent
    if mark and mark in raw:
        return {str(n): _text(segment, part) for n, part in enumerate(raw.split(mark), 1) if part} or ""
    return _text(segment, raw)


def _text(segment: Segment, raw: str) -> str:
    escape = segment.delimiters.escape
    return segment.unescape(raw) if escape and escape in raw else raw


def text_of(node: Any) -> str:
    """The text of a node: of its first part where it has parts; "" where there is none."""
    while node.__class__ is dict:
        node = node.get("1")
    return node if node.__class__ is str else ""


def new_message() -> MessageNode:
    """The tree of a message with nothing but MSH-1 and MSH-2."""
    return MessageNode(Message.new(STANDARD, "utf-8"))


def new_segment(name: str) -> SegmentNode:
    """An empty segment, to be placed when the message is built."""
    return SegmentNode(name)
