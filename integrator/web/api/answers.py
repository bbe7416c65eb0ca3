"""What the API answers: JSON with the version of its record as ETag, and errors of one shape (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, NoReturn

import orjson
from flask import Response, request
from flask.json.provider import JSONProvider
from werkzeug.exceptions import HTTPException

from integrator.records.schemas import Problem

JSON, PROBLEM = "application/json", "application/problem+json"

WORDS = {
    400: "the body is no JSON",
    404: "there is nothing at this address",
    405: "this address does not take that method",
    413: "the body is longer than 64 KiB; send less at once",
    415: "send the body as Content-Type: application/json",
    500: "a fault of Integrator; nothing was stored, the log has the place",
}


class Orjson(JSONProvider):
    """Flask's JSON by orjson."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), mimetype=JSON)


class Wrong(HTTPException):
    """An answer that is an error; raised within a transaction it undoes it."""

    def __init__(self, code: int, text: str, problems: Iterable[Problem] = (), **more: Any):
        super().__init__(text)
        self.code, self.problems, self.more = code, tuple(problems), more
        self.told: dict[str, str] = {}  # headers


def wrong(code: int, text: str, field: str = "", headers: dict[str, str] | None = None, **more: Any) -> NoReturn:
    """Ends the request with an error: one sentence, and of which field it is. `more` stands beside it."""
    error = Wrong(code, text, [Problem(field, text)], **more)
    error.told = headers or {}
    raise error


def answer(value: Any, code: int = 200, version: int | None = None, headers: dict[str, str] | None = None) -> Response:
    """A value as JSON; with a version it has a strong ETag, and 304 is answered to whoever has it already."""
    response = Response(orjson.dumps(value), code, mimetype=JSON)
    response.headers.update(headers or {})
    if version is not None:
        response.set_etag(str(version))
        if request.method in ("GET", "HEAD") and request.if_none_match.contains_weak(str(version)):
            response.status_code = 304
            response.set_data(b"")
            for name in ("Content-Type", "Content-Length"):
                del response.headers[name]
    return response


def problem_of(error: HTTPException) -> Response:
    """Any HTTP error in the shape of the API."""
    code = error.code or 500
    if isinstance(error, Wrong):
        return problem(code, error.description or "", error.problems, error.told, **error.more)
    text = WORDS.get(code) or error.description or HTTPStatus(code).phrase
    allowed = getattr(error, "valid_methods", None)
    return problem(code, text, headers={"Allow": ", ".join(sorted(allowed))} if allowed else None)


def problem(
    code: int, text: str, problems: Iterable[Problem] = (), headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """An error: what is wrong in a sentence, and field by field."""
    told = {"type": "about:blank", "title": HTTPStatus(code).phrase, "status": code, "detail": text, **more}
    told["problems"] = [{"field": one.field, "text": one.text} for one in problems]
    response = Response(orjson.dumps(told), code, mimetype=PROBLEM)
    response.headers.update(headers or {})
    return response
