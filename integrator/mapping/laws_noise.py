"""Documents with unknown properties and list elements everywhere, and what may go when a value changes (law 2)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from integrator.formats.hl7v2 import Message, parse
from integrator.mapping.face import Face
from integrator.mapping.laws_values import allowed
from integrator.mapping.model import Outside
from integrator.mapping.read import condition_test
from integrator.mapping.tree_hl7 import MessageNode, SegmentNode
from integrator.mapping.walk import Loc, locate, plain
from integrator.records import Said


def disturbed(face: Face, document: Any, random: Random) -> Any:
    """The document with noise: every piece has a text of its own with "noise" in it."""
    if isinstance(document, Message):
        return _noisy_message(document, random)
    counter = iter(range(10_000))
    return _noisy_json(document, random, counter)


def _noisy_json(node: Any, random: Random, counter: Iterator[int]) -> Any:
    if isinstance(node, dict):
        pairs = [(name, _noisy_json(value, random, counter)) for name, value in node.items()]
        if random.random() < 0.4:
            pairs.insert(random.randint(0, len(pairs)), (f"zz{next(counter)}", f"noise {next(counter)}"))
        if random.random() < 0.1:
            pairs.append((f"zz{next(counter)}", {"deep": [f"noise {next(counter)}"]}))
        return dict(pairs)
    if isinstance(node, list):
        found = [_noisy_json(one, random, counter) for one in node]
        if found and isinstance(found[0], dict) and random.random() < 0.3:
            found.insert(random.randint(0, len(found)), {f"zz{next(counter)}": f"noise {next(counter)}"})
        return found
    return node


def _noisy_message(document: Message, random: Random) -> Message:
    lines = document.text().rstrip("\r").split("\r")
    found: list[str] = []
    for number, line in enumerate(lines):
        if line.startswith("MSH"):
            found.append(line)
            continue
        noise = f"noise {number}"
        if random.random() < 0.5:
            line += "|" * (40 - line.count("|")) + noise
        if random.random() < 0.3 and line.startswith(("SCH|", "PID|")):
            parts = [*line.split("|"), *[""] * 7]
            parts[3 if parts[0] == "SCH" else 6] = f"{noise}a^^{noise}b&{noise}c~{noise}d"
            line = "|".join(parts)
        if random.random() < 0.3:
            line = _noisy_components(line, noise)
        found.append(line)
        if random.random() < 0.3:
            found.append(f"ZNO|{noise}z")
    return parse(("\r".join(found) + "\r").encode())


def _noisy_components(line: str, noise: str) -> str:
    """A component that no conversion looks at, behind the first identifier of the segment."""
    parts = line.split("|")
    at = {"SCH": 2, "PID": 3, "AIS": 3}.get(parts[0])
    if at is not None and at < len(parts) and parts[at]:
        components = parts[at].split("^")
        components += [""] * (12 - len(components))
        parts[at] = "^".join([*components[:12], f"{noise}x"])
    return "|".join(parts)


def leaves_of(face: Face, document: Any, numbered: bool = False) -> dict[str, Loc]:
    """Every leaf by its text (made unlike by a number where `numbered`), with its place."""
    found: dict[str, Loc] = {}
    for number, (loc, text) in enumerate(_leaves(face.tree(document), ())):
        found[f"{number} {text}" if numbered else text] = loc
    return found


def _leaves(node: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(node, dict):
        names = node.names() if isinstance(node, MessageNode) else list(node)
        if isinstance(node, SegmentNode):
            names = node.fields()
        for name in names:
            yield from _leaves(node.get(name), (*loc, name))
    elif isinstance(node, list):
        for index, one in enumerate(node):
            yield from _leaves(one, (*loc, index))
    elif node is not None and node != "":
        yield loc, plain(node)


def excused(face: Face, document: Any, after: Any, loc: Loc, before: Said, said: Said) -> bool:
    """Whether a lost leaf hung on a value that was changed or removed: below its element, or among its codings."""
    tree = face.tree(document)
    for one in face.declared.fields:
        name = one.place.field
        stays = name not in said or before.get(name) == allowed(face.declared, name, said[name])
        if stays and all(condition_test(condition)(face.tree(after)) for condition in one.when):
            continue
        for choice in one.choices:
            for at in choice.at:
                if any(loc[: len(owner)] == owner for owner in _owners(tree, at)):
                    return True
    return False


def _owners(tree: Any, at: Outside) -> Iterator[Loc]:
    """The elements that go with a value at this place: its own, its list element, and the coded element around it."""
    for loc, _ in locate(tree, at.steps):
        yield loc
        names = [one for one in loc if isinstance(one, str)]
        if names[-2:] == ["coding", "code"]:
            around = loc[:-3]
            yield (*around, "coding")
            yield (*around, "text")
    if at.listed:
        for loc, _ in locate(tree, at.steps[: at.listed]):
            yield loc
