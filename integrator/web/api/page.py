"""The API's document as people read it: its addresses noun by noun; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from integrator.web.api.answers import JSON

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Named:
    """A field or parameter: its name, what may stand there, whether it must be, what it is."""

    name: str
    shape: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Call:
    """One method of one address."""

    method: str
    path: str
    about: str
    parameters: list[Named]
    body: list[Named]
    example: str  # of the body; empty: there is none
    answers: list[tuple[str, str]]  # status code, what it means

    @property
    def anchor(self) -> str:
        """Where it stands on the page."""
        return f"{self.method.lower()}{self.path.replace('/', '-').replace('{', '').replace('}', '')}"


@dataclass(frozen=True, slots=True)
class Chapter:
    """The calls of one noun."""

    name: str
    about: str
    calls: list[Call]


def chapters(document: Json) -> list[Chapter]:
    """The document noun by noun."""
    found: dict[str, Chapter] = {
        tag["name"]: Chapter(tag["name"].rpartition("/")[2], tag.get("description", ""), [])
        for tag in document.get("tags", [])
    }
    for path, methods in document["paths"].items():
        common = methods.get("parameters", [])
        for method, call in methods.items():
            if method != "parameters":
                found[call["tags"][0]].calls.append(_call(document, path, method, call, common))
    return list(found.values())


def _call(document: Json, path: str, method: str, call: Json, common: list[Json]) -> Call:
    parameters = [_resolved(document, one) for one in [*common, *call.get("parameters", [])]]
    content: Json = call.get("requestBody", {}).get("content", {})
    body: Json = content.get(JSON, {})
    return Call(
        method.upper(),
        path,
        call.get("summary", ""),
        [
            Named(one["name"], _shape(one.get("schema", {})), one.get("required", False), one.get("description", ""))
            for one in parameters
        ],
        _fields(document, body.get("schema", {})),
        orjson.dumps(body["example"], option=orjson.OPT_INDENT_2).decode() if body else "",
        [(code, answer.get("description", "")) for code, answer in sorted(call["responses"].items())],
    )


def _fields(document: Json, shape: Json, above: str = "") -> list[Named]:
    """The fields of a body, inner ones with the path of theirs: consent.date."""
    shape = _resolved(document, shape)
    found = []
    for name, inner in shape.get("properties", {}).items():
        path, whole = f"{above}{name}", _resolved(document, inner)
        required = name in shape.get("required", [])
        found.append(Named(path, _shape(whole), required, inner.get("description", "")))
        found += _fields(document, whole, f"{path}.")
        if whole.get("type") == "array":
            found += _fields(document, whole.get("items", {}), f"{path}[].")
    return found


def _resolved(document: Json, shape: Json) -> Json:
    if "$ref" in shape:
        at: Any = document
        for part in shape["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        return dict(at)
    return shape


def _shape(shape: Json) -> str:
    """What may stand there, in few words."""
    if "enum" in shape:
        return ", ".join(str(word) for word in shape["enum"] if word is not None)
    kind = shape.get("type", "text or object")
    if isinstance(kind, list):
        kind = " or ".join(kind)
    return f"{kind} ({shape['format']})" if "format" in shape else str(kind)
