"""Conversions of the registry's study record: partial dates, lists of words, contacts."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from integrator.mapping import casts_fhir_plain as plain
from integrator.mapping.casts import NOTHING, CannotHold, Cast, Wrong
from integrator.mapping.state import State
from integrator.records.study_parts import Contact
from integrator.records.values import Concept, PartialDate

PARTIAL = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
KINDS = ("ACTUAL", "ESTIMATED")


def is_partial_date(text: str) -> bool:
    """Whether it is yyyy, yyyy-mm or yyyy-mm-dd, and such a day exists."""
    if not PARTIAL.fullmatch(text):
        return False
    try:
        date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        return False
    return True


def _read_date(nodes: list[Any], state: State) -> Any:
    """A date as it is; FHIR's dateTime with a time of day is no partial date."""
    text = nodes[0]
    if isinstance(text, str) and "T" in text:
        return NOTHING
    if not isinstance(text, str) or not is_partial_date(text):
        raise Wrong("a date that does not exist or is not yyyy, yyyy-mm or yyyy-mm-dd")
    kind = nodes[1] if len(nodes) > 1 else None
    if kind is not None and kind not in KINDS:
        raise Wrong("a date that is neither ACTUAL nor ESTIMATED", 1)
    return PartialDate(text, kind)


def _write_date(value: PartialDate, state: State) -> list[Any]:
    if not is_partial_date(value.text):
        raise CannotHold("a date that does not exist")
    return [value.text, value.kind]


def _write_date_only(value: PartialDate, state: State) -> list[Any]:
    return _write_date(value, state)[:1]


def _read_texts(nodes: list[Any], state: State) -> Any:
    found = nodes[0] if isinstance(nodes[0], list) else [nodes[0]]
    return tuple(one for one in found if isinstance(one, str) and one.strip()) or NOTHING


def _read_text_concept(nodes: list[Any], state: State) -> Any:
    text = plain.read_string(nodes, state)
    return Concept((), text) if text else NOTHING


def _read_contacts(nodes: list[Any], state: State) -> Any:
    found = nodes[0] if isinstance(nodes[0], list) else [nodes[0]]
    words = ("name", "role", "phone", "phoneExt", "email")
    people = (Contact(*(plain.word(one, name) for name in words)) for one in found if isinstance(one, dict))
    return tuple(one for one in people if one != Contact()) or NOTHING


DATES = (
    Cast("partial-date", _read_date, _write_date, sources={"text": ((0, ""),), "kind": ((1, ""),)}),
    Cast("date-only", _read_date, _write_date_only, loses=frozenset({"kind"})),
)

STUDY_CASTS = {
    cast.name: cast
    for cast in (
        *DATES,
        Cast("string", plain.read_string, plain.write_string),
        Cast("code", plain.read_code, plain.write_code),
        Cast("integer", plain.read_integer, plain.write_integer),
        Cast("boolean", plain.read_boolean, plain.write_boolean),
        Cast("text", _read_text_concept),
        Cast("texts", _read_texts, lists=True),
        Cast("contacts", _read_contacts, parts=(("name", "role", "phone", "phoneExt", "email"),), lists=True),
    )
}

# Without `as`, the type of the record's value and the field's type decide.
STUDY_DEFAULTS = {
    ("str", "string"): "string",
    ("str", "code"): "code",
    ("int", "integer"): "integer",
    ("bool", "boolean"): "boolean",
    ("Concept", "string"): "text",
    ("PartialDate", "date"): "partial-date",
    ("PartialDate", "partialDate"): "partial-date",
}
