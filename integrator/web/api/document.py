"""The document of the API: the shapes of records and entries, and what each address answers (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_smorest import Api
from marshmallow import Schema, fields

from integrator import __version__
from integrator.records import participant
from integrator.records.instruments import INSTRUMENTS
from integrator.records.schemas import SCHEMAS
from integrator.records.schemas import fields as of
from integrator.records.schemas.entries import ConsentSchema, Entry
from integrator.web.api.answers import JSON, PROBLEM
from integrator.web.api.examples import EXAMPLES
from integrator.web.api.room import Noun
from integrator.web.api.shapes import Shapes, ref

F = Callable[..., Any]


class Why(Entry):
    """What may stand beside the fields of a change."""

    why = of.Words(metadata={"description": "Why it is changed, for the journal."})
    correction = of.YesNo(metadata={"description": "An earlier entry was a mistake."})


class Which(Why):
    """Of what a new entry is."""

    subject = of.Name(required=True, metadata={"description": "The subject code."})
    key = of.Name(metadata={"description": "The trial's own name of it, as S-04."})


class FirstConsent(ConsentSchema):
    """The consent with which a participant enters the trial."""

    class Meta(Entry.Meta):
        fields = ("date", "version")


class Link(Entry):
    """A participant, and the patient that they are. The hospital number is kept encrypted and never shown."""

    subject = of.Name(required=True, metadata={"description": "The subject code; it says nothing of the patient."})
    number = of.Words(required=True, metadata={"description": "The hospital number.", "writeOnly": True})
    second = of.Words(
        required=True, metadata={"description": "A birth date, YYYY-MM-DD, or TYPE|value.", "writeOnly": True}
    )
    consent = fields.Nested(FirstConsent, required=True, error_messages=of.NOTHING_SAID)
    arm = of.Words()
    status = of.Word(participant.STATUSES)


class Withdrawal(Entry):
    """The end of a consent."""

    scope = of.Word(participant.SCOPES, required=True, metadata={"description": "What is withdrawn."})
    on = of.Day(required=True, metadata={"description": "The day from which the consent no longer holds."})
    reason = of.Words(metadata={"description": "Why, if they said it."})


WHICH, WHY = Which(), Why()


def new_entry(kind: str) -> type[Schema]:
    """The shape of the body that makes a record of this kind: the fields of its entry and of what it is."""
    return type(f"New{kind}", (SCHEMAS[kind], Which), {"__doc__": SCHEMAS[kind].__doc__})


def changed_entry(kind: str) -> type[Schema]:
    """The shape of the body that changes a record of this kind: the fields that change."""
    return type(f"Changed{kind}", (SCHEMAS[kind], Why), {"__doc__": SCHEMAS[kind].__doc__})


def described(self: Any, field: fields.Field[Any], ret: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What apispec cannot know of the fields of an entry: how they are written, and that a word may be null too."""
    about = TYPES.get(type(field), (None, None, ""))[2]
    if field.data_key == "instrument":
        about = f"One of {', '.join(INSTRUMENTS)}; or system|code of anything else."
    told: dict[str, Any] = {"description": about} if about and "description" not in ret else {}
    if field.allow_none and "enum" in ret:
        told["enum"] = [*ret["enum"], None]
    return told


class Documented(Api):  # type: ignore[misc]  # flask-smorest says no types
    """flask-smorest's Api with errors as we tell them; the application keeps its own error handlers."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """None: each noun has its own, see room.Noun."""

    def _register_responses(self) -> None:
        """None: each address names its answers."""

    _register_etag_headers = _register_pagination_header = _register_responses


def documented(app: Flask) -> Documented:
    """The API of an application, with the shapes that its addresses refer to."""
    api = Documented(
        app,
        spec_kwargs={
            "title": "Integrator",
            "version": __version__,
            "openapi_version": "3.1.0",
            "info": {"description": ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "servers": [{"url": "/", "description": "this machine"}],
            "security": [{}, {"token": []}],
        },
    )
    for field, (type_, format_, _) in TYPES.items():
        api.register_field(field, type_, format_)
    api.ma_plugin.converter.add_attribute_function(described)
    api.spec.components.security_scheme(
        "token",
        {
            "type": "http",
            "scheme": "bearer",
            "description": "Asked for while there is one; integrator token add makes it.",
        },
    )
    for name, shape in {**SHAPES, **Shapes().records()}.items():
        api.spec.components.schema(name, shape)
    return api


ABOUT = """\
What the trial knows of its participants, for programs on this machine.
Every write becomes a message of the source "trial" and goes the way of every message: read, merged, told to the
targets.
No answer says who a patient is.
"""
TYPES: dict[type, tuple[str | None, str | None, str]] = {
    of.Number: ("number", None, ""),
    of.Count: ("integer", None, "A whole number."),
    of.YesNo: ("boolean", None, ""),
    of.Day: ("string", "date", "2026-03-09"),
    of.Moment: ("string", None, "2026-03-09 10:00, or 2026-03-09; without an offset it is of the hospital's zone."),
    of.Word: ("string", None, ""),
    of.Words: ("string", None, ""),
    of.Name: ("string", None, "Letters, digits, points, dashes and colons."),
    of.Notes: (None, None, "A text, or a list of texts."),
    of.Meaning: (None, None, "A text, or an object with code, system, display and text."),
    of.Between: ("object", None, "An object with start and end: 2026-03-09 10:00."),
}  # field of an entry -> type and format of its JSON, and how it is written
SHAPES: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "description": "What is wrong, in words for the person who entered it (RFC 9457).",
        "required": ["type", "title", "status", "detail", "problems"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "version": {"type": "integer", "description": "The present version of the record; with 412 and 428."},
            "problems": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "text"],
                    "properties": {"field": {"type": "string"}, "text": {"type": "string"}},
                },
            },
        },
    }
}

WRONG = {
    304: "It is as you have it (If-None-Match).",
    400: "The body is no JSON, or no object.",
    401: "A token is asked for.",
    403: "Not from this machine, or from a page of another site.",
    404: "There is no such record.",
    409: "It cannot be done as things stand: it is linked already, or follows from other records.",
    412: "The record has changed meanwhile; its present version is said.",
    413: "The body is longer than 64 KiB.",
    415: "The body is not sent as application/json.",
    422: "Something is not valid; it is said field by field.",
    428: "If-Match is missing; the present version is said.",
    500: "A fault of Integrator; nothing was stored.",
    503: "Not now (the disk is full, the store is away); Retry-After says when.",
}
ALWAYS = (401, 403, 500, 503)
BODY = (400, 413, 415, 422)
MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "example": '"3"',
    "description": "The ETag of the version that you have seen.",
}
NONE_MATCH = MATCH | {"name": "If-None-Match", "description": "The ETag of the version that you have; 304 if it is it."}
ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 200},
    "description": "Your own name of this request; sent again under it, it is done once.",
}
ETAG = {"ETag": {"schema": {"type": "string"}, "description": "The version of the record."}}
LIMIT = {
    "name": "limit",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50},
    "description": "How many at most.",
}
AFTER = {
    "name": "after",
    "in": "query",
    "schema": {"type": "string"},
    "description": 'Where the page begins: "next" of the page before.',
}
TIMES = [
    {
        "name": name,
        "in": "query",
        "schema": {"type": "string"},
        "example": "2026-03-10",
        "description": f"{text} this day, or this instant.",
    }
    for name, text in (("from", "Not before"), ("to", "Not after"))
]


def path_parameter(name: str, about: str, number: bool = False) -> list[dict[str, Any]]:
    """What stands in a path."""
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": about,
            "schema": {"type": "integer", "minimum": 0} if number else {"type": "string"},
        }
    ]


def filters(words: dict[str, tuple[str, ...]], times: bool = False) -> list[dict[str, Any]]:
    """The parameters of a list as the document has them."""
    named = [
        {"name": name, "in": "query", "schema": {"type": "string"} | ({"enum": list(every)} if every else {})}
        for name, every in words.items()
    ]
    return [LIMIT, AFTER, *named, *(TIMES if times else [])]


def listed(noun: Noun, shape: str, parameters: list[dict[str, Any]]) -> Callable[[F], F]:
    """Documents a list of these."""

    def decorate(function: F) -> F:
        function = noun.response(200, ref(f"{shape}Page"), description="A page.", content_type=JSON)(function)
        return _errors(noun, (*ALWAYS, 422), noun.doc(parameters=parameters)(function))

    return decorate


def single(noun: Noun, shape: str, etag: bool = True) -> Callable[[F], F]:
    """Documents one of these."""

    def decorate(function: F) -> F:
        headers = ETAG if etag else None
        known = noun.response(200, ref(shape), description="As it is now.", headers=headers, content_type=JSON)
        function = known(function)
        if etag:
            function = noun.alt_response(304, description=WRONG[304])(noun.doc(parameters=[NONE_MATCH])(function))
        return _errors(noun, (*ALWAYS, 404), function)

    return decorate


def writes(noun: Noun, shape: str, entry: type[Schema], new: bool, *more: int, match: bool = True) -> Callable[[F], F]:
    """Documents a write that is answered with the record; `match`: under If-Match."""

    def decorate(function: F) -> F:
        known = noun.response(200, ref(shape), description="As it is now.", headers=ETAG, content_type=JSON)
        function = known(function)
        if new:
            made = {**ETAG, "Location": {"schema": {"type": "string"}, "description": "Its address."}}
            fresh = noun.response(201, ref(shape), description="It is new.", headers=made, content_type=JSON)
            function = fresh(function)
        body = {"required": True, "content": {JSON: {"schema": entry, "example": EXAMPLES[entry.__name__]}}}
        parameters = [MATCH | {"required": match and not new}, *([ONCE] if match else [])]
        function = noun.doc(requestBody=body, parameters=parameters)(function)
        return _errors(noun, (*ALWAYS, *BODY, 412, *more), function)

    return decorate


def _errors(noun: Noun, codes: tuple[int, ...], function: F) -> F:
    for code in sorted(set(codes)):
        told = noun.alt_response(code, schema=ref("Problem"), content_type=PROBLEM, description=WRONG[code])
        function = told(function)
    return function
