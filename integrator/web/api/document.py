"""The document of the API: the shapes of records and entries, and how their fields are written (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_smorest import Api
from marshmallow import fields

from integrator import __version__
from integrator.records.instruments import INSTRUMENTS
from integrator.records.schemas import fields as of
from integrator.web.api.shapes import Shapes

F = Callable[..., Any]


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
