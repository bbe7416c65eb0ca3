"""Reading along a path: what stands there, everything that stands there, and where exactly it stood.

One engine for JSON and HL7 v2: both are dictionaries and lists (tree_hl7.py). In HL7 a text stands for its first part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from integrator.mapping.path import Selector, Step, Steps
from integrator.mapping.tree_hl7 import text_of

Loc = tuple[str | int, ...]  # ("participant", 0, "actor"), ("AIS", 0, "4", 0)
Find = Callable[[Any], Any]
Match = Callable[[Any], bool]


def finder(steps: Steps) -> Find:
    """A function from a tree to the first node that the path means, or None. [] means the first here."""
    prepared = tuple((step.name, matcher(step)) for step in steps)
    if len(steps) in (2, 3) and steps[0].many and steps[1].many and not any(match for _, match in prepared):
        return _field_finder(steps)

    def find(node: Any) -> Any:
        for name, match in prepared:
            if node.__class__ is str:
                if name != "1":
                    return None
                continue
            if not isinstance(node, dict):
                return None
            node = node.get(name)
            if node.__class__ is list:
                node = (node[0] if node else None) if match is None else next(filter(match, node), None)
            elif match is not None and node is not None and not match(node):
                return None
            if node is None:
                return None
        return node

    return find


def _field_finder(steps: Steps) -> Find:
    """As `finder`, for the path that HL7 has most: first segment, first repetition, and maybe a component."""
    segment, field = steps[0].name, steps[1].name
    component = steps[2].name if len(steps) > 2 else None

    def find(node: Any) -> Any:
        node = node.get(segment) if isinstance(node, dict) else None
        if node.__class__ is list:
            node = node[0] if node else None
        node = node.get(field) if isinstance(node, dict) else None
        if node.__class__ is list:
            node = node[0] if node else None
        if component is None or node is None:
            return node
        if node.__class__ is str:
            return node if component == "1" else None
        node = node.get(component) if isinstance(node, dict) else None
        return (node[0] if node else None) if node.__class__ is list else node

    return find


def every_finder(steps: Steps) -> Callable[[Any], list[Any]]:
    """A function from a tree to a list with one entry for each element of the [] step; None where the rest is absent.

    Several [] give one flat list. Without [] it is a list of one, or empty.
    """
    last = max((n for n, step in enumerate(steps) if step.every), default=-1)
    prefix = tuple((step.name, matcher(step), step.every) for step in steps[: last + 1])
    rest = finder(steps[last + 1 :])

    def find(root: Any) -> list[Any]:
        nodes = [root]
        for name, match, every in prefix:
            nodes = [one for node in nodes for one in _below(node, name, match, every)]
        found = [rest(node) for node in nodes]
        return found if last >= 0 else [one for one in found if one is not None]

    return find


def _below(node: Any, name: str, match: Match | None, every: bool) -> list[Any]:
    """What one step means from a node, as `elements`, without positions."""
    if not isinstance(node, dict):
        return [node] if node.__class__ is str and name == "1" else []
    child = node.get(name)
    if child is None:
        return []
    children = child if child.__class__ is list else [child]
    if match is not None:
        children = [one for one in children if match(one)]
    return children if every else children[:1]


def elements(node: Any, step: Step) -> Iterator[tuple[int | None, Any]]:
    """What a step means from a node, with its position in the list (None: no list): one, or with [] all."""
    if node.__class__ is str:
        if step.name == "1":
            yield None, node
        return
    if not isinstance(node, dict):
        return
    child = node.get(step.name)
    if child is None:
        return
    match = matcher(step)
    if not isinstance(child, list):
        if match is None or match(child):
            yield None, child
        return
    for index, one in enumerate(child):
        if match is None or match(one):
            yield index, one
            if not step.every:
                return


def locate(root: Any, steps: Steps) -> list[tuple[Loc, Any]]:
    """Every node that the path means, with its place."""
    found: list[tuple[Loc, Any]] = [((), root)]
    for step in steps:
        deeper: list[tuple[Loc, Any]] = []
        for loc, node in found:
            for index, child in elements(node, step):
                if node.__class__ is str:
                    deeper.append((loc, child))
                else:
                    deeper.append(((*loc, step.name) if index is None else (*loc, step.name, index), child))
        found = deeper
    return found


def node_at(tree: Any, loc: Loc) -> Any:
    """What stands at a concrete place; None where nothing does. In HL7 a text is its own first part."""
    for one in loc:
        if tree.__class__ is str:
            tree = tree if one == "1" else None
        elif isinstance(one, int):
            tree = tree[one] if isinstance(tree, list) and one < len(tree) else None
        else:
            tree = tree.get(one) if isinstance(tree, dict) else None
    return tree


def matcher(step: Step) -> Match | None:
    """Whether an element fulfils all selectors of a step; None where it has none."""
    if not step.selectors:
        return None
    matches = [_MATCHERS[one.kind](one) for one in step.selectors]
    if len(matches) == 1:
        return matches[0]
    return lambda node: all(match(node) for match in matches)


def below(node: Any, child: tuple[str, ...]) -> list[Any]:
    """Everything that stands at a plain child path, all elements of lists."""
    nodes = node if node.__class__ is list else [node]
    for name in child:
        deeper: list[Any] = []
        for one in nodes:
            found: Any = None
            if isinstance(one, dict):
                found = one.get(name)
            elif one.__class__ is str and name == "1":
                found = one
            if found.__class__ is list:
                deeper += found
            elif found is not None:
                deeper.append(found)
        nodes = deeper
    return nodes


def _match_text(one: Selector) -> Match:
    child, text, prefix = one.child, one.text, one.prefix

    def match(node: Any) -> bool:
        for found in below(node, child):
            have = plain(found)
            if have == text or (prefix and have.startswith(text)):
                return True
        return False

    return match


def _match_coding(one: Selector) -> Match:
    child = one.child
    system, _, code = one.text.rpartition("|")

    def match(node: Any) -> bool:
        for found in below(node, child):
            if not isinstance(found, dict):
                continue
            codings = found.get("coding", ())
            for coding in codings if isinstance(codings, list) and codings else [found]:
                if isinstance(coding, dict) and coding.get("code") == code and system in ("", coding.get("system")):
                    return True
        return False

    return match


def _match_reference(one: Selector) -> Match:
    child, kind = one.child, one.text

    def match(node: Any) -> bool:
        return any(is_reference_to(found, kind) for found in below(node, child))

    return match


def is_reference_to(node: Any, kind: str) -> bool:
    """Whether a Reference is to this type: literal ("Patient/7", also absolute), or logical by its `type`."""
    if not isinstance(node, dict):
        return False
    literal = node.get("reference")
    if isinstance(literal, str) and "/" in literal:
        parts = literal.split("/_history/")[0].split("/")
        return parts[-2] == kind
    return node.get("type") == kind


def plain(node: Any) -> str:
    """A leaf as text: JSON's true is "true"."""
    if node.__class__ is str:
        return str(node)
    if isinstance(node, bool):
        return "true" if node else "false"
    if isinstance(node, int | float):
        return str(node)
    return text_of(node)


_MATCHERS: dict[str, Callable[[Selector], Match]] = {
    "text": _match_text,
    "coding": _match_coding,
    "reference": _match_reference,
}
