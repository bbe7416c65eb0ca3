"""Where a place of a tree stands in the bytes of its message."""

from __future__ import annotations

from integrator.mapping.tree_hl7 import MessageNode, SegmentNode
from integrator.mapping.walk import Loc


def true_loc(tree: MessageNode, loc: Loc) -> Loc:
    """The place as counted over the whole message: a tree may be narrowed to one segment of a name (`each`)."""
    node = _segment(tree, loc)
    if node is None or node.segment is None:
        return loc
    same = tree.message.all(node.name)
    number = next((number for number, one in enumerate(same) if one is node.segment), None)
    return loc if number is None else (loc[0], number, *loc[2:])


def bytes_of(tree: MessageNode, loc: Loc) -> tuple[int, int] | None:
    """(start, end) of what stands at (segment, position, field, repetition, component, subcomponent); None: nowhere."""
    names = [one for one in loc if isinstance(one, str)]
    numbers = [one for one in loc if isinstance(one, int)]
    node = _segment(tree, loc)
    if node is None or node.segment is None or len(names) < 2 or not names[1].isdigit():
        return None
    repetition = numbers[1] + 1 if len(numbers) > 1 else None
    parts = [int(one) for one in names[2:4]]
    return tree.message.span(node.segment.index, int(names[1]), repetition, *parts)


def raw_text(tree: MessageNode, loc: Loc) -> str:
    """What stands at a place as it was sent, separators and escapes included; "" where the message was made here."""
    span = bytes_of(tree, loc)
    data = tree.message.data
    if span is None or data is None:
        return ""
    return data[span[0] : span[1]].decode(tree.message.charset, "replace")


def _segment(tree: MessageNode, loc: Loc) -> SegmentNode | None:
    """The segment that a place begins with."""
    if len(loc) < 2 or not isinstance(loc[0], str) or not isinstance(loc[1], int):
        return None
    nodes = tree.get(loc[0]) or ()
    node = nodes[loc[1]] if loc[1] < len(nodes) else None
    return node if isinstance(node, SegmentNode) else None
