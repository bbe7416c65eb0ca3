"""Study records for tests: one with every field of the registry's schema, and a small one to change."""

from __future__ import annotations

from typing import Any

from integrator.formats.study_record import Field, study_model

Study = dict[str, Any]

_VALUES: dict[str, Any] = {
    "string": "x",
    "date": "2014-03-19",
    "partialDate": "2011-09",
    "boolean": True,
    "integer": 7,
    "number": 7.5,
    "object": {},
}


def whole(kind: str = "Study") -> Study:
    """A document in which every field of the schema stands, each with a text of its own."""
    counter = iter(range(10_000))
    document = _of(kind, counter)
    if kind == "Study":
        document["protocolSection"]["identificationModule"]["nctId"] = "NCT00000001"
        document["protocolSection"]["designModule"]["phases"] = ["PHASE2", "PHASE3"]
    return document


def _of(kind: str, counter: Any) -> Study:
    found = {}
    for field in study_model().children(kind).values():
        value = _one(field, counter)
        found[field.name] = [value] if field.many else value
    return found


def _one(field: Field, counter: Any) -> Any:
    if field.codes:
        return field.codes[0]
    if study_model().is_primitive(field.type) or field.type == "object":
        value = _VALUES[field.type]
        return f"{field.name}-{next(counter)}" if value == "x" else value
    return _of(field.type, counter)


def small(**status: Any) -> Study:
    """A record with a number and a status module."""
    module = {"overallStatus": "COMPLETED", "lastUpdateSubmitDate": "2014-03-19", **status}
    module = {name: value for name, value in module.items() if value is not None}
    return {"protocolSection": {"identificationModule": {"nctId": "NCT01409720"}, "statusModule": module}}
