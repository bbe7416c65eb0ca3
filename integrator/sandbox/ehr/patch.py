"""JSON Patch (RFC 6902) onto a resource: add, remove, replace, move, copy, test."""

from __future__ import annotations

from copy import deepcopy
from typing import Any


class BadPatch(Exception):
    """The patch cannot be applied; the text says which operation and why."""


def patched(resource: dict[str, Any], operations: Any) -> dict[str, Any]:
    """A new resource with all operations applied in order, or BadPatch and nothing applied."""
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        raise BadPatch("a JSON Patch is a list of operations")
    fresh = deepcopy(resource)
    for number, operation in enumerate(operations):
        try:
            fresh = _apply(fresh, operation)
        except (KeyError, IndexError, ValueError, TypeError) as problem:
            raise BadPatch(
                f"operation {number} ({operation.get('op')} {operation.get('path')}): {problem}"
            ) from problem
    return fresh


def _apply(tree: Any, operation: dict[str, Any]) -> Any:
    steps = _steps(operation["path"])
    match operation["op"]:
        case "add":
            return _add(tree, steps, deepcopy(operation["value"]))
        case "remove":
            return _remove(tree, steps)
        case "replace":
            _at(tree, steps)
            return _add(_remove(tree, steps) if steps else tree, steps, deepcopy(operation["value"]))
        case "copy":
            return _add(tree, steps, deepcopy(_at(tree, _steps(operation["from"]))))
        case "move":
            source = _steps(operation["from"])
            value = _at(tree, source)
            return _add(_remove(tree, source), steps, value)
        case "test":
            if _at(tree, steps) != operation["value"]:
                raise ValueError("test failed: another value stands there")
            return tree
    raise ValueError("unknown operation")


def _steps(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError("a path begins with /")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _at(tree: Any, steps: list[str]) -> Any:
    for step in steps:
        tree = tree[_index(tree, step)] if isinstance(tree, list) else tree[step]
    return tree


def _index(array: list[Any], step: str) -> int:
    index = int(step)
    if not 0 <= index < len(array) or str(index) != step:
        raise IndexError(f"no element {step}")
    return index


def _add(tree: Any, steps: list[str], value: Any) -> Any:
    if not steps:
        return value
    parent, last = _at(tree, steps[:-1]), steps[-1]
    if isinstance(parent, list):
        place = len(parent) if last in ("-", str(len(parent))) else _index(parent, last)
        parent.insert(place, value)
    else:
        parent[last] = value
    return tree


def _remove(tree: Any, steps: list[str]) -> Any:
    parent, last = _at(tree, steps[:-1]), steps[-1]
    del parent[_index(parent, last) if isinstance(parent, list) else last]
    return tree
