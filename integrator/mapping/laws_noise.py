"""Documents with unknown properties and list elements everywhere, and what may go when a value changes (law 2)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from integrator.formats.hl7v2 import Message, parse
from integrator.mapping.casts import NOTHING
from integrator.mapping.face import Face, tree_of
from integrator.mapping.laws_values import allowed
from integrator.mapping.lineage import ReadEntry, Trace, spots
from integrator.mapping.model import Choice, Outside
from integrator.mapping.read import condition_test, is_word
from integrator.mapping.tree_hl7 import AFTER, MessageNode, SegmentNode
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
    for number, (loc, text) in enumerate(tree_leaves(tree_of(document), ())):
        found[f"{number} {text}" if numbered else text] = loc
    return found


def tree_leaves(node: Any, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """Every leaf of a tree that holds something, with its place."""
    if isinstance(node, dict):
        names = node.names() if isinstance(node, MessageNode) else list(node)
        if isinstance(node, SegmentNode):
            names = node.fields()
        for name in names:
            yield from tree_leaves(node.get(name), (*loc, name))
    elif isinstance(node, list):
        for index, one in enumerate(node):
            yield from tree_leaves(one, (*loc, index))
    elif node is not None and node != "":
        yield loc, plain(node)


class Excuses:
    """What may be lost when a record is written onto a document: what hangs on values that were changed or removed."""

    def __init__(self, face: Face, document: Any, after: Any, before: Said, said: Said):
        self.face, self.before, self.said = face, before, said
        self.owners: list[Loc] = []
        tree, tree_after = tree_of(document), tree_of(after)
        self.tree, self.after = tree, tree_after
        later = {entry.record: entry for entry in _traced(face, after) if _made(entry)}
        entries = _traced(face, document)
        understood = {entry.loc for entry in entries if _made(entry)} | {()}  # unknown elements of a list are not ours
        for entry in entries:
            holds = all(condition_test(one)(tree_after) for one in entry.field.when)
            ours = entry.loc in understood
            if ours and (self._changed(entry) or not holds):
                gone = self.said.get(entry.field.place.field) in (None, ())
                removed = gone or not holds or self._removed(entry, later.get(entry.record))
                if removed and not entry.loc:  # of a list without brackets every element that would be read goes
                    self.owners += [loc for choice in entry.field.choices for at in choice.at for loc in _firsts(at)]
                self.owners += _owners(tree, entry, removed)
        for one in face.declared.fields:
            if not one.read and one.place.field in said:  # what is only written was not traced
                places = [loc for choice in one.choices for at in choice.at for loc, _ in locate(tree, at.steps)]
                self.owners += [*places, *map(_sibling, places)]

    def covers(self, loc: Loc) -> bool:
        """Whether the loss of this leaf is excused."""
        if loc[0] == "NTE" and isinstance(loc[1], int):  # the notes of a segment that was removed go with it
            after = self.tree.get("NTE")[loc[1]].get(AFTER)
            if any(owner[0] == after for owner in self.owners):  # or that was made anew for another part
                return True
        return any(loc[: len(owner)] == owner for owner in self.owners)

    def _changed(self, entry: ReadEntry) -> bool:
        name = entry.field.place.field
        if name not in self.said:
            return False
        return name not in self.before or self.before[name] != allowed(self.face.declared, name, self.said[name])

    def _removed(self, entry: ReadEntry, later: ReadEntry | None) -> bool:
        """Whether the value is gone, or is said by another choice now: then its element may go as a whole."""
        return later is None or later.choice is None or later.choice != entry.choice or self._key_gone(entry)

    def _key_gone(self, entry: ReadEntry) -> bool:
        """Whether its list is paired by a part of its elements, and no element has that part of its own any more."""
        at = entry.field.choices[0].at[0]
        key = at.steps[at.listed - 1].key if at.listed else None
        if key is None:
            return False
        own = entry.node.get(key)
        return own is None or all(node.get(key) != own for _, node in locate(self.after, at.steps[: at.listed]))


def parts_not_understood(face: Face, document: Any) -> set[str]:
    """The fields of which some part stands there and is not understood: it stays, and the whole field is silent."""
    return {one.field.place.field for one in _traced(face, document) if one.value is NOTHING and one.field.place.parts}


def _made(entry: ReadEntry) -> bool:
    """Whether a value was made, and not a word that stands for none."""
    return entry.value is not NOTHING and not is_word(entry.value)


def _traced(face: Face, document: Any) -> list[ReadEntry]:
    trace = Trace()
    face.read(document, trace=trace)
    return trace.entries


def _owners(tree: Any, entry: ReadEntry, removed: bool) -> Iterator[Loc]:
    """The places that go with a value: all of its element if it is removed, else the parts that its conversion names,
    and the other codings of a code. What hangs on a primitive of FHIR (`_status`) goes with it."""
    for choice, number, loc in _spots(tree, entry):
        parts = choice.cast.parts_of(number) + choice.cast.labels if choice.cast else _CODE_PARTS
        if removed or not parts:
            yield loc
            yield _sibling(loc)
        for part in parts:
            yield (*loc, part.partition(".")[0])
            yield _sibling((*loc, part.partition(".")[0]))
        names = [one for one in loc if isinstance(one, str)]
        if names[-2:] == ["coding", "code"]:
            yield from ((*loc[:-3], one) for one in ("coding", "text", "_text"))
    if removed and entry.loc:
        yield entry.loc
    for at in [at for choice in entry.field.choices for at in choice.at if not entry.loc]:
        if [step.name for step in at.steps[-2:]] == ["coding", "code"]:  # a coding without code has no place of its own
            yield from ((*loc, one) for loc, _ in locate(tree, at.steps[:-2]) for one in ("coding", "text", "_text"))


def _firsts(at: Outside) -> Iterator[Loc]:
    """The list that a path takes the first element of, where it begins with one."""
    for number, step in enumerate(at.steps[:2]):
        if step.many and not step.every and not step.once and all(one.once for one in at.steps[:number]):
            above = [part for one in at.steps[:number] for part in (one.name, 0)]
            yield (*above, step.name)


_CODE_PARTS = ("2", "3", "4", "5", "6", "9")


def _sibling(loc: Loc) -> Loc:
    return (*loc[:-1], f"_{loc[-1]}")


def _spots(tree: Any, entry: ReadEntry) -> Iterator[tuple[Choice, int, Loc]]:
    """The places that say the value; of what was not understood those of every choice."""
    chosen = entry.chosen
    for choice in [chosen] if chosen is not None and _made(entry) else entry.field.choices:
        for number, at in enumerate(choice.at):
            for spot in spots(tree, at, entry.node, entry.loc):
                yield choice, number, spot.loc
