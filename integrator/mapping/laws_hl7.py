"""HL7 v2 messages with whatever the segment table allows beside what a face wrote, for the laws.

Fields, components and repetitions are drawn by their types; segments of the structure and Z segments are added. What
the face reads is left as it was written, so that most of what is drawn can be read.
"""

from __future__ import annotations

from random import Random

from integrator.formats.hl7v2 import Message, parse
from integrator.formats.hl7v2.segments import VARIES, Part, segment_table
from integrator.mapping.model import Declared, Outside
from integrator.mapping.path import Step
from integrator.mapping.tree_hl7 import AFTER

Place = tuple[str | int, ...]  # ("SCH", 11, 4); a first part is the whole: ("SCH", 11)
STRUCTURE = {("MSH", 1), ("MSH", 2), ("MSH", 18)}  # bytes of structure: separators and the character set
NOTE = "NTE"


class Hl7Drawing:
    """One message being drawn: its lines, each a list of fields, and a count that makes every text its own."""

    def __init__(self, declared: Declared, random: Random):
        self.random, self.count = random, 0
        self.table, self.structure = segment_table(), declared.form.name
        self.order = list(dict.fromkeys(self.table.order(self.structure)))
        self.taken = _taken(declared) | STRUCTURE
        self.lines: list[list[str]] = []

    def grown(self, message: Message, rate: float, wanted: list[Outside]) -> Message:
        """The message with more in it, and with something at each of the places asked for."""
        self.lines = [line.split("|") for line in message.text().rstrip("\r").split("\r")]
        for line in list(self.lines):
            self._fill(line, rate)
        for name in self.order:
            fresh = self.segment(name) if self.random.random() < rate else None
            if fresh is not None:
                self._fill(fresh, max(rate, 0.2))
        if self.random.random() < rate:
            self.lines.append(["ZNO", self.text(), f"{self.text()}^{self.text()}"])
        for at in wanted:
            self.plant(at)
        return parse(("\r".join("|".join(line) for line in self.lines) + "\r").encode(), "utf-8")

    def text(self) -> str:
        self.count += 1
        return f"noise {self.count}"

    # segments

    def segment(self, name: str) -> list[str] | None:
        """A new segment where its structure has it; None where it is there and may come once only."""
        if name == NOTE:
            return self._note(self.random.choice(self.lines)[0])
        if any(line[0] == name for line in self.lines) and not self.table.repeats(self.structure, name):
            return None
        before = self.order[: self.order.index(name) + 1] if name in self.order else self.order
        at = max(number for number, line in enumerate(self.lines) if line[0] in (*before, "MSH"))
        while at + 1 < len(self.lines) and self.lines[at + 1][0] == NOTE:
            at += 1
        fresh = [name]
        self.lines.insert(at + 1, fresh)
        return fresh

    def _note(self, owner: str) -> list[str]:
        """A note that belongs to a segment of that name, which is added where there is none."""
        if not any(line[0] == owner for line in self.lines):
            self._fill(self.segment(owner) or [owner], 0.3)
        at = next(number for number, line in enumerate(self.lines) if line[0] == owner)
        fresh = [NOTE]
        self.lines.insert(at + 1, fresh)
        return fresh

    # fields

    def _fill(self, line: list[str], rate: float) -> None:
        for part in self.table.fields(line[0]):
            if self.random.random() < rate:
                self._field(line, part)

    def _field(self, line: list[str], part: Part) -> bool:
        """Adds to one field: all of it, a component, or a repetition; whether anything could be added."""
        here: Place = (line[0], part.number)
        at = part.number - (line[0] == "MSH")
        line += [""] * (at + 1 - len(line))
        if here in STRUCTURE:
            return False
        if not line[at]:
            line[at] = self.value(part, here, "^&")
        elif part.repeats and self.random.random() < 0.4:
            line[at] += f"~{self.value(part, (), '^&')}"
        else:
            line[at] = self._component(line[at], part, here)
        return bool(line[at])

    def _component(self, raw: str, part: Part, here: Place) -> str:
        """The first repetition with one more component that nobody reads."""
        first, tilde, rest = raw.partition("~")
        components = first.split("^")
        free = [
            one for one in self.table.components(part.types) if one.number > 1 and (*here, one.number) not in self.taken
        ]
        if free:
            one = self.random.choice(free)
            components += [""] * (one.number - len(components))
            components[one.number - 1] = components[one.number - 1] or self.value(one, (*here, one.number), "&")
        return "^".join(components) + tilde + rest

    def value(self, part: Part, here: Place, separators: str) -> str:
        """A value of a field or component, of the parts that nobody reads; "" where all are read."""
        below = self.table.components(part.types) if VARIES not in part.types else ()
        if not below or not separators:
            return "" if here in self.taken else self.primitive(part.type)
        free = [one for one in below if _place(here, one.number) not in self.taken]
        chosen = self.random.sample(free, min(len(free), self.random.randint(1, 3)))
        texts = {one.number: self.value(one, _place(here, one.number), separators[1:]) for one in chosen}
        return separators[0].join(texts.get(n, "") for n in range(1, max(texts, default=0) + 1))

    def primitive(self, kind: str) -> str:
        """A text of a primitive type."""
        self.count += 1
        if kind in ("DTM", "TS", "TSComponentOne"):
            return f"20260304{self.count % 24:02}0000+0100"
        if kind == "DT":
            return f"202603{1 + self.count % 28:02}"
        return str(1000 + self.count) if kind in ("NM", "SI") else f"noise {self.count}"

    # a value at a place that is asked for

    def plant(self, at: Outside) -> bool:
        """Puts something at an omitted place, beside what is read there; whether there is something now."""
        first, rest = at.steps[0], at.steps[1:]
        line = self._line(first)
        if line is None:
            return False
        parts = self.table.fields(line[0])
        if rest:
            part = parts[int(rest[0].name) - 1]
            return self._planted(line, part, [int(one.name) for one in rest[1:]])
        return any(self._field(line, part) for part in self.random.sample(parts, len(parts)))

    def _line(self, step: Step) -> list[str] | None:
        owner = next((one.text for one in step.selectors if one.child == (AFTER,)), None)
        if owner is not None:
            return self._note(owner)
        found = [line for line in self.lines if line[0] == step.name]
        return found[0] if found else self.segment(step.name)

    def _planted(self, line: list[str], part: Part, below: list[int]) -> bool:
        if not below:
            return self._field(line, part)
        at = part.number - (line[0] == "MSH")
        line += [""] * (at + 1 - len(line))
        first, tilde, rest = line[at].partition("~")
        components = first.split("^")
        components += [""] * (below[0] - len(components))
        components[below[0] - 1] = components[below[0] - 1] or self.text()
        line[at] = "^".join(components) + tilde + rest
        return True


def _place(here: Place, number: int) -> Place:
    """The place of a part; a first part is the whole."""
    return here if number == 1 or not here else (*here, number)


def _taken(declared: Declared) -> set[Place]:
    """The places that fields and conditions speak of."""
    found: set[Place] = set()
    for one in declared.fields:
        for choice in one.choices:
            for number, at in enumerate(choice.at):
                parts = (choice.cast.parts_of(number) if choice.cast else ()) or ("1",)
                found |= {_steps((*at.steps, *(Step(name) for name in part.split(".")))) for part in parts}
    found |= {_steps(one.at.steps) for one in declared.when}
    return found


def _steps(steps: tuple[Step, ...]) -> Place:
    here: Place = (steps[0].name, int(steps[1].name))
    for one in steps[2:]:
        here = _place(here, int(one.name))
    return here
