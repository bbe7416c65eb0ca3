"""What people and programs send in, checked and turned into what a record is told; wrong entries are answered in words
that a study nurse understands."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.fields import List, Nested

from integrator.records import Said
from integrator.records.results import session_key
from integrator.records.schemas.about import About, Knowing
from integrator.records.schemas.entries import SCHEMAS, UNKNOWN_FIELD, Entry
from integrator.records.schemas.rules import Problem, rules
from integrator.records.texts import not_one_of

__all__ = ["SCHEMAS", "About", "Problem", "check", "rules", "session_key", "told"]


def check(kind: str, entry: Any, about: About, whole: bool = False) -> tuple[Said, list[Problem]]:
    """What an entry (the JSON of a form, a program, a message) says of a record, and what is wrong with it.

    `whole`: it is the first entry of its record, so nothing may be missing. The fields of an entry are those of
    SCHEMAS[kind]; the subject and the key stand beside it. With problems the first part is empty.
    """
    schema = _schema(kind)
    try:
        with Knowing(about):
            said = schema.load(entry)
    except ValidationError as wrong:
        return {}, list(told(wrong.messages, schema))
    found = rules(kind, said, about, whole)
    return ({}, found) if found else (said, [])


@cache
def _schema(kind: str) -> Entry:
    return SCHEMAS[kind]()


def told(messages: Any, schema: Schema, path: str = "") -> Iterator[Problem]:
    """marshmallow's messages as problems, each with its path: "consent.date", "exercises.0.sets"."""
    if isinstance(messages, str):
        messages = [messages]
    if isinstance(messages, list):
        yield from (Problem(path, str(one)) for one in messages)
        return
    for name, inner in messages.items():
        here = path if name == "_schema" else f"{path}.{name}" if path else str(name)
        if inner == [UNKNOWN_FIELD]:
            names = tuple(field.data_key or key for key, field in schema.load_fields.items())
            yield Problem(here, f"there is no such field; {not_one_of('a field', str(name), names)}")
        else:
            yield from told(inner, _inside(schema, name), here)


def _inside(schema: Schema, name: Any) -> Schema:
    """The schema of what stands in a field; the schema itself where it is no object, or a place in a list."""
    field = next((one for key, one in schema.load_fields.items() if name == (one.data_key or key)), None)
    if isinstance(field, List):
        field = field.inner
    if isinstance(field, Nested) and isinstance(field.schema, Schema):
        return field.schema
    return schema
