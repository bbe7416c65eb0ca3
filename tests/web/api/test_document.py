"""The API's document says what the API does: every address, answer and shape; and no answer names a patient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from openapi_spec_validator import validate

from integrator.config import Target
from integrator.receiving import Document
from integrator.registry_reading import FORMAT
from integrator.sandbox.registry.record import dispo
from integrator.token_doings import Tokens
from integrator.web.api.examples import EXAMPLES
from tests.houses import NUMBER, OTHER, siu
from tests.web.api.conftest import SCORE, SESSION, SUBJECT, Program, programmed

KINDS = ("Study", "Participant", "Appointment", "ExerciseSession", "Observation")
NEW = {"subject": "DISPO-HTEST-002", "number": OTHER, "second": "1960-01-01", "consent": {"date": "2026-03-01"}}


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A house in which everything is there once, and the hospital number stands wherever people may write it."""
    nowhere = Target(name="ehr", base="http://127.0.0.1:9/fhir", system="ehr", records=KINDS, patient_system="urn:x")
    with programmed(tmp_path, None, nowhere) as opened:
        here = opened.house
        here.line.take([Document("trial", orjson.dumps(dispo()), FORMAT, "study record", "one")])
        here.receive(siu(), siu("S15", "M2", "20260310090500", why=f"^{NUMBER} is unwell"), siu(number="HTEST-9"))
        here.read_all()
        opened.post("sessions", SESSION | {"note": f"{NUMBER} was tired"})
        told = {name: SCORE[name] for name in ("subject", "time", "instrument")}
        opened.post("observations", told | {"instrument": "pain-vas", "text": f"{NUMBER} says three"})
        yield opened


@pytest.fixture
def document(program: Program) -> dict[str, Any]:
    return program.get("/api/openapi.json")


def calls(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every method of every address."""
    return [
        (method.upper(), path, call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
        if method != "parameters"
    ]


def test_it_is_openapi_3_1(document: dict[str, Any]):
    validate(document)
    assert document["openapi"] == "3.1.0"


def test_it_names_every_address_and_no_other(program: Program, document: dict[str, Any]):
    there = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in program.client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(method, path) for method, path, _ in calls(document)} == there
    assert len(there) >= 20


def test_every_call_says_what_it_may_answer(document: dict[str, Any]):
    for method, path, call in calls(document):
        codes = set(call["responses"])
        assert codes >= {"200", "401", "403", "500", "503"}, (method, path)
        assert call["summary"].endswith("."), (method, path)
        if "{" in path:
            assert "404" in codes, (method, path)
        if method in ("POST", "PATCH"):
            assert codes >= {"400", "412", "413", "415", "422"}, (method, path)
            assert call["requestBody"]["required"]
        if method == "PATCH":
            assert {one["name"]: one.get("required") for one in call["parameters"]}["If-Match"]
            assert "428" in codes
        for code, answer in call["responses"].items():
            if code >= "400":
                assert list(answer["content"]) == ["application/problem+json"], (method, path, code)


def place(path: str, program: Program) -> str:
    """The path with the places of the first record of its list filled in."""
    if "{" not in path:
        return path
    head, _, tail = path.partition("{")
    items = program.get(head.rstrip("/"))["items"]
    where = items[0]["href"] if items and "href" in items[0] else f"{head}{items[0]['id'] if items else 1}"
    return str(where) + tail.partition("}")[2]


def test_every_answer_is_as_the_document_says_and_names_no_patient(program: Program, document: dict[str, Any]):
    program.ask("POST", "treatments", 201, json={"subject": SUBJECT, "status": "given", "day": "2026-03-09"})
    sent = {
        "/api/v1/participants": NEW,
        "/api/v1/participants/{subject}/withdrawal": {"scope": "intervention", "on": "2026-03-09", "reason": NUMBER},
        "/api/v1/sessions": SESSION | {"key": "S-02", "status": "stopped", "reason": f"{NUMBER} felt sick"},
        "/api/v1/observations": SCORE,
        "/api/v1/treatments": {"subject": SUBJECT, "status": "given", "fraction": 1},
        "/api/v1/participants/{subject}": {"status": "on-study", "since": "2026-03-04", "why": NUMBER},
        "/api/v1/treatments/{place}": {"status": "partly", "reason": f"{NUMBER} felt sick"},
        "/api/v1/sessions/{place}": {"note": f"{NUMBER} again"},
        "/api/v1/observations/{place}": {"note": f"{NUMBER} again"},
    }
    seen: set[tuple[str, str, int]] = set()
    for method, path, call in sorted(calls(document), key=lambda one: (one[0] == "POST", one[1].count("{"))):
        where = place(path, program)
        bodies: list[Any] = [None] if method == "GET" else [sent.get(path, {}), {"colour": "red"}, {}]
        for body in bodies:
            for headers in ({}, {"If-Match": "*"}, {"If-Match": '"99"'}, {"If-None-Match": '"1"'}):
                answer = program.client.open(where, method=method, json=body, headers=headers)
                seen.add((method, path, answer.status_code))
                assert str(answer.status_code) in call["responses"], (method, where, answer.text)
                assert NUMBER not in answer.text, (method, where)
                assert OTHER not in answer.text, (method, where)
                assert "HTEST-M" not in answer.text, (method, where)
                shape(document, call["responses"][str(answer.status_code)], answer)
    for method, path, _ in calls(document):
        good = {code for one, other, code in seen if (one, other) == (method, path) and code < 300}
        assert good, (method, path, seen)
    assert {code for _, _, code in seen} >= {200, 201, 304, 412, 422, 428}


def shape(document: dict[str, Any], said: dict[str, Any], answer: Any) -> None:
    """The test fails where an answer is not of the shape that the document says."""
    if answer.status_code == 304:
        assert not answer.data
        return
    (content,) = said["content"]
    assert answer.mimetype == content
    schema = {**said["content"][content]["schema"], "components": document["components"]}
    jsonschema_rs.Draft202012Validator(schema).validate(answer.json)


def test_every_example_is_taken(tmp_path: Path):
    with programmed(tmp_path) as program:
        program.house.clock.on(days=60)
        program.post("participants", EXAMPLES["Link"])
        here = f"participants/{EXAMPLES['Link']['subject']}"
        on = {"status": "on-study", "since": "2026-03-03"}
        program.patch(here, on, if_match='"1"')
        for noun, kind in (
            ("sessions", "ExerciseSession"),
            ("observations", "Observation"),
            ("treatments", "Treatment"),
        ):
            made = program.post(noun, EXAMPLES[f"New{kind}"])
            program.patch(made["href"], EXAMPLES[f"Changed{kind}"], if_match=f'"{made["version"]}"')
        program.patch(here, EXAMPLES["ChangedParticipant"], if_match="*")
        program.post(f"{here}/withdrawal", EXAMPLES["Withdrawal"], 200)


def test_the_examples_of_the_manual_are_taken(tmp_path: Path):
    manual = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    bodies = [orjson.loads(one) for one in re.findall(r"-d '(\{.*?\})'", manual, re.S)]
    with programmed(tmp_path) as program:
        program.post("sessions", bodies[0] | {"subject": SUBJECT})
        program.patch(f"sessions/{SUBJECT}/S-04", bodies[1], if_match='"1"')
    assert len(bodies) == 2


def test_every_address_asks_for_a_token_where_there_is_one(program: Program, document: dict[str, Any]):
    Tokens(program.house.line).add("physio-app")
    for method, path, _ in calls(document):
        where = re.sub(r"\{\w+\}", "1", path)
        assert program.client.open(where, method=method, json={}).status_code == 401, (method, path)


def test_the_page_shows_every_call_and_needs_nothing_from_elsewhere(program: Program, document: dict[str, Any]):
    answer = program.ask("GET", "/api/", 200)
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]
    for method, path, _ in calls(document):
        assert f"<code>{method} {path}</code>" in answer.text
    assert "pain_after" in answer.text
    assert "Idempotency-Key" in answer.text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script", answer.text)
    assert not re.search(r"(src|href)=\"https?:", answer.text)
    anchors = re.findall(r'id="([^"]+)"', answer.text)
    assert len(anchors) == len(set(anchors))
    for name in re.findall(r'href="#([^"]+)"', answer.text):
        assert name in anchors
