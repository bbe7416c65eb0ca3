"""Reading written out: the rules of an HL7 v2 face as the source of one Python function, for new messages without
trace.

The closures (read.py) are the reference; this says the same with local variables instead of calls. Every top-level
field of the record becomes some lines: the first choice that is there and makes a value. Whatever is unusual raises
Unusual or Wrong, and the closures read the message again and say what is wrong with it. A field that has something
this does not know is read by its closures inside the function. `face.written.source` is the text.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

from integrator.formats.hl7v2 import Message
from integrator.mapping import read, written_values
from integrator.mapping.model import Choice, Condition, Declared, Outside
from integrator.mapping.path import Step
from integrator.mapping.read import FieldReader
from integrator.mapping.read_record import TopReader
from integrator.mapping.state import State
from integrator.mapping.tree_hl7 import AFTER, NULL
from integrator.records import Said

Lines = list[str]
WORDS = {name: getattr(read, name) for name in ("ABSENT", "NONE", "NOTHING", "UNSAID")}
CALLS = (
    *("first", "part", "condition_text", "chosen_repetition", "chosen_segment", "notes_after"),
    *("node", "part_node", "every_node", "anything", "words_at", "Unusual"),
)


class NotKnown(Exception):
    """A field that is left to its closures."""


class WrittenReader:
    """The function and its text; `read(message, state)` gives what the message says and why it was sent.

    Raises Unusual or Wrong where the closures have to read it.
    """

    def __init__(self, declared: Declared, tops: list[TopReader]):
        self._names: dict[str, Any] = {
            **WORDS,
            **{name: getattr(written_values, name) for name in CALLS},
            "Word": read.ABSENT.__class__,
            "NULL": NULL,
            "text_at": read.text_at,
        }
        self._segments: dict[str, None] = {"MSH": None}  # of which the first is looked at
        self._fields: dict[str, str] = {}  # SCH_7 -> how its components are split
        body = list(chain.from_iterable(self._top(top) for top in tops))
        why = self._why(declared.why)
        head = [
            "def read(message, state):",
            "    segments, said = message.by_name(), {}",
            "    segment = message.segments[0]",
            "    none = ()",
            *(
                f"    {name} = segments[{name!r}][0].fields if {name!r} in segments else none"
                for name in self._segments
            ),
            "    state.sent_at(first(MSH, 7))",
            *(f"    {name} = {split}" for name, split in self._fields.items()),
        ]
        self.source = "\n".join([*head, *body, f"    return said, {why}", ""])
        exec(compile(self.source, f"<{declared.name}, written out>", "exec"), self._names)
        self.read: Callable[[Message, State], tuple[Said, str | None]] = self._names["read"]

    # fields of the record

    def _top(self, top: TopReader) -> Lines:
        """One top-level field; what is not known is left to the closures."""
        try:
            if not top.silent:
                raise NotKnown
            lines = self._list(top) if top.elements is not None else self._alone(top)
        except NotKnown:
            lines = [f"{self._named('top', top.read)}(said, state)"]
        return [f"    # {top.name}", *(f"    {line}" for line in lines)]

    def _alone(self, top: TopReader) -> Lines:
        none = "()" if top.many else "None"
        lines = self._value(top)
        return [
            *lines,
            "if value is not ABSENT and value is not UNSAID:",
            f"    said[{top.name!r}] = {none} if value is NONE else value",
        ]

    def _list(self, top: TopReader) -> Lines:
        """A list whose elements are segments: services, notes."""
        step = (top.prefix or ())[0]
        if len(top.prefix or ()) != 1 or top.lists:
            raise NotKnown
        inner = self._value(top, grouped=True)
        return [
            "values, emptied = [], False",
            f"for each in {self._all(step)}:",
            "    each = each.fields",
            *(f"    {line}" for line in inner),
            "    if value is UNSAID:",
            "        raise Unusual",
            "    if value is NONE:",
            "        emptied = True",
            "    elif value is not ABSENT:",
            "        values.append(value)",
            "if values or emptied:",
            f"    said[{top.name!r}] = tuple(values)",
        ]

    def _value(self, top: TopReader, grouped: bool = False) -> Lines:
        """Lines that set `value` to what the field or the element is, whole."""
        if top.parts == [None]:
            return self._field(top.fields[0], grouped)
        if top.lists or None in top.parts:
            raise NotKnown
        lines: Lines = []
        for part, reader in zip(top.parts, top.fields, strict=True):
            lines += [*self._field(reader, grouped), f"its_{part} = value"]
        parts = [f"its_{part}" for part in top.parts]
        nothing = " and ".join(f"{part}.__class__ is Word" for part in parts)
        said = ", ".join(f"{part[4:]}=None if {part}.__class__ is Word else {part}" for part in parts)
        kind = self._named(str(top.kind.__name__), top.kind)
        return [
            *lines,
            f"if {nothing}:",
            f"    found = ({', '.join(parts)},)",
            "    value = NONE if NONE in found else UNSAID if UNSAID in found else ABSENT",
            "else:",
            f"    value = {kind}({said})",
        ]

    def _field(self, reader: FieldReader, grouped: bool) -> Lines:
        """Lines that set `value` by the first choice that is there and makes one."""
        lines = ["value = ABSENT"]
        for number in range(len(reader.choices)):
            again = [] if not number else ["if value is ABSENT or value is NOTHING:"]
            indent = "    " * len(again)
            lines += [*again, *(f"{indent}{line}" for line in self._choice(reader, number, grouped))]
        codes = reader.field.choices[0].codes is not None and len(reader.choices) == 1
        if codes and not grouped:  # an open code was told already
            lines += ["if value is NOTHING:", "    state.missed, value = True, ABSENT"]
        else:
            lines += ["if value is NOTHING:", "    raise Unusual"]
        if reader.tests:
            test = " and ".join(self._condition(one) for one in reader.field.when)
            lines = [f"if {test}:", *(f"    {line}" for line in lines), "else:", "    value = UNSAID"]
        return lines

    def _choice(self, reader: FieldReader, number: int, grouped: bool) -> Lines:
        choice, convert = reader.field.choices[number], reader.choices[number][2]
        several = reader.choices[number][3]
        shown = f"# {', '.join(at.text for at in choice.at)} as {choice.name}"
        if choice.codes is not None:
            convert = self._named(f"codes_{choice.codes.name}", written_values.remembered(convert))
        if choice.at[0].listed and not grouped:
            lines = self._codes_of_all(choice.at[0], convert) if choice.codes else self._every(choice, convert)
        elif choice.cast is not None and len(choice.at) == 1:
            lines = self._single(choice.at[0], choice.cast.name, choice.cast.lists)
        else:
            name = convert if choice.codes else self._named(f"read_{choice.name}", convert)
            lines = self._several(choice.at, name, several)
        if choice.codes is None and reader.words is not None:
            words = self._named("WORDS", frozenset(reader.words))
            lines += [f"if value.__class__ is str and value not in {words}:", "    value = NOTHING"]
        return [shown, *lines]

    def _single(self, at: Outside, name: str, lists: bool) -> Lines:
        """One place, one conversion, on the text as it was sent."""
        component = len(at.steps) == 3
        quick = written_values.QUICK.get(name) if not component or name in written_values.OF_COMPONENTS else None
        if lists:
            raise NotKnown
        call = self._named(f"read_{name}", quick or written_values.slowly(name, component))
        return [
            f"raw = {self._raw(at)}",
            "if raw and not raw.isspace():",
            f"    value = {call}(raw, segment, state) if raw != NULL else NONE",
        ]

    def _several(self, places: tuple[Outside, ...], name: str, null_is_code: bool) -> Lines:
        """Several places, or codes: the conversion gets a node for each."""
        first, *others = places
        nodes = [f"{_node(first)}(raw, segment)"]
        lines = [f"raw = {self._raw(first)}", "if raw and not raw.isspace():"]
        for number, at in enumerate(others, 1):
            lines.append(f"    raw_{number} = {self._raw(at, other=True)}")
            nodes.append(f"{_node(at)}(raw_{number}, segment) if raw_{number} else None")
        call = f"{name}([{', '.join(nodes)}], state)"
        return [*lines, f"    value = {call}" + ("" if null_is_code else " if raw != NULL else NONE")]

    def _codes_of_all(self, at: Outside, codes: str) -> Lines:
        """A code in every segment of a name, looked up once for all fields that need it: AIS[]-3.1."""
        name = "every_" + "_".join(step.name for step in at.steps)
        self._fields[name] = self._list_of(at)
        return [f"if anything({name}):", f"    value = {codes}([{name}], state)"]

    def _every(self, choice: Choice, convert: Any) -> Lines:
        """Places in every segment of a name: AIS[]-4, AIS[]-7."""
        first, *others = (self._list_of(at) for at in choice.at)
        call = f"{self._named(f'read_{choice.name}', convert)}([{', '.join(['every', *others])}], state)"
        return [f"every = {first}", "if anything(every):", f"    value = {call}"]

    def _list_of(self, at: Outside) -> str:
        """A place in every segment that it means."""
        segment, *below = at.steps
        if not segment.every or len(below) not in (1, 2) or any(step.selectors or step.every for step in below):
            raise NotKnown
        component = below[1].name if len(below) == 2 else "0"
        return f"every_node({self._all(segment)}, {below[0].name}, {component}, segment)"

    def _why(self, at: Outside | None) -> str:
        """How the sender's reason for the message is read."""
        if at is None:
            return "None"
        if len(at.steps) == 2 and not any(step.selectors or step.every for step in at.steps):
            return f"words_at({self._raw(at)})"
        return f"text_at(state.tree, {self._named('why', at)})"

    # places of the message

    def _all(self, step: Step) -> str:
        """All segments that a step means."""
        if not step.selectors:
            return f"segments.get({step.name!r}, none)"
        selector = step.selectors[0]
        if len(step.selectors) > 1 or selector.prefix or selector.child != (AFTER,) or step.name != "NTE":
            raise NotKnown
        return f"notes_after(message, {selector.text!r})"

    def _raw(self, at: Outside, other: bool = False) -> str:
        """The text of a place as it was sent. `other`: not the first place of its choice."""
        steps = at.steps
        if len(steps) not in (2, 3) or any(step.every for step in steps[1:]) or not steps[1].name.isdigit():
            raise NotKnown
        segment, field = steps[0], steps[1]
        if segment.every and segment.selectors and not at.listed:
            raise NotKnown
        if segment.name == "MSH" and int(field.name) < 3:
            raise NotKnown
        if len(steps) == 3 and (steps[2].selectors or (other and steps[2].name == "1")):
            raise NotKnown
        fields = "each" if at.listed else self._first_segment(segment)
        if field.selectors:
            raw = f"chosen_repetition({fields}, {field.name}, {_looked_at(field)})"
        elif len(steps) == 3 and fields == segment.name:
            return f"part({self._components(fields, field.name)}, {steps[2].name})"
        else:
            raw = f"first({fields}, {field.name})"
        return f"part({raw}.split('^'), {steps[2].name})" if len(steps) == 3 else raw

    def _first_segment(self, step: Step) -> str:
        """The fields of the segment that a step without [] means."""
        if step.every:
            raise NotKnown
        if not step.selectors:
            self._segments[step.name] = None
            return step.name
        selector = step.selectors[0]
        child = selector.child
        if len(step.selectors) > 1 or selector.prefix or not all(one.isdigit() for one in child) or len(child) > 2:
            raise NotKnown
        component = child[1] if len(child) == 2 else "1"
        return f"chosen_segment(segments.get({step.name!r}, none), {child[0]}, {component}, {selector.text!r})"

    def _components(self, segment: str, field: str) -> str:
        """A local variable with the components of a field, split once."""
        name = f"{segment}_{field}"
        self._fields[name] = f"first({segment}, {field}).split('^')"
        return name

    def _condition(self, one: Condition) -> str:
        steps = one.at.steps
        if len(steps) != 3 or any(step.selectors or step.every for step in steps):
            raise NotKnown
        parts = self._components(self._first_segment(steps[0]), steps[1].name)
        return f"condition_text({parts}, {steps[2].name}) in {self._named('VALUES', frozenset(one.values))}"

    def _named(self, name: str, value: Any) -> str:
        """A name of the function's module for a value; the same for the same value."""
        name = "".join(letter if letter.isalnum() else "_" for letter in name)
        number = 1
        while (known := f"{name}_{number}" if number > 1 else name) in self._names:
            if self._names[known] is value or self._names[known] == value:
                return known
            number += 1
        self._names[known] = value
        return known


def _node(at: Outside) -> str:
    return "part_node" if len(at.steps) == 3 else "node"


def _looked_at(field: Step) -> str:
    """The component and the text of the selector of a field."""
    selector = field.selectors[0]
    if len(field.selectors) > 1 or selector.prefix or len(selector.child) != 1 or not selector.child[0].isdigit():
        raise NotKnown
    return f"{selector.child[0]}, {selector.text!r}"
