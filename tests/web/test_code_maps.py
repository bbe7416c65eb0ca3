"""/fhir/R4/ConceptMap: the code maps in use, as FHIR."""

from __future__ import annotations

import pytest
from flask import Flask

from integrator.formats.fhir.validate import problems
from integrator.web import code_maps
from tests.houses import house


@pytest.fixture
def client(tmp_path):
    with house(tmp_path) as opened:
        app = Flask("test")
        app.register_blueprint(code_maps.blueprint(opened.line))
        yield app.test_client()


def test_all_maps_are_a_valid_searchset(client):
    answer = client.get("/fhir/R4/ConceptMap")
    assert (answer.status_code, answer.mimetype) == (200, "application/fhir+json")
    bundle = answer.get_json(force=True)
    assert problems(bundle) == []
    assert (bundle["type"], bundle["total"]) == ("searchset", len(bundle["entry"]))
    first = bundle["entry"][0]
    assert client.get(first["fullUrl"].partition("localhost")[2]).get_json(force=True) == first["resource"]


def test_it_is_searched_by_name_url_and_id(client):
    def ids(query: str) -> list[str]:
        return [
            one["resource"]["id"]
            for one in client.get(f"/fhir/R4/ConceptMap?{query}").get_json(force=True).get("entry", [])
        ]

    assert "siu-status" in ids("name=siustat")
    assert ids("url=https://integrator.example/fhir/ConceptMap/siu-status") == ["siu-status"]
    assert ids("_id=siu-status") == ["siu-status"]
    assert ids("_id=none") == []


def test_what_is_not_there_or_not_known_is_an_operation_outcome(client):
    for address, status in (("/fhir/R4/ConceptMap/none", 404), ("/fhir/R4/ConceptMap?code=F", 400)):
        answer = client.get(address)
        outcome = answer.get_json(force=True)
        assert (answer.status_code, outcome["resourceType"], problems(outcome)) == (status, "OperationOutcome", [])
