"""The shapes of records as JSON Schema, from the types of their fields: what the API's document says of answers."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from integrator.records import CODES, KINDS
from integrator.sealing import PATIENT_FIELD
from integrator.store.schema import MESSAGE_STATES, OWED_STATES
from integrator.web.api.shown import NOUNS

Json = dict[str, Any]

PLAIN: dict[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
}
TEXT, NUMBER, INSTANT = PLAIN[str], PLAIN[int], PLAIN[datetime]


def ref(name: str) -> Json:
    """The place of a shape in the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(shape: Json) -> Json:
    """The shape, or null."""
    return {"anyOf": [shape, {"type": "null"}]}


class Shapes:
    """Collects the shapes of records and of the values that they are made of."""

    def __init__(self) -> None:
        self.found: dict[str, Json] = {}

    def records(self) -> dict[str, Json]:
        """Every shape by its name: of what the nouns answer, their pages, and what those are made of."""
        for kind in (kind for kind in NOUNS if kind in KINDS):
            self._model(KINDS[kind], f"{kind}Fields", CODES.get(kind, {}))
            self.found[kind] = _shown(kind)
        self.found |= {"Message": MESSAGE, "Owed": OWED}
        self.found |= {f"{name}Page": _page(name) for name in (*NOUNS, "Message", "Owed") if name in self.found}
        return self.found

    def _model(self, model: type, name: str, codes: dict[str, tuple[str, ...]]) -> Json:
        """The shape of a dataclass; a field that nobody said is left out, one said to be none is null."""
        if name not in self.found:
            self.found[name] = {}  # one that holds itself
            hints = typing.get_type_hints(model)
            properties: Json = {}
            for field in fields(model):
                if field.name == PATIENT_FIELD:
                    continue
                shape = self._of(hints[field.name])
                words = codes.get(field.name)
                properties[field.name] = nullable(TEXT | {"enum": list(words)} if words else shape)
            self.found[name] = {"type": "object", "properties": properties, "additionalProperties": False}
        return ref(name)

    def _of(self, hint: Any) -> Json:
        if typing.get_origin(hint) in (types.UnionType, typing.Union):
            hint = next(part for part in typing.get_args(hint) if part is not type(None))
        if typing.get_origin(hint) is tuple:
            return {"type": "array", "items": self._of(typing.get_args(hint)[0])}
        if is_dataclass(hint) and isinstance(hint, type):
            return self._model(hint, f"{hint.__name__}Value", {})
        return PLAIN[hint]


def _object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _shown(kind: str) -> Json:
    return _object(
        id=NUMBER,
        kind={"const": kind},
        key=TEXT | {"description": "The trial's own name of it, or the source's."},
        href=TEXT | {"description": "Its address."},
        subject=nullable(TEXT),
        study=nullable(TEXT),
        version=NUMBER | {"minimum": 1},
        changed_at=INSTANT,
        record=ref(f"{kind}Fields"),
    )


def _page(name: str) -> Json:
    more = nullable(TEXT | {"description": "What `after` is for the next page; null: this was the last."})
    return _object(items={"type": "array", "items": ref(name)}, next=more)


MESSAGE = _object(
    id=NUMBER | {"description": "The receipt number."},
    source=TEXT,
    system=TEXT,
    format=TEXT,
    type=TEXT,
    event=TEXT,
    state=TEXT | {"enum": list(MESSAGE_STATES)},
    reason=nullable(TEXT),
    received_at=INSTANT,
    source_time=INSTANT,
)
OWED = _object(
    target=TEXT,
    record=_object(kind=TEXT, key=TEXT, id=NUMBER, href=nullable(TEXT)),
    subject=nullable(TEXT),
    face=TEXT,
    state=TEXT | {"enum": list(OWED_STATES)},
    reason=nullable(TEXT),
    since=INSTANT,
    due_at=nullable(INSTANT),
    attempts=NUMBER,
)
