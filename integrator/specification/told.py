"""What a face says, as rows for a reader: when it applies, each field with usage and value set, what is left out.

Usage is HL7's word (v2.8.2, chapter 2B.7): R required, RE required but may be empty, O optional, X not used. A field is
required here where a message without it is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from integrator.formats.hl7v2.segments import segment_table
from integrator.mapping import Face
from integrator.mapping.codes import CodeMap, Row
from integrator.mapping.model import Choice, Condition, Field, Outside
from integrator.mapping.path import path_text

WORDS = {"read": "read only", "write": "written only", None: "read and written"}
NEEDED = {
    "Appointment": (("filler", "placer"), ("patient",), ("time",)),
    "Treatment": (("treatment",), ("patient",), ("time",)),
    "Patient": (("identifiers",),),
}  # of each tuple one must be said, or the message is held; by the kind of record


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the record: where it stands outside, and how it is understood."""

    record: str  # time
    usage: str  # R, RE, O
    direction: str
    choices: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One choice of a field, in order of precedence."""

    at: str  # TQ1-7, TQ1-8
    name: str  # what HL7 calls them
    type: str
    how: str  # the conversion
    value_set: str  # the code map
    when: str


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A code map as a table."""

    name: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A whole face in words."""

    name: str
    record: str
    form: str
    about: str
    direction: str
    hash: str
    each: str
    absent: str
    conditions: tuple[str, ...]
    lines: tuple[Line, ...]
    constants: tuple[tuple[str, str], ...]
    value_sets: tuple[ValueSet, ...]
    ours: tuple[tuple[str, str], ...]
    theirs: tuple[tuple[str, str, str], ...]  # place, its name, why it is not used


ABSENT = {
    "none": "An element that is not there says: none.",
    "unchanged": 'An empty field says nothing; "" says: none.',
}


def tell(face: Face) -> Told:
    """A face in words."""
    declared = face.declared
    maps = {choice.codes.name: choice.codes for one in declared.fields for choice in one.choices if choice.codes}
    return Told(
        name=face.name,
        record=face.record,
        form=face.form,
        about=declared.about,
        direction=WORDS[declared.direction],
        hash=face.hash,
        each=declared.each.text if declared.each else "",
        absent=ABSENT.get(declared.absent, declared.absent),
        conditions=tuple(_condition(one) for one in declared.when),
        lines=tuple(_line(face, one) for one in declared.fields),
        constants=tuple(
            (one.at.text, "the running number" if one.value == "#" else str(one.value)) for one in declared.constants
        ),
        value_sets=tuple(_value_set(codes, declared.texts) for codes in maps.values()),
        ours=tuple((one.text, one.reason) for one in declared.omit_ours),
        theirs=tuple((one.text, _names(face, (one.at,)) if one.at else "", one.reason) for one in declared.omit_theirs),
    )


def _condition(one: Condition) -> str:
    return f"{one.at.text} is {' or '.join(one.values)}"


def _line(face: Face, one: Field) -> Line:
    direction = WORDS[face.declared.direction or one.only]
    return Line(
        one.place.text, _usage(face, one), direction, tuple(_place(face, one, choice) for choice in one.choices)
    )


def _usage(face: Face, one: Field) -> str:
    if not one.read or not face.declared.reads:
        return "RE" if face.declared.writes else "O"
    needed = NEEDED.get(face.record, ())
    alone = any(one.place.field in group and len(group) == 1 for group in needed)
    either = any(one.place.field in group for group in needed)
    return "R" if alone else "R (one of them)" if either else "O"


def _place(face: Face, field: Field, choice: Choice) -> Place:
    return Place(
        at=", ".join(path_text(one.steps, face.declared.form.hl7) for one in choice.at),
        name=_names(face, choice.at),
        type=", ".join(dict.fromkeys(one.type for one in choice.at if one.type)),
        how=choice.cast.name if choice.cast else "",
        value_set=choice.codes.name if choice.codes else "",
        when="; ".join(_condition(one) for one in field.when),
    )


def _names(face: Face, places: tuple[Outside, ...]) -> str:
    """What HL7 calls the places; other forms name themselves."""
    if not face.declared.form.hl7:
        return ""
    table = segment_table()
    found = []
    for one in places:
        numbers = [step.name for step in one.steps]
        if len(numbers) > 1:
            found.append(table.name(f"{numbers[0]}-{'.'.join(numbers[1:])}"))
    return "; ".join(dict.fromkeys(name for name in found if name))


def _value_set(codes: CodeMap, texts: dict[str, str]) -> ValueSet:
    rows = tuple(_cells(row) for row in codes.rows)
    about = next((_about(text) for name, text in texts.items() if name.endswith(f"codes/{codes.name}.toml")), "")
    return ValueSet(codes.name, about, codes.columns, rows, codes.open)


def _about(text: str) -> str:
    first = next((line for line in text.splitlines() if line.startswith("about")), "")
    return first.partition("=")[2].strip().strip('"')


def _cells(row: Row) -> tuple[str, ...]:
    return (*_outside(row), row.value or "no value")


def _outside(row: Row) -> Iterator[str]:
    for cell in row.cells:
        if cell is None:
            yield "any"
        else:
            yield " or ".join(code or "nothing" for code in cell)
