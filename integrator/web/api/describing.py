"""What each address takes and answers, written beside its function for the document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema

from integrator.web.api.answers import JSON, PROBLEM
from integrator.web.api.examples import EXAMPLES
from integrator.web.api.room import Noun
from integrator.web.api.shapes import ref

F = Callable[..., Any]

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
