"""From the tree of an HL7 v2 message back to a message: what was not touched keeps its text."""

from __future__ import annotations

from typing import Any

from integrator.formats.hl7v2 import Message, Segment, charset_codec
from integrator.formats.hl7v2.segments import segment_table
from integrator.mapping.tree_hl7 import AFTER, MessageNode, SegmentNode, unpack


def build_message(tree: MessageNode, structure: str) -> Message:
    """A new message; the one that the tree was made of stays as it is."""
    source = tree.message
    kept = _kept(tree)
    lines: list[tuple[str, Segment]] = []  # the owner of an NTE, else the name
    for segment in source.segments:
        owner = _owner(source, segment)
        if _removed(tree, kept, source, segment):
            continue
        node = kept.get(segment.index)
        lines.append((owner, _line(segment, node, source) if node is not None else _copy(segment)))
    fresh = [node for nodes in list(tree.values()) for node in nodes if node.segment is None]
    for node in sorted(fresh, key=lambda node: node.name == "NTE"):  # notes find their place behind their owner
        _insert(lines, node, source, structure)
    for position, (_, segment) in enumerate(lines):
        segment.index = position
        if not segment.end and position < len(lines) - 1:
            segment.end = "\r"
    segments = [segment for _, segment in lines]
    return Message(segments, source.delimiters, _charset(source, segments), source.lead)


def _charset(source: Message, segments: list[Segment]) -> str:
    """The codec that MSH-18 names, if the face wrote one; else the message's own."""
    before, after = source.segments[0].raw(18), segments[0].raw(18)
    return (charset_codec(after) if after != before else None) or source.charset


def _kept(tree: MessageNode) -> dict[int, SegmentNode]:
    """The nodes of old segments that the tree still has, by position; only names that somebody looked at."""
    return {node.segment.index: node for nodes in tree.values() for node in nodes if node.segment is not None}


def _removed(tree: MessageNode, kept: dict[int, SegmentNode], source: Message, segment: Segment) -> bool:
    """Whether a segment was taken out, or is a note of one that was."""
    if segment.name in tree and segment.index not in kept:
        return True
    if segment.name == "NTE":
        owner = source.owner(segment)
        return owner is not None and owner.name in tree and owner.index not in kept
    return False


def _owner(source: Message, segment: Segment) -> str:
    if segment.name != "NTE":
        return segment.name
    owner = source.owner(segment)
    return f"NTE after {owner.name}" if owner else "NTE"


def _copy(segment: Segment) -> Segment:
    return Segment(segment.name, segment.line, segment.end, segment.delimiters, segment.charset, segment.index)


def _line(segment: Segment, node: SegmentNode, source: Message) -> Segment:
    fresh = _copy(segment)
    for key, repetitions in node.items():
        if key == AFTER:
            continue
        number = int(key)
        old = segment.repetitions(number)
        raw = [_repetition(segment, n, one, old, source) for n, one in enumerate(repetitions)]
        if raw != old:
            fresh.put(number, source.delimiters.repetition.join(raw).rstrip(source.delimiters.repetition or "\0"))
    return fresh


def _repetition(segment: Segment, number: int, node: Any, old: list[str], source: Message) -> str:
    """A repetition that says what it said keeps its spelling."""
    for raw in (old[number : number + 1] or []) + old:
        if _same(unpack(segment, raw), node):
            return raw
    return _raw(node, segment, (source.delimiters.component, source.delimiters.subcomponent))


def _same(one: Any, other: Any) -> bool:
    return bool(_plain(one) == _plain(other))


def _plain(node: Any) -> Any:
    """A node in its shortest form: parts that hold nothing left out, a lone first part as a text."""
    if node.__class__ is not dict:
        return node or ""
    parts = {key: value for key, one in node.items() if (value := _plain(one))}
    return parts.get("1", "") if set(parts) <= {"1"} else parts


def _raw(node: Any, segment: Segment, marks: tuple[str, ...]) -> str:
    node = _plain(node)
    if node.__class__ is not dict:
        return segment.escape(node)
    last = max(int(key) for key in node)
    return marks[0].join(_raw(node.get(str(n), ""), segment, marks[1:]) for n in range(1, last + 1))


def _insert(lines: list[tuple[str, Segment]], node: SegmentNode, source: Message, structure: str) -> None:
    """Puts a new segment behind the last one that may stand before it."""
    after = node.get(AFTER)
    owner = f"NTE after {after}" if after else node.name
    blank = Segment(node.name, node.name, "\r", source.delimiters, source.charset, 0)
    fields = {key: value for key, value in node.items() if key != AFTER and _any(value)}
    fresh = _line(blank, _only(node, fields), source)
    place = _behind_owner(lines, after, source) if after else _place(lines, node.name, structure)
    lines.insert(place, (owner, fresh))


def _behind_owner(lines: list[tuple[str, Segment]], after: str, source: Message) -> int:
    """The position behind the owner of a note, its timings and the notes that it has; the owner is made if need be."""
    last, current = 0, ""
    for position, (name, _) in enumerate(lines):
        if name != "TQ1" and not name.startswith("NTE"):
            current = name
        if current == after:
            last = position + 1
    if not last:
        blank = Segment(after, after, "\r", source.delimiters, source.charset, 0)
        lines.insert(1, (after, blank))
        last = 2
    return last


def _place(lines: list[tuple[str, Segment]], name: str, structure: str) -> int:
    """The position behind the last segment that may stand before it; one that HL7 does not know stays where it is."""
    ranks = _ranks(structure)
    mine = ranks.get(name, len(ranks))
    place, rank = 0, -1
    for position, (other, _) in enumerate(lines, 1):
        rank = ranks.get(other, rank)
        if rank <= mine:
            place = position
    return place


def _any(repetitions: list[Any]) -> bool:
    return any(_plain(one) for one in repetitions)


def _only(node: SegmentNode, fields: dict[str, Any]) -> SegmentNode:
    fresh = SegmentNode(node.name)
    fresh.update(fields)
    return fresh


def _ranks(structure: str) -> dict[str, int]:
    """Where a segment may stand in the structure: its first place; an NTE by the segment that it belongs to."""
    ranks: dict[str, int] = {}
    owner = ""
    for position, name in enumerate(segment_table().order(structure)):
        if name == "NTE":
            ranks.setdefault(f"NTE after {owner}", position)
        elif name != "TQ1":
            owner = name
        ranks.setdefault(name, position)
    return ranks
