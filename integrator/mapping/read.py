"""Reading, compiled: one closure for each choice, field and top-level record field of a face.

A closure answers with a value or with one of four words: ABSENT (nothing stands there), NONE (the sender says: none),
NOTHING (something stands there and no value can be made of it) and UNSAID (the field does not count here).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrator.mapping import record_model
from integrator.mapping.casts import NOTHING, Cast, Wrong
from integrator.mapping.codes import CodeMap, Unknown
from integrator.mapping.model import Choice, Condition, Declared, Field, Outside
from integrator.mapping.state import State
from integrator.mapping.tree_hl7 import NULL, text_of
from integrator.mapping.walk import every_finder, finder, plain


class _Word:
    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return self.name


def is_word(value: Any) -> bool:
    """Whether it is one of the words below, and no value."""
    return value.__class__ is _Word


ABSENT = _Word("ABSENT")
NONE = _Word("NONE")
UNSAID = _Word("UNSAID")
PARTLY = _Word("PARTLY")  # of an element: some part is understood and some is not
NO_VALUE = (ABSENT, NONE, NOTHING, UNSAID)

Find = Callable[[Any], Any]
Start = tuple[Find, int]
Test = Callable[[Any], bool]


class Missing(Wrong):
    """A Wrong with what the reader knows of its place: the choice, and the node that its paths start from."""

    def __init__(self, wrong: Wrong, number: int, choice: Choice, node: Any):
        super().__init__(wrong.reason, wrong.which, wrong.others, wrong.element, wrong.beside)
        self.number, self.choice, self.node = number, choice, node
        self.unknown = wrong.unknown


class FieldReader:
    """Reads one field from a node: the whole tree, or one element of a list."""

    def __init__(self, field: Field, declared: Declared, grouped: bool):
        self.field = field
        self.hl7 = declared.form.hl7
        self.words = record_model.codes(declared.record, field.place)
        self.tests = [condition_test(one) for one in field.when]
        self.choices = [self._choice(choice, grouped) for choice in field.choices]
        self.alone = [
            ([outside_finder(at, grouped) for at in choice.at], choice.cast.alone, number)
            for number, choice in enumerate(field.choices)
            if choice.cast and choice.cast.alone
        ]

    def holds(self, tree: Any) -> bool:
        """Whether the field counts in this tree (`when`)."""
        return all(test(tree) for test in self.tests)

    def read(self, node: Any, state: State) -> tuple[Any, int | None]:
        """The value or a word, and the number of the choice that said it."""
        if self.tests and not self.holds(state.tree):
            return UNSAID, None
        return self.choose(node, state)

    def choose(self, node: Any, state: State) -> tuple[Any, int | None]:
        """As `read`, whether or not the field counts here."""
        missed: int | None = None
        starts = (node, state.tree)
        for number, ((find, start), others, convert, several) in enumerate(self.choices):
            first = find(starts[start])
            if first is None:
                continue
            if first.__class__ is str:
                if self.hl7:
                    if first == NULL and not several:
                        return NONE, number
                    if not first or first.isspace():
                        continue
            elif first.__class__ is list and not any(map(_there, first)):
                continue
            try:
                nodes = [first, *[find(starts[start]) for find, start in others]] if others else [first]
                value = convert(nodes, state)
            except Wrong as wrong:
                raise Missing(wrong, number, self.field.choices[number], node) from None
            if value is NOTHING or (self.words is not None and value.__class__ is str and value not in self.words):
                missed = number if missed is None else missed
                continue
            return value, number
        if missed is None:
            return ABSENT, None
        last = self._alone(node, state, missed)
        state.missed = state.missed or last[0] is NOTHING
        return last

    def _alone(self, node: Any, state: State, missed: int) -> tuple[Any, int | None]:
        """The last resort: a start without an end."""
        starts = (node, state.tree)
        for finds, alone, number in self.alone:
            nodes = [find(starts[start]) for find, start in finds]
            if nodes[0] is None or (nodes[0].__class__ is list and not any(_there(one) for one in nodes[0])):
                continue
            try:
                return alone(nodes, state), number
            except Wrong as wrong:
                raise Missing(wrong, number, self.field.choices[number], node) from None
        return NOTHING, missed

    def _choice(self, choice: Choice, grouped: bool) -> tuple[Start, list[Start], Any, bool]:
        """The first place, the others, the conversion, and whether HL7's null in the first is a code of its own."""
        first, *others = [outside_finder(at, grouped) for at in choice.at]
        if choice.codes and choice.codes.order and choice.at[0].listed and not grouped:
            return first, others, _strongest_reader(choice.codes, self.hl7), False
        if choice.codes:
            return first, others, _codes_reader(choice.codes, self.hl7), bool(others)
        assert choice.cast is not None
        listed = choice.at[0].listed and not grouped
        return first, others, _list_reader(choice.cast) if listed else choice.cast.read, False


def _there(node: Any) -> bool:
    return node is not None and node not in ("", NULL)


def outside_finder(at: Outside, grouped: bool) -> Start:
    """How a place is found, and from where: 0 the node, 1 the whole tree. In a group [] is this element, and a path
    without [] starts from the whole tree."""
    if grouped and not at.listed:
        return finder(at.steps), 1
    steps = at.steps[at.listed :] if grouped else at.steps
    return (every_finder(steps) if any(step.every for step in steps) else finder(steps)), 0


def _list_reader(cast: Cast) -> Any:
    """A conversion over places with []: one that takes lists gets them; any other the first of each."""
    if cast.lists:
        return cast.read

    def read(nodes: list[Any], state: State) -> Any:
        return cast.read([node[0] if node.__class__ is list and node else node for node in nodes], state)

    return read


def _strongest_reader(codes: CodeMap, hl7: bool) -> Any:
    """Of several services, which one says what the appointment is; see CodeMap.strongest."""

    def read(nodes: list[Any], state: State) -> Any:
        texts = [_code_text(one) for one in nodes[0]]
        found = [codes.read((text,), hl7) for text in texts]
        if wrong := next((text for text, one in zip(texts, found, strict=True) if one.row is None), None):
            raise _without_row(codes, (wrong,), hl7)
        chosen = codes.strongest(found)
        if state.trace is not None:
            state.trace.row = chosen.row
        if chosen.unknown:
            unknown = dict.fromkeys(text for text, one in zip(texts, found, strict=True) if one.unknown)
            state.open_codes += [(codes.name, text) for text in unknown]
            state.unknown += [_unknown(codes, (text,), 0) for text in unknown]
            return NOTHING
        return UNSAID if chosen.row is None or chosen.row.value is None else chosen.row.value

    return read


def _codes_reader(codes: CodeMap, hl7: bool) -> Any:
    def read(nodes: list[Any], state: State) -> Any:
        texts = tuple(map(_code_text, nodes))
        found = codes.read(texts, hl7)
        if found.row is None:
            raise _without_row(codes, texts, hl7)
        if state.trace is not None:
            state.trace.row = found.row
        if found.unknown:
            state.open_codes.append((codes.name, " ".join(text for text in texts if text)))
            state.unknown.append(_unknown(codes, texts, len(texts) - 1))
            return NOTHING
        return UNSAID if found.row.value is None else found.row.value

    return read


def _without_row(codes: CodeMap, texts: tuple[str, ...], fold: bool) -> Wrong:
    """A code that holds its message; the error says which, so that one question is asked for all such messages."""
    which = _which(codes, texts, fold)
    wrong = Wrong(f"a code that has no row in the code map {codes.name}", which)
    wrong.unknown = _unknown(codes, texts, which)
    return wrong


def _unknown(codes: CodeMap, texts: tuple[str, ...], which: int) -> Unknown:
    return Unknown(codes.name, codes.columns[:-1], texts, which)


def _code_text(node: Any) -> str:
    if node.__class__ is str:
        return "" if node == NULL else str(node)
    if node.__class__ is list:
        return " ".join(text for one in node if (text := _code_text(one)))
    text = plain(node) if node is not None else ""
    return "" if text == NULL else text


def _which(codes: CodeMap, texts: tuple[str, ...], fold: bool) -> int:
    """The first column whose code the map does not list."""
    for number, (text, values) in enumerate(zip(texts, codes.values, strict=True)):
        if values is not None:
            known = {value.casefold() for value in values} if fold else set(values)
            if (text.strip().casefold() if fold else text) not in known:
                return number
    return 0


def condition_test(condition: Condition) -> Test:
    """Whether a tree fulfils a condition."""
    find, values = finder(condition.at.steps), set(condition.values)
    return lambda tree: plain(found) in values if (found := find(tree)) is not None else "" in values


def text_at(tree: Any, at: Outside) -> str | None:
    """What a person reads at a place: of a coded element its words (CWE.9, CE.2), else its code; None: nothing."""
    found = finder(at.steps)(tree)
    for part in ("9", "2", "1"):
        text = text_of(found.get(part)).strip() if found.__class__ is dict and part in found else ""
        if text and text != NULL:
            return text
    text = plain(found) if found is not None and found.__class__ is not dict else ""
    return text if text.strip() and text != NULL else None
