"""Changing a tree: reach a place and make what is missing, set it, remove it and prune what is left with nothing.

A slot is (container, key): a dictionary and a name, or a list and a position.
"""

from __future__ import annotations

from typing import Any

from integrator.mapping.path import Selector, Step, Steps
from integrator.mapping.tree_hl7 import AFTER, MessageNode, SegmentNode, new_segment
from integrator.mapping.walk import matcher

Slot = tuple[Any, Any]
Made = set[int]
Passed = list[tuple[Any, Any, Step]]
Ours = dict[Steps, list[tuple[Steps, Any]]]


def reach(slot: Slot, steps: Steps, made: Made, passed: Passed | None = None) -> Slot:
    """The slot at the end of a path, with everything on the way made; ids of made elements are added to `made`.

    `passed` gets the elements on the way that were found by selectors.
    """
    container, key = slot
    for step in steps:
        node = container[key]
        if not isinstance(node, dict):  # HL7: a text is its own first part, and now gets neighbours
            node = container[key] = {"1": node} if node.__class__ is str and node and step.name.isdigit() else {}
        if step.many:
            container, key = _element(node, step, made)
            if passed is not None and step.selectors:
                passed.append((container, key, step))
        else:
            if node.get(step.name) is None:
                node[step.name] = {}
            container, key = node, step.name
    return container, key


def _element(node: Any, step: Step, made: Made) -> Slot:
    children = node.get(step.name)
    if children is None:
        children = node[step.name] = []
    elif children.__class__ is not list:
        children = node[step.name] = [children]
    match = matcher(step)
    for index, one in enumerate(children):
        if match is None or match(one):
            return children, index
    children.append(new_element(node, step, made))
    return children, len(children) - 1


def new_element(parent: Any, step: Step, made: Made) -> Any:
    """A fresh element for a list, with what its selectors say."""
    fresh: Any = new_segment(step.name) if isinstance(parent, MessageNode) else {}
    for one in step.selectors:
        choose(fresh, one)
    made.add(id(fresh))
    return fresh


def choose(element: Any, one: Selector) -> None:
    """Makes an element fulfil a selector that it does not contradict; a prefix only chooses."""
    if one.prefix:
        return
    if not one.steps:
        if one.kind == "reference":
            element["type"] = one.text
        return
    system, _, code = one.text.rpartition("|")
    holder, key = reach(([element], 0), one.steps, set())
    if one.kind == "reference":
        holder[key] = {**holder[key], "type": one.text}
    elif one.kind == "coding":
        coding = {"system": system, "code": code} if system else {"code": code}
        holder[key] = {"coding": [coding]} if not _is_coding(one) else coding
    else:
        holder[key] = one.text


def _is_coding(one: Selector) -> bool:
    return one.child[-1] in ("coding", "tag", "security", "valueCoding")


def settle(passed: Passed) -> None:
    """After a change: lets elements on the way fulfil their selectors again (a Reference that lost its type)."""
    for container, key, step in passed:
        match = matcher(step)
        if match is not None and not match(container[key]):
            for one in step.selectors:
                choose(container[key], one)


def remove(slot: Slot, steps: Steps, ours: Ours, prefix: Steps = ()) -> None:
    """Takes out what stands at the path, and then every parent left with nothing but selectors and constants.

    `ours` are the face's constants by the steps of the element that they stand in; `prefix` are the steps before.
    """
    chain = _chain(slot, steps)
    if chain:
        delete(chain[-1][0], chain[-1][1])
        for container, key, path in reversed(chain[:-1]):
            prune(container, key, prefix + path, ours)


def prune_up(slot: Slot, steps: Steps, ours: Ours) -> None:
    """Prunes the parents on a path, the deepest first."""
    for container, key, path in reversed(_chain(slot, steps) or []):
        prune(container, key, path, ours)


def _chain(slot: Slot, steps: Steps) -> list[tuple[Any, Any, Steps]] | None:
    """Every slot on the way to what stands at the path, lists included; None where nothing stands there."""
    chain: list[tuple[Any, Any, Steps]] = []
    container, key = slot
    for number, step in enumerate(steps):
        node = container[key]
        if node.__class__ is str and step.name == "1":
            continue
        child = node.get(step.name) if isinstance(node, dict) else None
        if child is None:
            return None
        container, key = node, step.name
        if child.__class__ is list:
            match = matcher(step)
            index = next((n for n, one in enumerate(child) if match is None or match(one)), None)
            if index is None:
                return None
            chain.append((container, key, steps[:number]))
            container, key = child, index
        chain.append((container, key, steps[: number + 1]))
    return chain


def prune(container: Any, key: Any, path: Steps, ours: Ours) -> None:
    """Deletes an element or list if nothing is left in it that is not a selector's or a constant's."""
    node = container[key]
    if node.__class__ is list:
        if not node:
            delete(container, key)
        return
    step = path[-1] if path else None
    if step is not None and not step.once and _is_bare(node, step, ours.get(path, [])):
        delete(container, key)


def _is_bare(node: Any, step: Step, constants: list[tuple[Steps, Any]]) -> bool:
    if not isinstance(node, dict):
        return node in (None, "")
    names = node.fields() if isinstance(node, SegmentNode) else [name for name, value in node.items() if value]
    if not names:
        return True
    alone: Any = SegmentNode(step.name) if isinstance(node, SegmentNode) else {}
    for one in step.selectors:
        choose(alone, one)
    for steps, value in constants:
        holder, key = reach(([alone], 0), steps, set())
        have = _value_at(node, steps)
        holder[key] = have if value == "#" else value
    return all(node.get(name) == alone.get(name) for name in names)


def _value_at(node: Any, steps: Steps) -> Any:
    for step in steps:
        node = node.get(step.name) if isinstance(node, dict) else None
        if node.__class__ is list:
            node = node[0] if node else None
    return node


def delete(container: Any, key: Any) -> None:
    """Deletes a slot, of a primitive also its `_name` sibling."""
    if container.__class__ is list:
        del container[key]
        return
    container.pop(key, None)
    if key.__class__ is str and key != AFTER:
        if isinstance(container, SegmentNode | MessageNode):
            container[key] = []  # so that what the message has there counts as empty
        else:
            container.pop("_" + key, None)


def merged(existing: Any, fresh: Any, held: Any, parts: tuple[str, ...], labels: tuple[str, ...]) -> Any:
    """The element with only those parts replaced that the conversion names.

    `held` is how the conversion would write what it reads there: a part that is alike in `held` and `fresh` stays as
    it is spelled. Dotted parts lie deeper; a head that holds nothing of ours any more goes as a whole. Where
    nothing was understood (`held` None) all that is named goes: beside the fresh parts it would say something else.
    """
    if fresh.__class__ is not dict:
        if existing.__class__ is dict and existing:
            fresh = {"1": fresh}
            parts = parts or ("1",)
        else:
            return fresh
    if existing.__class__ is not dict:
        existing = {"1": existing} if existing else {}
    before = held if held.__class__ is dict else {"1": held} if held else {}
    result = existing  # in place, so that it stays the element that was made
    changed = False
    heads = dict.fromkeys([*(part.partition(".")[0] for part in parts), *fresh])
    for head in heads:
        if before.get(head) == fresh.get(head) and _stays(head, result, fresh, held, parts):
            continue
        changed = True
        _merge_head(result, head, fresh.get(head), before.get(head), parts)
    if changed:
        for label in labels:
            result.pop(label, None)
    return result


def _stays(head: str, result: dict[str, Any], fresh: dict[str, Any], held: Any, parts: tuple[str, ...]) -> bool:
    """Whether a part that is alike before and after is as it should be already."""
    if head in fresh or head not in result:
        return head in result or head not in fresh
    named_below = any(part.startswith(head + ".") for part in parts) and result[head].__class__ is dict
    return bool(held) and not named_below


def _merge_head(result: dict[str, Any], head: str, fresh: Any, before: Any, parts: tuple[str, ...]) -> None:
    below = tuple(part.partition(".")[2] for part in parts if part.startswith(head + "."))
    current = result.get(head)
    if fresh is None:
        if below and current.__class__ is dict and not before:
            for part in below:  # nothing of ours was there, or nothing that was understood
                delete(current, part.partition(".")[0])
            if current:
                return
        delete(result, head)
    elif below and fresh.__class__ is dict and current.__class__ is dict:
        result[head] = merged(current, fresh, before, below, ())
    else:
        result[head] = fresh
        if fresh.__class__ is list:
            result.pop("_" + head, None)
