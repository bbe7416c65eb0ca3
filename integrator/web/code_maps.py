"""The code maps in use as FHIR R4 ConceptMaps, for programs: /fhir/R4/ConceptMap and one by its id."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Response, request

from integrator.line import Line
from integrator.mapping.concept_maps import concept_maps

FHIR_JSON = "application/fhir+json"
ASKED = ("_id", "name", "url", "_format")  # what a search may ask for


def blueprint(line: Line) -> Blueprint:
    """They hold codes and words only, and nothing of anybody."""
    pages = Blueprint("code_maps", __name__, url_prefix="/fhir/R4")

    @pages.get("/ConceptMap")
    def search() -> Response:
        unknown = sorted(set(request.args) - set(ASKED))
        if unknown:
            return _wrong(400, "not-supported", f"ConceptMap is not searched by {unknown[0]}; by {', '.join(ASKED)}")
        found = [one for one in concept_maps(line.faces) if _fits(one)]
        base = request.base_url
        entries = [{"fullUrl": f"{base}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in found]
        bundle: dict[str, Any] = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(found),
            "link": [{"relation": "self", "url": request.url}],
        }
        return _answer(bundle | ({"entry": entries} if entries else {}))

    @pages.get("/ConceptMap/<number>")
    def one(number: str) -> Response:
        for found in concept_maps(line.faces):
            if found["id"] == number:
                return _answer(found)
        return _wrong(404, "not-found", f"there is no ConceptMap {number}")

    return pages


def _fits(one: dict[str, Any]) -> bool:
    """Search by token, by uri, and by the beginning of a text, whatever its case (R4, Search)."""
    asked = request.args
    number, url, name = asked.get("_id"), asked.get("url"), asked.get("name")
    return (
        (number is None or one["id"] in number.split(","))
        and (url is None or one["url"] == url)
        and (name is None or one["name"].casefold().startswith(name.casefold()))
    )


def _answer(resource: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(resource), status, mimetype=FHIR_JSON)


def _wrong(status: int, code: str, text: str) -> Response:
    issue = {"severity": "error", "code": code, "diagnostics": text}
    return _answer({"resourceType": "OperationOutcome", "issue": [issue]}, status)
