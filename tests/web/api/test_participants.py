"""Participants that programs link, change and withdraw; who a patient is never comes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.houses import NUMBER, OTHER, siu
from tests.web.api.conftest import SUBJECT, Program, texts

NEW = {
    "subject": "DISPO-HTEST-002",
    "number": OTHER,
    "second": "1960-01-01",
    "consent": {"date": "2026-03-01", "version": "1.1"},
}
HERE = "participants/DISPO-HTEST-002"


def test_a_participant_is_linked_once(program: Program):
    program.house.receive(siu(number=OTHER))
    program.house.read_all()
    assert program.count("appointments") == 0
    answer = program.ask("POST", "participants", 201, json=NEW)
    assert answer.headers["Location"] == f"/api/v1/{HERE}"
    assert answer.json["record"]["consent"] == {"date": "2026-03-01", "version": "1.1"}
    assert answer.json["record"]["status"] == "pending-on-study"
    assert OTHER not in answer.text
    assert "1960" not in answer.text
    program.house.read_all()
    assert program.count("appointments?subject=DISPO-HTEST-002") == 1, "what was kept of the patient is read"
    assert program.post("participants", NEW, 200) == answer.json, "as after a time-out"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"number": "HTEST-0009"}, "subject", "is linked to another patient already"),
        ({"subject": "DISPO-HTEST-003"}, "number", "this hospital number is linked already"),
        ({"subject": SUBJECT}, "subject", "is linked to another patient already"),
        ({"consent": {"date": "2026-03-05"}}, "subject", "change it with PATCH"),
        ({"arm": "A"}, "subject", "change it with PATCH"),
    ],
)
def test_what_is_linked_already(program: Program, change: dict[str, Any], field: str, words: str):
    program.post("participants", NEW)
    refused = program.post("participants", NEW | change, 409)
    assert words in texts(refused)[field]
    assert OTHER not in str(refused)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"second": "12.03.1957"}, "second", "write the second identifier as a birth date"),
        ({"second": "1957-02-30"}, "second", "is not a day of the calendar"),
        ({"consent": {}}, "consent.date", "on which day was the consent signed?"),
        ({"consent": "2026-03-01"}, "consent", "write an object"),
        ({"consent": {"date": "01/03/2026"}}, "consent.date", "can be read in two ways"),
        ({"consent": {"date": "2026-03-01", "scope": "all"}}, "consent.scope", "there is no such field"),
        ({"status": "randomised"}, "status", "status is one of"),
        ({"status": "off-study"}, "reason", "say why the participant is off-study"),
        ({"name": "HTEST-Müller"}, "name", "there is no such field"),
        ({"number": ""}, "number", "is empty"),
        ({"number": "HTEST|1"}, "", "the hospital number has at most 64 characters and none of"),
        ({"subject": OTHER}, "", "the subject code is a hospital number"),
    ],
)
def test_what_is_refused_and_in_which_words(program: Program, change: dict[str, Any], field: str, words: str):
    refused = program.post("participants", NEW | change, 422)
    assert words in texts(refused)[field], refused
    assert program.count("participants") == 1
    missing = program.post("participants", {}, 422)
    assert texts(missing) == dict.fromkeys(("subject", "number", "second", "consent"), "is missing")


def test_a_life_by_program(program: Program):
    program.post("participants", NEW)
    on = {"status": "on-study-intervention", "since": "2026-03-03", "arm": "A", "randomised": "2026-03-03"}
    assert program.patch(HERE, on, 428)["version"] == 1
    changed = program.patch(HERE, on, if_match='"1"')
    assert (changed["version"], changed["record"]["enrolled"], changed["record"]["arm"]) == (2, "2026-03-03", "A")
    refused = program.patch(
        HERE, {"status": "withdrawn", "since": "2026-03-04", "reason": "moved"}, 422, if_match='"2"'
    )
    assert "who leaves after it is off-study" in texts(refused)["status"]
    refused = program.patch(HERE, {"status": "off-study", "since": "2026-03-04"}, 422, if_match='"2"')
    assert texts(refused)["reason"] == "say why the participant is off-study"
    back = {"status": "screening", "since": "2026-03-02", "correction": True, "why": "entered for another"}
    assert program.patch(HERE, back, if_match='"2"')["record"]["status"] == "screening"


def test_a_withdrawal_has_a_scope_and_is_done_once(program: Program):
    program.post("participants", NEW | {"arm": "A"})
    for sent, field in (
        ({"scope": "a bit", "on": "2026-03-05"}, "scope"),
        ({"scope": "collection"}, "on"),
        ({"scope": "collection", "on": "05.03.2026"}, "on"),
        ({"scope": "collection", "on": "2026-02-01"}, "on"),
        ({"scope": "collection", "on": "2026-03-05", "when": 1}, "when"),
    ):
        assert field in texts(program.post(f"{HERE}/withdrawal", sent, 422))
    program.post(f"{HERE}/withdrawal", {"scope": "collection", "on": "2026-03-05"}, 412, if_match='"9"')
    sent = {"scope": "collection", "on": "2026-03-05", "reason": "moved away"}
    done = program.post(f"{HERE}/withdrawal", sent, 200)
    assert (done["record"]["status"], done["record"]["reason"]["text"]) == ("off-study", "moved away")
    assert program.post(f"{HERE}/withdrawal", sent, 200) == done
    refused = program.post(f"{HERE}/withdrawal", sent | {"on": "2026-03-06"}, 409)
    assert "was withdrawn already on 2026-03-05 (collection)" in refused["detail"]
    program.post("participants/nobody/withdrawal", sent, 404)


def test_nobody_is_found_by_a_hospital_number(program: Program):
    for path in (f"participants/{NUMBER}", f"sessions/{NUMBER}/S-01"):
        assert NUMBER not in program.ask("GET", path, 404).text
    assert program.get(f"participants?subject={NUMBER}") == {"items": [], "next": None}


def test_a_subject_code_with_a_stroke(program: Program):
    made = program.post("participants", NEW | {"subject": "HD/017"})
    assert program.get(made["href"])["subject"] == "HD/017"
    program.post(made["href"] + "/withdrawal", {"scope": "everything", "on": "2026-03-05"}, 200)
    session = {"subject": "HD/017", "key": "S-1", "program": "isometric-training", "status": "completed"}
    refused = program.post("sessions", session | {"day": "2026-03-09"}, 422)
    assert "consent" in refused["detail"]
